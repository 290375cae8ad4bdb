// WaitForCondition: wait until an expression is true.
#include <algorithm>

#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "WaitForCondition",
    .syntax = "WaitForCondition(replacementchar,expression[,timeout[,interval]])",
    .synopsis = "Wait until an expression is true",
    .text = "In the expression the character stands for `$`, so that it is evaluated again and again: "
            "WaitForCondition(#,#[\"#{GLOBAL(open)}\" = \"1\"],40,0.5). At most `timeout` seconds (no limit), looked at every `interval` "
            "seconds (0.05). Sets WAITFORCONDITIONSTATUS to TRUE, TIMEOUT, FAILURE or HANGUP."};

struct Request {
    std::string expression;
    Timeout timeout;
    std::chrono::nanoseconds interval = std::chrono::milliseconds(50);
};

Result<Request> parse(std::string_view text) {
    const auto parts = split_raw_arguments(text);
    if (parts.size() < 2 || parts[0].size() != 1 || parts[1].empty())
        return fail(ErrorCode::invalid, "WaitForCondition needs one character and an expression");
    Request request;
    request.expression = parts[1];
    std::replace(request.expression.begin(), request.expression.end(), parts[0].front(), '$');
    const auto seconds = [](const std::string& part) -> Result<std::chrono::nanoseconds> {
        const auto number = parse_number<double>(trim(part));
        if (!number || *number < 0 || *number > 1e8) return fail(ErrorCode::invalid, "WaitForCondition: '{}' is no number of seconds", part);
        return std::chrono::nanoseconds(static_cast<std::int64_t>(*number * 1e9));
    };
    if (parts.size() > 2 && !trim(parts[2]).empty())
        if (const auto most = JF_TRY(seconds(parts[2])); most.count()) request.timeout = most;
    if (parts.size() > 3 && !trim(parts[3]).empty())
        request.interval = std::max<std::chrono::nanoseconds>(JF_TRY(seconds(parts[3])), std::chrono::milliseconds(10));
    return request;
}

Result<bool> wait_for(Channel& channel, const Request& request) {
    const Instant deadline = Clock::now() + request.timeout.value_or(std::chrono::nanoseconds(0));
    for (;;) {
        const std::string value = JF_TRY(substitute(&channel, request.expression));
        if (is_true(value)) return true;
        if (request.timeout && Clock::now() >= deadline) return false;
        JF_TRY(channel.wait(request.timeout ? std::min<std::chrono::nanoseconds>(request.interval, deadline - Clock::now())
                                            : request.interval));
    }
}

Result<void> wait_for_condition(Channel& channel, const Arguments& arguments) {
    channel.set_variable("WAITFORCONDITIONSTATUS", "FAILURE");
    const Request request = JF_TRY(parse(arguments.raw()));
    auto waited = wait_for(channel, request);
    channel.set_variable("WAITFORCONDITIONSTATUS", !waited ? "HANGUP" : *waited ? "TRUE" : "TIMEOUT");
    if (!waited) return std::unexpected(std::move(waited).error());
    return {};
}

Result<void> load(Module& module) { return module.add(info, wait_for_condition); }

}  // namespace

JACKFIELD_MODULE("app_waitforcond", "Wait until an expression is true", load)
