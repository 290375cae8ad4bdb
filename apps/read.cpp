// Read: ask for digits and put them into a variable.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Read",
    .syntax = "Read(variable[,filename[&filename2...][,maxdigits[,options[,attempts[,timeout]]]]])",
    .synopsis = "Read digits from the caller into a variable",
    .text = "Plays the prompts, which a digit interrupts, and reads until `#`, until maxdigits have come, or until the "
            "timeout (seconds, fractions allowed; 10 for the first digit and 5 between digits by default). Sets READSTATUS "
            "to OK, ERROR, HANGUP, INTERRUPTED, SKIPPED or TIMEOUT.\n"
            "  s - return at once when the call is not answered\n"
            "  i - the file name is a tone of indications.conf\n"
            "  n - read digits even when the call is not answered\n"
            "  t(keys) - keys that end the input instead of `#`\n"
            "  p - keep the terminator as the first digit when nothing else was pressed"};

struct Request {
    std::string variable;
    ReadOptions input;
    OptionLetters options;
};

Result<Request> parse(Channel& channel, const Arguments& arguments) {
    Request request;
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "Read needs the name of a variable");
    request.variable = arguments[0];
    request.options = JF_TRY(OptionLetters::parse(arguments[3], "sintpe"));
    if (request.options.has('t')) request.input.terminators = request.options.argument('t');
    request.input.prompts = request.options.has('i') ? "" : std::string(arguments[1]);
    if (arguments.has(2)) {
        const auto maximum = parse_number<unsigned>(arguments[2]);
        if (!maximum) return fail(ErrorCode::invalid, "Read: maxdigits is a number, not '{}'", arguments[2]);
        if (*maximum > 0 && *maximum < 255) request.input.maximum = *maximum;
    }
    if (arguments.has(4)) request.input.attempts = std::max(1u, parse_number<unsigned>(arguments[4]).value_or(1));
    if (arguments.has(5)) {
        const auto seconds = parse_number<double>(arguments[5]);
        if (!seconds || *seconds < 0) return fail(ErrorCode::invalid, "Read: timeout is a number of seconds, not '{}'", arguments[5]);
        request.input.first = request.input.next = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    }
    if (request.options.has('i') && arguments.has(1)) {
        const std::string* known = tone_zones()->find(channel.attributes().tone_zone, arguments[1]);
        auto tone = JF_TRY(make_tone(known ? std::string_view(*known) : arguments[1]));
        channel.media().play(std::move(tone));
    }
    return request;
}

Result<void> read(Channel& channel, const Arguments& arguments) {
    auto request = parse(channel, arguments);
    if (!request) {
        channel.set_variable("READSTATUS", "ERROR");
        return std::unexpected(std::move(request).error());
    }
    if (channel.state() != ChannelState::up) {
        if (request->options.has('s')) {
            channel.set_variable(request->variable, "");
            channel.set_variable("READSTATUS", "SKIPPED");
            return {};
        }
        if (!request->options.has('n')) JF_TRY(channel.answer());
    }
    auto digits = channel.read_digits(request->input);
    if (request->options.has('i')) channel.media().stop_playing();
    if (digits) {
        channel.set_variable(request->variable, *digits);
        channel.set_variable("READSTATUS", "OK");
        return {};
    }
    channel.set_variable(request->variable, "");
    if (digits.error().code == ErrorCode::timeout) {
        channel.set_variable("READSTATUS", "TIMEOUT");
        return {};
    }
    channel.set_variable("READSTATUS", digits.error().code == ErrorCode::hangup ? "HANGUP" : "ERROR");
    return std::unexpected(std::move(digits).error());
}

Result<void> load(Module& module) { return module.add(info, read); }

}  // namespace

JACKFIELD_MODULE("app_read", "Read digits into a variable", load)
