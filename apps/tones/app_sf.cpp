// ReceiveSF and SendSF: digits as pulses of one tone.
#include "apps/tones/listening.hpp"
#include "apps/tones/tone_digits.hpp"
#include "apps/tones/tone_meter.hpp"

using namespace jackfield;
using namespace jackfield::tones;

namespace {

constexpr double usual_hz = 2600;

constexpr ApplicationInfo receive_info{
    .name = "ReceiveSF",
    .syntax = "ReceiveSF(variable[,digits[,timeout[,frequency[,options]]]])",
    .synopsis = "Read SF digits into a variable",
    .text = "At most `digits`, for at most `timeout` seconds. A digit is so many pulses of `frequency` (2600 Hz), ten of them a 0. Does "
            "not answer. RECEIVESFSTATUS becomes MAXDIGITS, TIMEOUT or HANGUP.\n"
            "  d, m, q, r - accepted and without effect: nobody else hears the channel meanwhile"};
constexpr ApplicationInfo send_info{.name = "SendSF",
                                    .syntax = "SendSF(digits[,frequency[,channel]])",
                                    .synopsis = "Send SF digits to this or another channel",
                                    .text = "Digits 0 to 9 as ten pulses a second of `frequency` (2600 Hz); w is a pause of half a second, h "
                                            "250 ms of 2600 Hz. f and W (flash, wink) need an analog line and are refused."};

Result<double> frequency(std::string_view application, std::string_view text) {
    if (trim(text).empty()) return usual_hz;
    const auto number = parse_number<double>(trim(text));
    if (!number || !(*number >= 300 && *number <= 3800))
        return fail(ErrorCode::invalid, "{}: '{}' is no frequency from 300 to 3800 Hz", application, text);
    return *number;
}

Result<void> receive(Channel& channel, const Arguments& arguments) {
    const std::string variable(trim(arguments[0]));
    if (variable.empty()) return fail(ErrorCode::invalid, "ReceiveSF needs a variable: ReceiveSF(digits)");
    const std::size_t most = parse_number<std::size_t>(trim(arguments[1])).value_or(0);
    const auto end = JF_TRY(end_after("ReceiveSF", arguments[2]));
    const double hz = JF_TRY(frequency("ReceiveSF", arguments[3]));
    JF_TRY(OptionLetters::parse(arguments.rest(4), "dmqr"));
    std::string digits, status = "MAXDIGITS";
    Result<void> outcome;
    {
        Listening<PulseCounter> listening(channel, hz);
        while (!most || digits.size() < most) {
            const auto digit = listening.found().pop(left_until(end));
            if (!digit) {
                status = digit.error().code == ErrorCode::timeout ? "TIMEOUT" : "HANGUP";
                if (digit.error().code != ErrorCode::timeout) outcome = std::unexpected(digit.error());
                break;
            }
            digits += static_cast<char>(*digit);
        }
    }
    channel.set_variable(variable, digits);
    channel.set_variable("RECEIVESFSTATUS", status);
    return outcome;
}

Result<void> send(Channel& caller, const Arguments& arguments) {
    const double hz = JF_TRY(frequency("SendSF", arguments[1]));
    const std::string tones = JF_TRY(sf_tones(trim(arguments[0]), hz));
    Channel* channel = arguments.has(2) ? find_channel(trim(arguments[2])) : &caller;
    if (!channel) return fail(ErrorCode::not_found, "SendSF: there is no channel {}", arguments[2]);
    return play_tones(*channel, tones);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(receive_info, receive));
    return module.add(send_info, send);
}

}  // namespace

JACKFIELD_MODULE("app_sf", "SF digits", load)
