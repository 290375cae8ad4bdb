// ReadExten: read an extension of a context into a variable.
#include "core/dialplan/call_state.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "ReadExten",
    .syntax = "ReadExten(variable[,filename[,context[,option[,timeout]]]])",
    .synopsis = "Read an extension of a context into a variable",
    .text = "Stops when what was dialled is an extension of the context and can't be longer. The variable becomes `t` when nothing "
            "was dialled and `i` when the context has no such extension, INVALID_EXTEN tells what was dialled. Sets "
            "READEXTENSTATUS to OK, TIMEOUT, INVALID, SKIP, ERROR or HANGUP. Timeout is in seconds, for each digit.\n"
            "  s - skip when the call is not answered\n"
            "  i - filename is the name or description of a tone\n"
            "  n - do not answer\n"
            "  p - # ends the extension"};

struct Request {
    std::string variable, prompt, context;
    OptionLetters options;
    milliseconds first{10000}, next{5000};
};

Result<Request> parse(Channel& channel, const Arguments& arguments) {
    Request request;
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "ReadExten needs the name of a variable");
    request.variable = arguments[0];
    request.prompt = arguments[1];
    request.context = arguments.has(2) ? arguments[2] : std::string_view(channel.place().context);
    request.options = JF_TRY(OptionLetters::parse(arguments[3], "sinp"));
    const CallState& state = call_state(channel);
    request.first = state.response_timeout;
    request.next = state.digit_timeout;
    if (arguments.has(4)) {
        const auto seconds = parse_number<double>(trim(arguments[4]));
        if (!seconds || *seconds < 0 || *seconds > 1e6) return fail(ErrorCode::invalid, "ReadExten: '{}' is no number of seconds", arguments[4]);
        if (*seconds > 0) request.first = request.next = milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    }
    return request;
}

// The keys with which an extension of the context may begin stop the prompt.
Result<std::string> play_prompt(Channel& channel, const Request& request) {
    if (request.prompt.empty()) return std::string();
    if (request.options.has('i')) {
        const std::string* known = tone_zones()->find(channel.attributes().tone_zone, request.prompt);
        auto tone = JF_TRY(make_tone(known ? *known : request.prompt));
        channel.media().play(std::move(tone));
        return std::string();
    }
    const char key = JF_TRY(channel.play(request.prompt, "0123456789*#ABCD"));
    return key ? std::string(1, key) : std::string();
}

Result<std::string> collect(Channel& channel, const Request& request) {
    Result<std::string> digits = play_prompt(channel, request);
    while (digits) {
        if (request.options.has('p') && digits->ends_with('#')) {
            digits->pop_back();
            break;
        }
        if (!digits->empty()) {
            const MatchKind match = match_extension(channel, request.context, *digits);
            if (match == MatchKind::exact || (match == MatchKind::none && !request.options.has('p'))) break;
        }
        if (digits->size() >= 255) break;
        auto digit = channel.read_digit(digits->empty() ? request.first : request.next);
        if (!digit && digit.error().code == ErrorCode::timeout) break;
        if (!digit) return std::unexpected(std::move(digit).error());
        if (digits->empty()) channel.media().stop_playing();
        *digits += *digit;
    }
    return digits;
}

void tell(Channel& channel, const Request& request, std::string_view status, std::string value) {
    channel.set_variable(request.variable, std::move(value));
    channel.set_variable("READEXTENSTATUS", std::string(status));
}

Result<void> read_extension(Channel& channel, const Arguments& arguments) {
    auto request = parse(channel, arguments);
    if (!request) {
        channel.set_variable("READEXTENSTATUS", "ERROR");
        return std::unexpected(std::move(request).error());
    }
    if (channel.state() != ChannelState::up) {
        if (request->options.has('s')) {
            tell(channel, *request, "SKIP", "");
            return {};
        }
        if (!request->options.has('n')) JF_TRY(channel.answer());
    }
    auto digits = collect(channel, *request);
    if (!digits) {
        tell(channel, *request, digits.error().code == ErrorCode::hangup ? "HANGUP" : "ERROR", "");
        return std::unexpected(std::move(digits).error());
    }
    if (request->options.has('i')) channel.media().stop_playing();
    if (digits->empty()) {
        tell(channel, *request, "TIMEOUT", "t");
    } else if (extension_exists(channel, request->context, *digits)) {
        tell(channel, *request, "OK", *digits);
    } else {
        channel.set_variable("INVALID_EXTEN", *digits);
        tell(channel, *request, "INVALID", "i");
    }
    return {};
}

Result<void> load(Module& module) { return module.add(info, read_extension); }

}  // namespace

JACKFIELD_MODULE("app_readexten", "Read an extension into a variable", load)
