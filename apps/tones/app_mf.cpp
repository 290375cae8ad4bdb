// ReceiveMF, SendMF and the manager's PlayMF: digits as the tones of trunks (ITU-T Q.320).
#include "apps/tones/listening.hpp"
#include "apps/tones/mf_receiver.hpp"
#include "apps/tones/tone_digits.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;
using namespace jackfield::tones;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo receive_info{
    .name = "ReceiveMF",
    .syntax = "ReceiveMF(variable[,timeout[,options]])",
    .synopsis = "Read MF digits into a variable",
    .text = "Until ST, STP, ST2P or ST3P, or for `timeout` seconds. Digits before KP are ignored. In the variable KP is *, ST #, STP A, "
            "ST2P B and ST3P C. Does not answer. RECEIVEMFSTATUS becomes START, MAXDIGITS, TIMEOUT, HANGUP or ERROR.\n"
            "  k - leave KP out\n"
            "  l - do not wait for KP\n"
            "  n(digits) - at most so many\n"
            "  o - a further KP clears what was read\n"
            "  s - leave ST and its like out\n"
            "  d, m, q, r - accepted and without effect: nobody else hears the channel meanwhile"};
constexpr ApplicationInfo send_info{
    .name = "SendMF",
    .syntax = "SendMF(digits[,timeout_ms[,duration_ms[,duration_ms_kp[,duration_ms_st[,channel]]]]])",
    .synopsis = "Send MF digits to this or another channel",
    .text = "Digits 0 to 9, * for KP, # for ST, A, B and C for STP, ST2P and ST3P; w is a pause of half a second, h 250 ms of 2600 "
            "Hz. `timeout_ms` (50): pause between digits; lengths: 55, of KP 120, of ST and its like 65 milliseconds. f and W (flash, "
            "wink) need an analog line and are refused."};
constexpr ManagerActionInfo play_action{"PlayMF", manager_class::call, "Send an MF digit to a channel",
                                        "Channel, Digit (as SendMF has them), Duration in milliseconds (55)."};

struct Received {
    std::string digits, status;
};

// Digit by digit; true: complete.
bool take(Received& received, char digit, const OptionLetters& options, std::size_t most, bool& keyed) {
    const bool start = digit == '#' || (digit >= 'A' && digit <= 'C');
    if (digit == '*') {
        if (keyed && options.has('o')) received.digits.clear();
        keyed = true;
        if (!options.has('k')) received.digits += digit;
    } else if (!keyed) {
        return false;
    } else if (!start || !options.has('s')) {
        received.digits += digit;
    }
    if (start) received.status = "START";
    else if (most && received.digits.size() >= most) received.status = "MAXDIGITS";
    return !received.status.empty();
}

Result<void> receive(Channel& channel, const Arguments& arguments) {
    const std::string variable(trim(arguments[0]));
    if (variable.empty()) return fail(ErrorCode::invalid, "ReceiveMF needs a variable: ReceiveMF(digits)");
    const auto end = JF_TRY(end_after("ReceiveMF", arguments[1]));
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments.rest(2), "dklmnoqrs"));
    const std::size_t most = parse_number<std::size_t>(trim(options.argument('n'))).value_or(0);
    Received received;
    Result<void> outcome;
    {
        Listening<MfReceiver> listening(channel);
        bool keyed = options.has('l');
        for (bool complete = false; !complete;) {
            const auto digit = listening.found().pop(left_until(end));
            if (!digit) {
                received.status = digit.error().code == ErrorCode::timeout ? "TIMEOUT" : "HANGUP";
                if (digit.error().code != ErrorCode::timeout) outcome = std::unexpected(digit.error());
                break;
            }
            complete = take(received, static_cast<char>(*digit), options, most, keyed);
        }
    }
    channel.set_variable(variable, received.digits);
    channel.set_variable("RECEIVEMFSTATUS", received.status);
    return outcome;
}

Result<milliseconds> time_of(const Arguments& arguments, std::size_t place, milliseconds otherwise) {
    if (!arguments.has(place)) return otherwise;
    const auto number = parse_number<int>(trim(arguments[place]));
    if (!number || *number < 1 || *number > 60'000)
        return fail(ErrorCode::invalid, "SendMF: '{}' is not 1 to 60000 milliseconds", arguments[place]);
    return milliseconds(*number);
}

Result<void> send(Channel& caller, const Arguments& arguments) {
    MfTimes times;
    times.pause = JF_TRY(time_of(arguments, 1, times.pause));
    times.digit = JF_TRY(time_of(arguments, 2, times.digit));
    times.kp = JF_TRY(time_of(arguments, 3, times.kp));
    times.st = JF_TRY(time_of(arguments, 4, times.st));
    const std::string tones = JF_TRY(mf_tones(trim(arguments[0]), times));
    Channel* channel = arguments.has(5) ? find_channel(trim(arguments[5])) : &caller;
    if (!channel) return fail(ErrorCode::not_found, "SendMF: there is no channel {}", arguments[5]);
    return play_tones(*channel, tones);
}

Result<void> play_by_manager(const ManagerRequest& request, ManagerReply& reply) {
    Channel* channel = find_channel(request.get("Channel"));
    if (request.get("Channel").empty() || !channel) return fail(ErrorCode::not_found, "Channel not found");
    if (request.get("Digit").size() != 1) return fail(ErrorCode::invalid, "No digit specified");
    MfTimes times;
    if (const auto number = parse_number<int>(request.get("Duration")); number && *number > 0)
        times.digit = times.kp = times.st = milliseconds(std::min(*number, 60'000));
    const std::string tones = JF_TRY(mf_tones(request.get("Digit"), times));
    channel->media().play(JF_TRY(make_tone(tones)));
    reply.success("MF successfully queued");
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(receive_info, receive));
    JF_TRY(module.add(send_info, send));
    return module.add(play_action, play_by_manager);
}

}  // namespace

JACKFIELD_MODULE("app_mf", "MF digits", load)
