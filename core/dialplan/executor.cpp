// The executor: a call's own fiber, from the first priority to the h extension and the hang-up handlers.
#include "core/dialplan/executor.hpp"

#include "core/base/log.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/stand_in.hpp"
#include "core/dialplan/walk.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr auto refusal_patience = 10s;  // for the far side to hang up after busy or congestion

// One call in the dialplan.
class Call {
  public:
    explicit Call(Custody& custody) : custody_(custody), channel_(custody.channel()), state_(call_state(channel_)) {}

    // Until the channel is to be hung up (then finish() is due) or belongs to somebody else.
    void run();
    // The h extension and the hang-up handlers, then the end of the channel.
    void finish();

  private:
    enum class Then : unsigned char { go_on, end };
    [[gnu::noinline]] void enter();  // not in the frame of run(), which stays on the stack as long as the call lasts; so those below
    [[gnu::noinline]] Then interrupted(const Error& error);
    Then failed();
    [[gnu::noinline]] Then nothing_to_run();
    Then collect_extension();
    Then exception(std::string_view reason, std::string_view own_extension);
    void fall_through();
    bool exists(std::string_view extension, int priority = 1) {
        return extension_exists(channel_, channel_.place().context, extension, priority);
    }
    void go(std::string extension) {
        channel_.place().extension = std::move(extension);
        channel_.place().priority = 1;
    }

    Custody& custody_;
    Channel& channel_;
    CallState& state_;
};

// A place that is not there leads to s, and s to s of context default, as callers of Asterisk's dialplan expect.
void Call::enter() {
    // A test of the dialplan brings the plan that it is about.
    if (!state_.plan || !application_stand_in()) state_.plan = current_dialplan();
    state_.next.reset();
    state_.after_hangup = false;
    if (auto place = channel_.take_redirection()) channel_.place() = *std::move(place);
    Place& place = channel_.place();
    if (exists(place.extension, place.priority)) return;
    log_verbose(2, "{} starts at {}@{}:{}, which is not there: trying s", channel_.name(), place.extension, place.context,
                place.priority);
    if (exists("s")) return go("s");
    if (exists("i")) return;
    if (extension_exists(channel_, "default", "s")) place = Place{"default", "s", 1};
}

void Call::run() {
    const InterruptScope scope(custody_.interrupter());
    if (channel_.place().priority == 1 && is_pickup_extension(channel_, channel_.place().context, channel_.place().extension)) {
        if (auto picked = run_application(channel_, "Pickup", {}); !picked && !ends_application(picked.error().code))
            log_notice("{}: {}", channel_.name(), picked.error().text);
        return;
    }
    enter();
    // Sent to h from outside: that is what happens at the end anyway, and once is enough.
    if (channel_.place().extension == "h" && channel_.place().priority == 1) return;
    Walk walk(channel_, &custody_.interrupter());
    for (auto then = Then::go_on; then == Then::go_on;) {
        const auto ended = walk.run();
        if (!custody_.holds()) return;
        then = ended ? nothing_to_run() : interrupted(ended.error());
    }
}

Call::Then Call::interrupted(const Error& error) {
    switch (error.code) {
        case ErrorCode::redirected:
            if (auto place = channel_.take_redirection()) {
                custody_.renew("dialplan");
                channel_.place() = *std::move(place);
                state_.next.reset();
                state_.plan = current_dialplan();  // who sends it there knows the present plan
                return Then::go_on;
            }
            return Then::end;
        case ErrorCode::hangup:
        case ErrorCode::taken:
        case ErrorCode::cancelled:
            return Then::end;
        default:
            return failed();
    }
}

// An application failed; what it said has been logged.
Call::Then Call::failed() {
    if (channel_.hung_up()) return Then::end;
    const Place& place = channel_.place();
    if (place.extension == "e" || !exists("e")) {
        log_verbose(3, "{} ends: an application failed at {}@{}:{}", channel_.name(), place.extension, place.context,
                    place.priority);
        return Then::end;
    }
    return exception("ERROR", {});
}

// `own_extension` if the context has it, else e.
Call::Then Call::exception(std::string_view reason, std::string_view own_extension) {
    if (!own_extension.empty() && exists(own_extension)) {
        go(std::string(own_extension));
        return Then::go_on;
    }
    if (!exists("e")) return Then::end;
    state_.exception = CallState::Exception{std::string(reason), channel_.place()};
    go("e");
    return Then::go_on;
}

// The place where the channel is has no priority.
Call::Then Call::nothing_to_run() {
    const Place place = channel_.place();
    if (!exists(place.extension)) {
        channel_.set_variable("INVALID_EXTEN", place.extension);
        const bool special = place.extension == "i" || place.extension == "e";
        const Then then = special ? Then::end : exception("INVALID", "i");
        if (then == Then::end)
            log_warning("{} was sent to {}@{}, which does not exist, and the context has no i extension", channel_.name(),
                        place.extension, place.context);
        return then;
    }
    if (!state_.plan->settings().auto_fall_through) return collect_extension();
    fall_through();
    return Then::end;
}

// autofallthrough=no: the caller may dial where to go on.
Call::Then Call::collect_extension() {
    const std::string context = channel_.place().context;
    std::string digits;
    for (;;) {
        const auto match = digits.empty() ? MatchKind::partial : match_extension(channel_, context, digits);
        if (match == MatchKind::exact || match == MatchKind::none) break;
        auto digit = channel_.read_digit(digits.empty() ? state_.response_timeout : state_.digit_timeout);
        if (!digit && digit.error().code != ErrorCode::timeout) return interrupted(digit.error());
        if (!digit) break;
        digits += *digit;
    }
    if (!digits.empty() && exists(digits)) {
        go(digits);
        return Then::go_on;
    }
    if (!digits.empty()) {
        channel_.set_variable("INVALID_EXTEN", digits);
        return exception("INVALID", "i");
    }
    return exception("RESPONSETIMEOUT", "t");
}

// The end of an extension: a caller whom Dial could not connect hears why.
void Call::fall_through() {
    const std::string status = channel_.variable("DIALSTATUS");
    log_verbose(3, "Auto fallthrough, {} has status {}", channel_.name(), status.empty() ? "UNKNOWN" : status);
    const bool busy = status == "BUSY";
    if (!busy && status != "CONGESTION" && status != "CHANUNAVAIL") return;
    if (channel_.cause() == HangupCause::not_defined)
        channel_.set_cause(busy ? HangupCause::user_busy : HangupCause::normal_circuit_congestion);
    if (!channel_.indicate(busy ? Indication::busy : Indication::congestion)) return;
    (void)channel_.wait(refusal_patience);
}

void Call::finish() {
    if (!custody_.holds()) return;
    const auto keep = channel_.share();
    channel_.hang_up(channel_.cause());
    const Shield shield;
    state_.after_hangup = true;
    state_.absolute_timeout.reset();
    state_.next.reset();
    if (exists("h")) {
        go("h");
        (void)Walk(channel_).run(state_.stack.size());
    }
    if (!custody_.holds()) return;
    run_hangup_handlers(channel_);
    if (custody_.holds()) custody_.release();
}

// What the fiber owns. When the runtime kills the fiber (a module that ignores hang-up), h and the handlers are still
// owed to the call: they run on a fiber of their own, once.
struct Hold {
    explicit Hold(Custody taken) : custody(std::move(taken)) {}
    ~Hold() {
        if (finishing || !custody.holds()) return;
        auto rest = std::make_shared<Custody>(std::move(custody));
        const std::string name = (*rest)->name();
        const RunningGate core(nullptr);
        (void)spawn({.name = name, .call_id = (*rest)->call_id()}, [rest] { Call(*rest).finish(); });
    }
    Custody custody;
    bool finishing = false;
};

}  // namespace

Result<void> start_dialplan(Custody custody) {
    if (!custody.holds()) return fail(ErrorCode::taken, "the channel belongs to somebody else by now");
    custody.renew("dialplan");
    Channel& channel = custody.channel();
    auto hold = std::make_shared<Hold>(std::move(custody));
    // The call is nobody's but its own: the module that it came from is held by the channel's driver.
    const RunningGate core(nullptr);
    auto started = spawn({.name = channel.name(), .call_id = channel.call_id()}, [hold] {
        Call call(hold->custody);
        call.run();
        hold->finishing = true;
        call.finish();
    });
    if (started) return {};
    log_error("{} can't be taken through the dialplan: {}", channel.name(), started.error().text);
    hold->finishing = true;
    channel.hang_up(HangupCause::switch_congestion);
    return started;
}

}  // namespace jackfield
