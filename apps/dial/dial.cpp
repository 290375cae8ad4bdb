// Dial and RetryDial: call one or several destinations and connect the caller with the first that answers.
#include "apps/dial/dial_call.hpp"
#include "apps/dial/dial_options.hpp"
#include "apps/dial/screening.hpp"
#include "core/base/clock.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace jackfield::dial;

namespace {

constexpr ApplicationInfo dial_info{
    .name = "Dial",
    .syntax = "Dial(Technology/Resource[&Technology2/Resource2[...]][,timeout[,options]])",
    .synopsis = "Call one or several destinations and connect the first that answers",
    .text =
        "Sets DIALSTATUS to ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, INVALIDARGS, DONTCALL or TORTURE; also "
        "DIALEDPEERNAME, DIALEDPEERNUMBER, DIALEDTIME, ANSWEREDTIME (and both with _MS) and HANGUPCAUSE.\n"
        "  A(x) - play the prompt x to the called side before the bridge\n"
        "  a - answer the caller at once\n"
        "  b(target) - Gosub on each called channel before it is called; B(target) - on the caller\n"
        "  C - begin the call's record anew (ResetCDR)\n"
        "  c - tell the destinations that the call was answered elsewhere when it is cancelled\n"
        "  d - one digit pressed while it rings goes to that extension of EXITCONTEXT or the context\n"
        "  D(called:calling:progress) - digits sent to each side after the answer, and on progress\n"
        "  e - run the h extension for the called channel at the end\n"
        "  F(place) - the called channel goes on there when the caller has hung up; F - at the next priority\n"
        "  f(id) - identity shown to the called side; o(id) - as f, the caller's dialled number without argument\n"
        "  g - the plan goes on when the called side has hung up\n"
        "  G(place) - after the answer the caller goes to place, the called side to the next priority\n"
        "  h, H - the called side or the caller may hang up with the disconnect code\n"
        "  i - do not follow forwarding; I - ignore identity updates while it rings\n"
        "  k, K - the called side or the caller may park the call with the code parkcall\n"
        "  L(x:y:z) - at most x ms, warn when y ms are left, again every z ms; S(x) - at most x seconds\n"
        "  m(class) - hold music instead of ringing; r(tone) - ringing at once; R - ringing only from early media\n"
        "  n - the caller's name of p and P is not kept; N - nobody is asked when the caller's number is known\n"
        "  p - who is called hears the caller's name and decides: 1 takes the call, 2 does not (NOANSWER), 3 TORTURE, 4 DONTCALL\n"
        "  P(x) - as p, and the decision is kept in the database below privacy/x (the extension without x); 5 takes this call only\n"
        "  Q(cause) - cause told to those who did not win\n"
        "  s(tag), u(presentation) - tag and presentation of the identity shown\n"
        "  t, T - the called side or the caller may transfer\n"
        "  U(context[^args]) - Gosub to s,1 of context on the called channel after the answer; GOSUB_RESULT decides what follows\n"
        "  w, W; x, X - the called side or the caller may record the call with the code automon; automixmon\n"
        "  z - a forwarded call starts the timeout anew"};
constexpr ApplicationInfo retry_info{
    .name = "RetryDial",
    .syntax = "RetryDial(announce,sleep,retries,Technology/Resource[&...][,timeout[,options]])",
    .synopsis = "Dial, and try again when nobody answered",
    .text = "Plays `announce`, waits `sleep` seconds (with the music of Dial's option m), and dials again up to `retries` times (-1: for "
            "ever). With option d a digit pressed in a pause goes to that extension of EXITCONTEXT or the context, too."};

void set_times(Channel& caller, Instant dialled, Instant answered, bool was_answered) {
    const auto milliseconds = [](auto time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time).count(); };
    const Instant now = Clock::now();
    const auto in_all = milliseconds(now - dialled), talked = was_answered ? milliseconds(now - answered) : 0;
    caller.set_variable("DIALEDTIME", std::to_string(in_all / 1000));
    caller.set_variable("DIALEDTIME_MS", std::to_string(in_all));
    caller.set_variable("ANSWEREDTIME", was_answered ? std::to_string(talked / 1000) : "");
    caller.set_variable("ANSWEREDTIME_MS", was_answered ? std::to_string(talked) : "");
}

// What GOSUB_RESULT of option U says shall follow.
enum class Verdict { connect, hang_up_called, go_on };

Result<Verdict> run_called_gosub(Channel& caller, Channel& called, const DialOptions& options) {
    if (!options.has('U')) return Verdict::connect;
    auto ran = run_gosub(called, routine_to_gosub(options.argument('U')));
    if (!ran) {
        log_notice("Dial option U on {}: {}", called.name(), ran.error().text);
        return Verdict::hang_up_called;
    }
    const std::string result = called.variable("GOSUB_RESULT");
    if (result == "ABORT") return fail(ErrorCode::hangup);
    if (result == "BUSY" || result == "CONGESTION") {
        caller.set_variable("DIALSTATUS", result);
        return Verdict::hang_up_called;
    }
    if (result == "CONTINUE") return Verdict::go_on;
    if (result.starts_with("GOTO:")) {
        go_to(caller, JF_TRY(parse_caret_place(result.substr(5), caller.place())));
        return Verdict::go_on;
    }
    return Verdict::connect;
}

// What the answered channel is played and sent before the bridge. Waits under the caller's custody.
Result<void> greet(Channel& caller, Channel& called, const DialOptions& options) {
    if (options.has('A')) {
        JF_TRY(caller.start_music());
        auto played = called.play(options.argument('A'));
        caller.stop_music();
        if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    }
    if (!options.called_digits.empty())
        called.send_digits(options.called_digits, std::chrono::milliseconds(100), std::chrono::milliseconds(100));
    if (!options.calling_digits.empty())
        caller.send_digits(options.calling_digits, std::chrono::milliseconds(100), std::chrono::milliseconds(100));
    return {};
}

// Where the called channel goes when the bridge has let it go.
Bridge::After after_bridge(Channel& caller, const DialOptions& options) {
    if (!options.has('F') && !options.has('e')) return {};
    Place place = caller.place();
    ++place.priority;
    if (options.has('F') && !options.argument('F').empty())
        if (auto parsed = parse_caret_place(options.argument('F'), caller.place())) place = *parsed;
    if (!options.has('F')) place = Place{caller.place().context, "h", 1};
    return [place](Custody called, LeaveReason reason) {
        if (!called || reason == LeaveReason::hung_up || called->hung_up()) return;
        called->place() = place;
        if (auto started = start_dialplan(std::move(called)); !started)
            log_warning("Dial: the called side can't go on in the dialplan: {}", started.error().text);
    };
}

[[gnu::noinline]] Result<void> split_up(Channel& caller, Custody called, const DialOptions& options) {
    Place place = JF_TRY(parse_caret_place(options.argument('G'), caller.place()));
    Place next = place;
    ++next.priority;
    called->place() = next;
    JF_TRY(start_dialplan(std::move(called)));
    go_to(caller, place);
    return {};
}

// Not inlined: what it takes of the stack would stay for as long as the call lasts.
[[gnu::noinline]] Result<std::shared_ptr<Bridge>> bridge_with(Custody called, Channel& caller, const DialOptions& options) {
    auto bridge = Bridge::create(BridgeKind::two_party);
    JF_TRY(bridge->impart(std::move(called), options.called, after_bridge(caller, options)));
    return bridge;
}

Result<void> connect(Channel& caller, Custody called, const DialOptions& options) {
    const auto bridge = JF_TRY(bridge_with(std::move(called), caller, options));
    const LeaveReason reason = JF_TRY(bridge->join(caller, options.caller));
    if (reason == LeaveReason::transferred || caller.hung_up()) return fail(ErrorCode::hangup);
    if (options.has('g')) return {};
    return fail(ErrorCode::hangup);
}

// On the heap and not inlined, as above.
[[gnu::noinline]] Result<std::unique_ptr<const DialOptions>> read_options(std::string_view timeout, std::string_view text) {
    return std::make_unique<const DialOptions>(JF_TRY(parse_dial_options(timeout, text)));
}

// Before the first is called. False: the call is over already, and DIALSTATUS tells why.
[[gnu::noinline]] Result<bool> prepare(Channel& caller, const DialOptions& options, Screening& screening) {
    for (const char* name : {"DIALSTATUS", "DIALEDPEERNAME", "DIALEDPEERNUMBER", "FORWARDERNAME"}) caller.set_variable(name, "");
    if (options.has('a')) JF_TRY(caller.answer());
    if (options.has('C'))
        if (auto reset = run_application(caller, "ResetCDR", {}); !reset) log_warning("Dial option C: {}", reset.error().text);
    if (options.has('B')) JF_TRY(run_gosub(caller, caret_to_gosub(options.argument('B'))));
    const std::string decided = JF_TRY(screening.begin());
    if (!decided.empty()) caller.set_variable("DIALSTATUS", decided);
    return decided.empty();
}

// Until somebody has answered; holds nothing when nobody has. The variables of the status are set. Not in the frame of
// dial_once(), which stays on the stack as long as they talk.
[[gnu::noinline]] Result<Custody> reach(Channel& caller, std::string_view destinations, const DialOptions& options) {
    DialCall call(caller, options);
    if (auto started = call.start(destinations); !started) {
        if (!ends_application(started.error().code)) caller.set_variable("DIALSTATUS", "INVALIDARGS");
        return std::unexpected(std::move(started).error());
    }
    auto called = call.wait();
    if (options.has('m')) caller.stop_music();
    caller.stop_indication();
    if (!called) {
        caller.set_variable("DIALSTATUS", "CANCEL");
        return called;
    }
    caller.set_variable("DIALSTATUS", std::string(to_string(call.outcome())));
    if (call.cause() != HangupCause::not_defined) caller.set_cause(call.cause());  // ${HANGUPCAUSE}
    if (!called->holds()) return called;
    caller.set_variable("DIALEDPEERNAME", (*called)->name());
    caller.set_variable("DIALEDPEERNUMBER", std::string(split_once(call.answered_dial_string(), '/').second));
    (*called)->set_variable("DIALEDPEERNAME", caller.name());
    return called;
}

// Once somebody has answered. False: they are not to be connected after all.
[[gnu::noinline]] Result<bool> introduce(Channel& caller, Channel& called, const DialOptions& options, Screening& screening) {
    if (const std::string declined = JF_TRY(screening.ask(called)); !declined.empty()) {
        caller.set_variable("DIALSTATUS", declined);
        return false;
    }
    if (JF_TRY(run_called_gosub(caller, called, options)) != Verdict::connect) return false;
    JF_TRY(greet(caller, called, options));
    if (!caller.hung_up() && caller.state() != ChannelState::up) caller.driver().expect(called);
    JF_TRY(caller.answer());
    return true;
}

Result<void> dial_once(Channel& caller, std::string_view destinations, std::string_view timeout, std::string_view text) {
    auto read = read_options(timeout, text);
    if (!read) {
        caller.set_variable("DIALSTATUS", "INVALIDARGS");
        return std::unexpected(std::move(read).error());
    }
    const DialOptions& options = **read;
    Screening screening(caller, options);
    if (!JF_TRY(prepare(caller, options, screening))) return {};
    const Instant dialled = Clock::now();
    auto called = reach(caller, destinations, options);
    if (!called || !called->holds()) {
        set_times(caller, dialled, dialled, false);
        return called ? Result<void>() : std::unexpected(std::move(called).error());
    }
    const Instant answered = Clock::now();
    const ChannelId id = caller.id();
    if (!JF_TRY(introduce(caller, called->channel(), options, screening))) return {};
    if (options.has('G')) return split_up(caller, std::move(*called), options);
    auto talked = connect(caller, std::move(*called), options);
    if (talked || talked.error().code != ErrorCode::taken)
        if (find_channel(id)) set_times(caller, dialled, answered, true);
    return talked;
}

Result<void> dial(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) {
        channel.set_variable("DIALSTATUS", "INVALIDARGS");
        return fail(ErrorCode::invalid, "Dial needs a destination: Technology/Resource");
    }
    return dial_once(channel, arguments[0], arguments[1], arguments[2]);
}

// Between two rounds. True: the caller has left by a digit (option d).
Result<bool> pause_between(Channel& caller, std::chrono::milliseconds time, std::string_view option_text) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(option_text));
    if (options.has('m')) JF_TRY(caller.start_music(options.argument('m')));
    const Instant end = Clock::now() + time;
    bool left = false;
    Result<void> result;
    while (!left && Clock::now() < end) {
        auto digit = caller.read_digit(end - Clock::now());
        if (digit)
            left = options.has('d') && leave_by_digit(caller, *digit);
        else if (digit.error().code != ErrorCode::timeout)
            result = std::unexpected(std::move(digit).error());
        if (!result) break;
    }
    if (options.has('m') && caller.custody()) caller.stop_music();
    if (!result) return std::unexpected(std::move(result).error());
    return left;
}

Result<void> retry_dial(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(3)) return fail(ErrorCode::invalid, "RetryDial needs announce,sleep,retries,destination");
    const auto pause = parse_number<double>(arguments[1]);
    const auto retries = parse_number<int>(arguments[2]);
    if (!pause || !retries || *pause < 0 || *pause > 1e6) return fail(ErrorCode::invalid, "RetryDial: sleep and retries are numbers");
    for (int round = 0; *retries < 0 || round <= *retries; ++round) {
        JF_TRY(dial_once(channel, arguments[3], arguments[4], arguments[5]));
        const std::string status = channel.variable("DIALSTATUS");
        if (status == "ANSWER" || status == "CANCEL") return {};
        if (round == *retries) break;
        if (arguments.has(0)) JF_TRY(channel.play(arguments[0]));
        if (JF_TRY(pause_between(channel, std::chrono::milliseconds(static_cast<std::int64_t>(*pause * 1000)), arguments[5]))) return {};
    }
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(dial_info, dial));
    return module.add(retry_info, retry_dial);
}

}  // namespace

JACKFIELD_MODULE("app_dial", "Dialing application", load)
