// The options of Dial, parsed once per call.
#include "apps/dial/dial_options.hpp"

#include <algorithm>
#include <array>

#include "core/base/strings.hpp"

namespace jackfield::dial {
namespace {

constexpr std::string_view known = "aAbBcCdDeFfgGhHiIkKLmnNopPQrRsStTuUwWxXz";

struct Refused {
    char letter;
    std::string_view needs;
};
constexpr std::array refused{
    Refused{'E', "MF and SF digits"},          Refused{'j', "streams of video and text that the caller chose"},
    Refused{'O', "operator services (DAHDI)"},
};

Result<std::chrono::milliseconds> milliseconds(std::string_view text, char option) {
    const auto value = parse_number<std::int64_t>(trim(text));
    if (!value || *value < 0)
        return fail(ErrorCode::invalid, "Dial option {}: '{}' is not a number of milliseconds", option, text);
    return std::chrono::milliseconds(*value);
}

// L(x[:y][:z]): hang up after x ms, warn when y ms are left, and then every z ms.
Result<void> parse_limit(DialOptions& options) {
    const auto parts = options.letters.parts('L');
    MemberOptions& side = options.caller;
    if (parts.empty()) return fail(ErrorCode::invalid, "Dial option L needs the limit: L(ms[:warn[:repeat]])");
    side.limit = JF_TRY(milliseconds(parts[0], 'L'));
    if (parts.size() > 1 && !parts[1].empty()) side.warn_before = JF_TRY(milliseconds(parts[1], 'L'));
    if (parts.size() > 2 && !parts[2].empty()) side.warn_every = JF_TRY(milliseconds(parts[2], 'L'));
    side.warn_sound = "timeleft";
    return {};
}

void set_features(DialOptions& options) {
    options.called.features.blind_transfer = options.called.features.attended_transfer = options.has('t');
    options.caller.features.blind_transfer = options.caller.features.attended_transfer = options.has('T');
    options.called.features.disconnect = options.has('h');
    options.caller.features.disconnect = options.has('H');
    options.called.features.park = options.has('k');
    options.caller.features.park = options.has('K');
    options.called.features.one_touch_monitor = options.has('w');
    options.caller.features.one_touch_monitor = options.has('W');
    options.called.features.one_touch_mixmonitor = options.has('x');
    options.caller.features.one_touch_mixmonitor = options.has('X');
}

}  // namespace

Result<DialOptions> parse_dial_options(std::string_view timeout, std::string_view text) {
    DialOptions options;
    options.letters = JF_TRY(OptionLetters::parse(text));
    for (const Refused& option : refused)
        if (options.has(option.letter))
            return fail(ErrorCode::unsupported, "Dial option {} is not available: it needs {}", option.letter, option.needs);
    JF_TRY(OptionLetters::parse(text, known));
    if (!timeout.empty()) {
        const auto seconds = parse_number<double>(trim(timeout));
        if (!seconds || *seconds < 0 || *seconds > 1e6)
            return fail(ErrorCode::invalid, "Dial: timeout is a number of seconds, not '{}'", timeout);
        if (*seconds > 0) options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    }
    set_features(options);
    if (options.has('L')) JF_TRY(parse_limit(options));
    if (options.has('S')) {
        const auto seconds = parse_number<unsigned>(trim(options.letters.argument('S')));
        if (!seconds) return fail(ErrorCode::invalid, "Dial option S needs a number of seconds: S(60)");
        options.caller.limit = std::chrono::seconds(*seconds);
    }
    if (options.has('D')) {
        const auto parts = options.letters.parts('D');
        if (!parts.empty()) options.called_digits = parts[0];
        if (parts.size() > 1) options.calling_digits = parts[1];
        if (parts.size() > 2) options.progress_digits = parts[2];
    }
    if (options.has('Q')) {
        options.cancel_cause = equals_ignoring_case(options.letters.argument('Q'), "NONE")
                                   ? HangupCause::not_defined : parse_cause(options.letters.argument('Q'));
        if (options.cancel_cause == HangupCause::not_defined && !equals_ignoring_case(options.letters.argument('Q'), "NONE"))
            return fail(ErrorCode::invalid, "Dial option Q: '{}' is no hang-up cause; write a Q.850 number or name such as NO_ANSWER",
                        options.letters.argument('Q'));
    }
    return options;
}

Result<Place> parse_caret_place(std::string_view text, const Place& base) {
    Place place = base;
    const auto parts = split(text, '^');
    if (parts.size() > 3) return fail(ErrorCode::invalid, "'{}' has too many parts: write context^extension^priority", text);
    const auto priority = parse_number<int>(trim(parts.back()));
    if (!priority) return fail(ErrorCode::invalid, "'{}': the priority is a number, not '{}'", text, parts.back());
    place.priority = *priority;
    if (parts.size() >= 2) place.extension = trim(parts[parts.size() - 2]);
    if (parts.size() == 3) place.context = trim(parts[0]);
    return place;
}

std::string routine_to_gosub(std::string_view text) {
    const Halves halves = split_once(text, '^');
    if (!halves.found) return fmt::format("{},s,1", halves.first);
    return fmt::format("{},s,1({})", halves.first, caret_to_gosub(halves.second));
}

std::string caret_to_gosub(std::string_view text) {
    std::string target(text);
    std::replace(target.begin(), target.end(), '^', ',');
    return target;
}

}  // namespace jackfield::dial
