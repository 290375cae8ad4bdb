// Applications that act on the call itself: Answer, Hangup, Ringing, Busy, ...
#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

using std::chrono::milliseconds;

constexpr ApplicationInfo answer_info{
    .name = "Answer",
    .syntax = "Answer([delay])",
    .synopsis = "Answer a ringing call",
    .text = "Does nothing when the call is up. The delay, in milliseconds, passes after the answer, so that the beginning of a "
            "prompt is not lost."};
constexpr ApplicationInfo hangup_info{
    .name = "Hangup",
    .syntax = "Hangup([cause])",
    .synopsis = "Hang up the call",
    .text = "The cause is a Q.850 number or a name such as USER_BUSY; 16 (normal clearing) by default."};
constexpr ApplicationInfo ringing_info{.name = "Ringing",
                                       .syntax = "Ringing()",
                                       .synopsis = "Tell the caller that it rings",
                                       .text = "Returns at once; ringing goes on until an answer, another indication or a prompt."};
constexpr ApplicationInfo progress_info{.name = "Progress",
                                        .syntax = "Progress()",
                                        .synopsis = "Tell the caller that early media follows",
                                        .text = "Prompts played after it are heard before the call is answered (and paid for)."};
constexpr ApplicationInfo proceeding_info{.name = "Proceeding",
                                          .syntax = "Proceeding()",
                                          .synopsis = "Tell the caller that the call is on its way",
                                          .text = "Returns at once."};
constexpr ApplicationInfo busy_info{.name = "Busy",
                                    .syntax = "Busy([timeout])",
                                    .synopsis = "Tell the caller that the line is busy",
                                    .text = "Until the caller hangs up, or for `timeout` seconds; then the call is hung up with cause "
                                            "17 (user busy)."};
constexpr ApplicationInfo congestion_info{.name = "Congestion",
                                          .syntax = "Congestion([timeout])",
                                          .synopsis = "Tell the caller that the call can't be completed",
                                          .text = "Until the caller hangs up, or for `timeout` seconds; then the call is hung up with "
                                                  "cause 34 (circuit congestion)."};
constexpr ApplicationInfo incomplete_info{.name = "Incomplete",
                                          .syntax = "Incomplete([n])",
                                          .synopsis = "Tell the caller that more digits are needed",
                                          .text = "An unanswered SIP call is answered 484. Option n: also when the call is answered "
                                                  "already, then more digits are waited for as WaitExten does."};
constexpr ApplicationInfo wait_info{.name = "Wait",
                                    .syntax = "Wait(seconds)",
                                    .synopsis = "Wait before the plan goes on",
                                    .text = "Fractions are allowed: Wait(1.5). Digits pressed meanwhile are kept."};
constexpr ApplicationInfo noop_info{.name = "NoOp",
                                    .syntax = "NoOp([text])",
                                    .synopsis = "Do nothing",
                                    .text = "Useful to see a text in the trace of the dialplan."};
constexpr ApplicationInfo wait_digit_info{.name = "WaitDigit",
                                          .syntax = "WaitDigit([seconds[,digits]])",
                                          .synopsis = "Wait for one key",
                                          .text = "Sets WAITDIGITSTATUS to DTMF, TIMEOUT or ERROR, and WAITDIGITRESULT to the key. Keys "
                                                  "other than `digits` (when given) are passed over."};
constexpr ApplicationInfo send_dtmf_info{
    .name = "SendDTMF",
    .syntax = "SendDTMF(digits[,timeout_ms[,duration_ms[,channel]]])",
    .synopsis = "Send digits to the caller or to another channel",
    .text = "`w` waits half a second, `W` a second. Gap and length default to 250 ms each."};
constexpr ApplicationInfo send_text_info{.name = "SendText",
                                         .syntax = "SendText(text)",
                                         .synopsis = "Send a text to the caller",
                                         .text = "Sets SENDTEXTSTATUS to SUCCESS, FAILURE or UNSUPPORTED. The variables "
                                                 "SENDTEXT_CONTENT_TYPE and SENDTEXT_BODY take precedence."};

constexpr ApplicationInfo receive_text_info{.name = "ReceiveText",
                                            .syntax = "ReceiveText([timeout])",
                                            .synopsis = "Wait for a text of the caller",
                                            .text = "Sets RECEIVETEXTMESSAGE to it and RECEIVETEXTSTATUS to SUCCESS; without one within `timeout` "
                                                    "seconds (none: no limit) the message is empty and the status TIMEOUT."};

Result<void> answer(Channel& channel, const Arguments& arguments) {
    milliseconds delay{0};
    if (arguments.has(0)) {
        const auto number = parse_number<unsigned>(arguments[0]);
        if (!number) return fail(ErrorCode::invalid, "Answer: '{}' is not a number of milliseconds", arguments[0]);
        delay = milliseconds(*number);
    }
    return channel.answer(delay);
}

Result<void> hangup(Channel& channel, const Arguments& arguments) {
    HangupCause cause = channel.cause();
    if (arguments.has(0)) {
        cause = parse_cause(arguments[0]);
        if (cause == HangupCause::not_defined)
            log_warning("Hangup: '{}' is no cause; write a Q.850 number or name such as USER_BUSY", arguments[0]);
    }
    channel.hang_up(cause == HangupCause::not_defined ? HangupCause::normal_clearing : cause);
    return fail(ErrorCode::hangup);
}

template <Indication indication>
Result<void> indicate(Channel& channel, const Arguments&) {
    return channel.indicate(indication);
}

// Busy and Congestion: the indication, then the end.
Result<void> refuse(Channel& channel, const Arguments& arguments, Indication indication, HangupCause cause) {
    channel.set_cause(cause);
    JF_TRY(channel.indicate(indication));
    if (arguments.has(0)) {
        const auto time = JF_TRY(parse_seconds(arguments[0]));
        JF_TRY(channel.wait(time));
    } else if (channel.state() == ChannelState::up) {
        JF_TRY(channel.wait(std::chrono::hours(24)));
    } else {
        JF_TRY(channel.wait(std::chrono::seconds(10)));  // the driver has refused the call; its end is a matter of a round trip
    }
    channel.hang_up(cause);
    return fail(ErrorCode::hangup);
}

Result<void> busy(Channel& channel, const Arguments& arguments) {
    return refuse(channel, arguments, Indication::busy, HangupCause::user_busy);
}
Result<void> congestion(Channel& channel, const Arguments& arguments) {
    return refuse(channel, arguments, Indication::congestion, HangupCause::normal_circuit_congestion);
}

Result<void> incomplete(Channel& channel, const Arguments& arguments) {
    if (channel.state() == ChannelState::up && arguments[0].contains('n')) return wait_for_extension(channel, {});
    JF_TRY(channel.indicate(Indication::incomplete));
    channel.hang_up(HangupCause::invalid_number_format);
    return fail(ErrorCode::hangup);
}

Result<void> wait(Channel& channel, const Arguments& arguments) {
    const auto time = JF_TRY(parse_seconds(arguments[0]));
    return channel.wait(time);
}

Result<void> wait_digit(Channel& channel, const Arguments& arguments) {
    Timeout left;
    if (arguments.has(0)) left = JF_TRY(parse_seconds(arguments[0]));
    const Instant deadline = Clock::now() + left.value_or(std::chrono::nanoseconds(0));
    channel.set_variable("WAITDIGITRESULT", "");
    for (;;) {
        auto digit = channel.read_digit(left ? Timeout(std::max(deadline - Clock::now(), Clock::duration(0))) : left);
        if (!digit) {
            const bool late = digit.error().code == ErrorCode::timeout;
            channel.set_variable("WAITDIGITSTATUS", late ? "TIMEOUT" : "ERROR");
            if (late) return {};
            return std::unexpected(std::move(digit).error());
        }
        if (arguments.has(1) && !arguments[1].contains(*digit)) continue;
        channel.set_variable("WAITDIGITRESULT", std::string(1, *digit));
        channel.set_variable("WAITDIGITSTATUS", "DTMF");
        return {};
    }
}

Result<void> noop(Channel&, const Arguments&) { return {}; }

Result<void> send_dtmf(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "SendDTMF needs digits");
    const milliseconds gap(parse_number<unsigned>(arguments[1]).value_or(250));
    const milliseconds length(parse_number<unsigned>(arguments[2]).value_or(250));
    Channel* target = arguments.has(3) ? find_channel(arguments[3]) : &channel;
    if (!target) return fail(ErrorCode::not_found, "SendDTMF: there is no channel {}", arguments[3]);
    target->send_digits(arguments[0], length, gap);
    milliseconds in_all{0};
    for (const char key : arguments[0]) in_all += key == 'w' ? milliseconds(500) : key == 'W' ? milliseconds(1000) : length + gap;
    return channel.wait(in_all);
}

Result<void> send_text(Channel& channel, const Arguments& arguments) {
    const std::string type = channel.variable("SENDTEXT_CONTENT_TYPE"), body = channel.variable("SENDTEXT_BODY");
    auto sent = channel.send_text(body.empty() ? std::string(arguments.raw()) : body, type.empty() ? "text/plain" : type);
    channel.set_variable("SENDTEXTSTATUS", sent                                                ? "SUCCESS"
                                           : sent.error().code == ErrorCode::unsupported ? "UNSUPPORTED" : "FAILURE");
    if (!sent && ends_application(sent.error().code)) return sent;
    return {};
}

Result<void> receive_text(Channel& channel, const Arguments& arguments) {
    Timeout limit;
    if (arguments.has(0)) limit = JF_TRY(parse_seconds(arguments[0]));
    const Instant end = Clock::now() + limit.value_or(std::chrono::nanoseconds(0));
    const auto tell = [&](std::string text, std::string_view status) {
        channel.set_variable("RECEIVETEXTMESSAGE", std::move(text));
        channel.set_variable("RECEIVETEXTSTATUS", std::string(status));
        return Result<void>();
    };
    for (;;) {
        while (auto event = channel.events().try_pop())
            if (event->kind == ChannelEvent::Kind::text) return tell(std::move(event->text), "SUCCESS");
        const Timeout left = limit ? Timeout(std::max<Clock::duration>(end - Clock::now(), {})) : Timeout();
        if (auto woken = select({&channel.events()}, left); !woken) {
            if (woken.error().code == ErrorCode::timeout) return tell({}, "TIMEOUT");
            return std::unexpected(std::move(woken).error());
        }
    }
}

}  // namespace

Result<std::chrono::nanoseconds> parse_seconds(std::string_view text) {
    const auto seconds = parse_number<double>(trim(text));
    if (!seconds || *seconds < 0 || *seconds > 1e9) return fail(ErrorCode::invalid, "'{}' is not a number of seconds", text);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(*seconds * 1e9));
}

Result<void> add_call_control(Module& module) {
    JF_TRY(module.add(answer_info, answer));
    JF_TRY(module.add(hangup_info, hangup));
    JF_TRY(module.add(ringing_info, indicate<Indication::ringing>));
    JF_TRY(module.add(progress_info, indicate<Indication::progress>));
    JF_TRY(module.add(proceeding_info, indicate<Indication::proceeding>));
    JF_TRY(module.add(busy_info, busy));
    JF_TRY(module.add(congestion_info, congestion));
    JF_TRY(module.add(incomplete_info, incomplete));
    JF_TRY(module.add(wait_info, wait));
    JF_TRY(module.add(wait_digit_info, wait_digit));
    JF_TRY(module.add(noop_info, noop));
    JF_TRY(module.add(send_dtmf_info, send_dtmf));
    JF_TRY(module.add(receive_text_info, receive_text));
    return module.add(send_text_info, send_text);
}

}  // namespace jackfield::pbx_builtins
