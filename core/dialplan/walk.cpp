// Walking a channel through priorities.
#include "core/dialplan/walk.hpp"

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/channel/channel_events.hpp"
#include "core/dialplan/application.hpp"
#include "core/dialplan/dialplan_switch.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/hangup_handlers.hpp"
#include "core/dialplan/stand_in.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

using ApplicationSlot = Registry<RegisteredApplication>::Slot;

// Slots live for ever, and names are small numbers, so that a step finds its application by one index.
ApplicationSlot& slot_of(Name application) {
    static std::vector<ApplicationSlot*> slots;
    if (application.id() >= slots.size()) slots.resize(application.id() + 64);
    ApplicationSlot*& slot = slots[application.id()];
    if (!slot) slot = &applications().slot(application.text());
    return *slot;
}

// What `core show channels` prints while it runs. Put back at the end, unless somebody else has the channel by then.
class RunningApplication {
  public:
    RunningApplication(Channel& channel, const std::string& name, const std::string& arguments)
        : channel_(channel), custody_(channel.custody()), name_(std::move(channel.application)),
          arguments_(std::move(channel.application_arguments)) {
        channel.application = name;
        channel.application_arguments = arguments;
    }
    ~RunningApplication() {
        if (channel_.custody() != custody_) return;
        channel_.application = std::move(name_);
        channel_.application_arguments = std::move(arguments_);
    }
    RunningApplication(const RunningApplication&) = delete;
    RunningApplication& operator=(const RunningApplication&) = delete;

  private:
    Channel& channel_;
    const Custody::State* custody_;
    std::string name_, arguments_;
};

// What is marked noinline is rare or short, and the frames of those that call it stay on the stack as long as a call lasts.
[[gnu::noinline]] std::unexpected<Error> thrown(const std::exception& error) {
    return fail(ErrorCode::failed, "the application threw an exception: {}", error.what());
}
Result<void> run_in_module(const ApplicationSlot& slot, Channel& channel, const Arguments& arguments) {
    auto pass = JF_TRY(slot.enter());
    const RunningGate running(pass.gate());
    try {
        return slot.value->run(channel, arguments);
    } catch (const std::exception& error) {
        return thrown(error);
    }
}

ApplicationStandIn*& present_stand_in() {
    static ApplicationStandIn* stand_in = nullptr;
    return stand_in;
}

[[gnu::noinline]] void announce(Channel& channel, const ApplicationSlot& slot, const std::string& arguments) {
    publish(NewExtension{channel});
    const Place& place = channel.place();
    log_verbose(3, "Executing [{}@{}:{}] {}(\"{}\", \"{}\")", place.extension, place.context, place.priority, slot.name,
                channel.name(), arguments);
}
[[gnu::noinline]] std::unexpected<Error> no_application(const ApplicationSlot& slot) {
    return fail(ErrorCode::not_found, "there is no application {}{}", slot.name, suggest_application(slot.name));
}
Result<void> execute(Channel& channel, const ApplicationSlot& slot, std::string arguments) {
    if (ApplicationStandIn* stand_in = present_stand_in()) {
        const bool runs = JF_TRY(stand_in->before(channel, slot.name, arguments));
        if (!runs) return {};
    }
    if (!slot) return no_application(slot);
    const RunningApplication now(channel, slot.value->info.name.text, arguments);
    announce(channel, slot, arguments);
    return run_in_module(slot, channel, Arguments(std::move(arguments)));
}

// The rare priority whose application is a variable: its text is only now "Name(arguments)".
Result<void> execute_text(Channel& channel, std::string_view text) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    std::string arguments;
    if (open != std::string_view::npos)
        arguments = text.substr(open + 1, close == std::string_view::npos || close < open ? close : close - open - 1);
    // Not as a Name: those live for ever, and this text may come from a caller.
    const std::string name(trim(text.substr(0, open)));
    const ApplicationSlot* slot = applications().find(name);
    if (!slot) return fail(ErrorCode::not_found, "there is no application {}{}", name, suggest_application(name));
    return execute(channel, *slot, std::move(arguments));
}

[[gnu::noinline]] void warn_of_failure(ChannelSource& source, const Priority& priority, const Error& error) {
    source.warn(fmt::format("{}: {}", priority.application.text(), error.text.empty() ? to_string(error.code) : error.text));
}
[[gnu::noinline]] Result<void> run_switch_at(Channel& channel, const Switch& by_switch) {
    const Place place = channel.place();  // the query refers to it, and the channel may move on meanwhile
    return run_switch(channel, by_switch, query_at(channel, place));
}
[[gnu::noinline]] Result<void> run_computed(Channel& channel, const Priority& priority, ChannelSource& source) {
    const std::string text = JF_TRY(evaluate_text(priority.application.text(), source));
    return execute_text(channel, text);
}

[[gnu::always_inline]] inline Result<void> run_priority(Channel& channel, const Priority& priority, ChannelSource& source) {
    if (priority.application.text().contains('$')) return run_computed(channel, priority, source);
    return execute(channel, slot_of(priority.application), JF_TRY(priority.arguments.evaluate(source)));
}

}  // namespace

void set_application_stand_in(ApplicationStandIn* stand_in) { present_stand_in() = stand_in; }
ApplicationStandIn* application_stand_in() { return present_stand_in(); }

Result<void> execute_application(Channel& channel, Name application, std::string arguments) {
    return execute(channel, slot_of(application), std::move(arguments));
}

PlanQuery query_at(Channel& channel, const Place& place) {
    const auto& number = channel.caller().id.number;
    return {.context = place.context,
            .extension = place.extension,
            .priority = place.priority,
            .caller_id = number.valid ? std::string_view(number.text) : std::string_view()};
}

Walk::Walk(Channel& channel, const Interrupter* interrupter)
    : channel_(channel),
      state_(call_state(channel)),
      interrupter_(interrupter),
      custody_(channel.custody()),
      waits_(fiber_waits()),
      turn_(std::chrono::steady_clock::now()) {}

Result<WalkEnd> Walk::run(std::size_t depth) {
    if (!state_.plan) state_.plan = plan_of(channel_);
    for (;;) {
        JF_TRY(check());
        if (state_.stack.size() < depth) return WalkEnd::returned;
        // Held here too: a redirection may give the call a newer plan while the application runs.
        const auto plan = state_.plan;
        const PlanMatch found = plan->find(query_at(channel_, channel_.place()), switch_probe(&channel_));
        if (!found) return WalkEnd::no_priority;
        JF_TRY(step(found));
        if (channel_.custody() != custody_) return fail(ErrorCode::taken);
        if (state_.next)
            channel_.place() = *std::exchange(state_.next, std::nullopt);
        else
            ++channel_.place().priority;
        JF_TRY(pace());
    }
}

Result<void> Walk::check() const {
    if (channel_.custody() != custody_) return fail(ErrorCode::taken);
    if (state_.after_hangup) return {};
    if (interrupter_ && interrupter_->reason()) return fail(*interrupter_->reason());
    if (channel_.hung_up()) return fail(ErrorCode::hangup);
    return {};
}

Result<void> Walk::step(const PlanMatch& found) {
    if (found.by_switch) return run_switch_at(channel_, *found.by_switch);
    const Priority& priority = *found.priority;
    ChannelSource source(&channel_, priority.file, priority.line);
    auto done = run_priority(channel_, priority, source);
    if (!done && (!ends_application(done.error().code) || done.error().code == ErrorCode::unloading))
        warn_of_failure(source, priority, done.error());
    return done;
}

// An endless Goto must not stall other calls, and somebody has to hear of it.
Result<void> Walk::pace() {
    using namespace std::chrono_literals;
    const auto now = std::chrono::steady_clock::now();
    if (const auto waits = fiber_waits(); waits != waits_) {
        waits_ = waits;
        turn_ = now;
        steps_ = 0;
        warn_at_ = 10'000;
        return {};
    }
    if (++steps_ == warn_at_) {
        warn_at_ = warn_at_ > 100'000'000 ? 0 : warn_at_ * 10;
        const Place& place = channel_.place();
        log_warning("{} has run {} priorities without waiting for anything; it is at {}@{}:{}", channel_.name(), steps_,
                    place.extension, place.context, place.priority);
    }
    if (now - turn_ < 1ms) return {};
    auto rested = yield();
    turn_ = std::chrono::steady_clock::now();
    return rested;
}

void run_hangup_handlers(Channel& channel) {
    auto& handlers = channel.hangup_handlers();
    while (!handlers.empty()) {
        const std::string handler = std::move(handlers.back());
        handlers.pop_back();
        publish(HangupHandlerEvent{HangupHandlerEvent::What::run, channel, handler});
        if (auto done = run_gosub(channel, handler); !done && done.error().code != ErrorCode::hangup)
            log_warning("{}: hang-up handler {}: {}", channel.name(), handler, done.error().text);
    }
}

}  // namespace jackfield
