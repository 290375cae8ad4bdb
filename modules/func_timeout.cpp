// func_timeout: how long a caller may take, and how long a call may last.
#include "core/dialplan/call_state.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{
    .name = "TIMEOUT",
    .syntax = "TIMEOUT(absolute|digit|response)",
    .synopsis = "Time limits of the channel in seconds, to read and to set",
    .text = "absolute: the call goes to the T extension, or ends, so many seconds from now; 0 for no limit. digit: between two digits "
            "that a caller dials (5). response: before the first one (10)."};

using std::chrono::milliseconds;

std::string seconds(milliseconds time) { return fmt::format("{:.3f}", static_cast<double>(time.count()) / 1000); }

Result<std::string> read(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "TIMEOUT needs a channel");
    const CallState& state = call_state(*channel);
    const std::string_view which = trim(arguments.raw());
    if (equals_ignoring_case(which, "digit")) return seconds(state.digit_timeout);
    if (equals_ignoring_case(which, "response")) return seconds(state.response_timeout);
    if (!equals_ignoring_case(which, "absolute"))
        return fail(ErrorCode::invalid, "TIMEOUT: `{}` is none of absolute, digit, response", which);
    if (!state.absolute_timeout || !state.absolute_timeout->running()) return "0";
    return seconds(std::chrono::duration_cast<milliseconds>(state.absolute_timeout->expires() - Clock::now()));
}

Result<void> write(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "TIMEOUT needs a channel");
    const auto number = trim(value).empty() ? std::optional(0.0) : parse_number<double>(trim(value));
    if (!number || !(*number >= 0 && *number < 1e9))
        return fail(ErrorCode::invalid, "TIMEOUT({}): '{}' is not a number of seconds", arguments.raw(), value);
    const milliseconds time(static_cast<std::int64_t>(*number * 1000));
    CallState& state = call_state(*channel);
    const std::string_view which = trim(arguments.raw());
    if (equals_ignoring_case(which, "digit"))
        state.digit_timeout = time;
    else if (equals_ignoring_case(which, "response"))
        state.response_timeout = time;
    else if (equals_ignoring_case(which, "absolute"))
        set_absolute_timeout(*channel, time);
    else
        return fail(ErrorCode::invalid, "TIMEOUT: `{}` is none of absolute, digit, response", which);
    return {};
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read, write}); }

}  // namespace

JACKFIELD_MODULE("func_timeout", "Time limits of calls", load)
