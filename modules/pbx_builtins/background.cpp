// BackGround and WaitExten: prompts that a caller may dial over, and the waiting for an extension.
#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

using std::chrono::milliseconds;

constexpr ApplicationInfo background_info{
    .name = "BackGround",
    .syntax = "BackGround(filename[&filename2[...]][,options[,language[,context]]])",
    .synopsis = "Play prompts over which the caller may dial an extension",
    .text = "The first key that begins an extension of the context stops the prompt; further ones are waited for, and the plan "
            "goes on at that extension. Sets BACKGROUNDSTATUS to SUCCESS or FAILED.\n"
            "  s - skip when the call is not answered\n"
            "  n - do not answer\n"
            "  m - only a key that is a whole extension of one digit stops the prompt\n"
            "  p - do not allow dialling over the prompt"};
constexpr ApplicationInfo wait_exten_info{
    .name = "WaitExten",
    .syntax = "WaitExten([seconds[,options]])",
    .synopsis = "Wait for the caller to dial an extension",
    .text = "The time for the first digit is TIMEOUT(response) by default, between digits TIMEOUT(digit). Without a digit the plan "
            "goes on at `t`, after a number that nothing matches at `i`.\n"
            "  m(class) - hold music meanwhile\n"
            "  d(tone) - dial tone, or another tone of indications.conf, until the first digit"};

std::string all_keys() { return "0123456789*#ABCD"; }

// Keys that may begin an extension of the context.
std::string starting_keys(Channel& channel, const std::string& context, bool whole_only) {
    std::string keys;
    for (const char key : all_keys()) {
        const MatchKind match = match_extension(channel, context, std::string(1, key));
        const bool whole = match == MatchKind::exact || match == MatchKind::exact_and_longer;
        if (whole_only ? whole : match != MatchKind::none) keys += key;
    }
    return keys;
}

milliseconds timeout_of(Channel& channel, std::string_view which, milliseconds otherwise) {
    const auto text = read_expression(&channel, fmt::format("TIMEOUT({})", which));
    const auto seconds = text ? parse_number<double>(*text) : std::nullopt;
    return seconds && *seconds > 0 ? milliseconds(static_cast<std::int64_t>(*seconds * 1000)) : otherwise;
}

Result<void> background(Channel& channel, const Arguments& arguments) {
    const std::string_view options = arguments[1];
    if (channel.state() != ChannelState::up) {
        if (options.contains('s')) {
            channel.set_variable("BACKGROUNDSTATUS", "SUCCESS");
            return {};
        }
        if (!options.contains('n')) JF_TRY(channel.answer());
    }
    const std::string context = arguments.has(3) ? std::string(arguments[3]) : channel.place().context;
    const std::string keys = options.contains('p') ? "" : starting_keys(channel, context, options.contains('m'));
    const std::string language = channel.attributes().language;
    if (arguments.has(2)) channel.attributes().language = arguments[2];
    auto pressed = channel.play(arguments[0], keys);
    channel.attributes().language = language;
    channel.set_variable("BACKGROUNDSTATUS", pressed ? "SUCCESS" : "FAILED");
    if (!pressed) {
        if (ends_application(pressed.error().code)) return std::unexpected(std::move(pressed).error());
        log_warning("BackGround on {}: {}", channel.name(), pressed.error().text);
        return {};
    }
    if (!*pressed) return {};
    if (arguments.has(3)) channel.place().context = context;
    return wait_for_extension(channel, std::string(1, *pressed));
}

Result<void> wait_exten(Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "md"));
    Timeout first;
    if (arguments.has(0)) first = JF_TRY(parse_seconds(arguments[0]));
    if (options.has('m')) JF_TRY(channel.start_music(options.argument('m')));
    if (options.has('d')) {
        const std::string_view name = options.argument('d').empty() ? std::string_view("dial") : options.argument('d');
        const std::string* known = tone_zones()->find(channel.attributes().tone_zone, name);
        auto tone = JF_TRY(make_tone(known ? std::string_view(*known) : name));
        channel.media().play(std::move(tone));
    }
    return wait_for_extension(channel, {}, first);
}

}  // namespace

Result<void> wait_for_extension(Channel& channel, std::string digits, Timeout first) {
    const std::string context = channel.place().context;
    const auto response = first.value_or(timeout_of(channel, "response", milliseconds(10000)));
    const auto between = timeout_of(channel, "digit", milliseconds(5000));
    for (;;) {
        MatchKind match = digits.empty() ? MatchKind::partial : match_extension(channel, context, digits);
        if (match == MatchKind::exact || match == MatchKind::none) break;
        auto digit = channel.read_digit(digits.empty() ? Timeout(response) : Timeout(between));
        if (!digit) {
            if (digit.error().code != ErrorCode::timeout) return std::unexpected(std::move(digit).error());
            break;
        }
        if (digits.empty()) {
            channel.stop_music();
            channel.media().stop_playing();
        }
        digits += *digit;
    }
    channel.stop_music();
    if (!digits.empty() && extension_exists(channel, context, digits)) {
        go_to(channel, Place{context, digits, 1});
        return {};
    }
    const bool nothing = digits.empty();
    channel.set_variable("INVALID_EXTEN", digits);
    if (extension_exists(channel, context, nothing ? "t" : "i")) {
        go_to(channel, Place{context, nothing ? "t" : "i", 1});
        return {};
    }
    if (nothing) {
        log_verbose(3, "{} dialled nothing, and context {} has no t extension: the call ends", channel.name(), context);
    } else {
        log_warning("{} dialled {}, which context {} does not have, nor an i extension: the call ends", channel.name(), digits,
                    context);
    }
    channel.hang_up(nothing ? HangupCause::normal_clearing : HangupCause::no_route_destination);
    return fail(ErrorCode::hangup);
}

Result<void> add_background(Module& module) {
    JF_TRY(module.add(background_info, background));
    return module.add(wait_exten_info, wait_exten);
}

}  // namespace jackfield::pbx_builtins
