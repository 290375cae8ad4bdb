// Signal and WaitForSignal: calls that wait for each other.
#include <list>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo signal_info{.name = "Signal",
                                      .syntax = "Signal(name[,payload])",
                                      .synopsis = "Wake the calls that wait for a signal",
                                      .text = "Sets SIGNALSTATUS to SUCCESS, or FAILURE when nobody waits."};
constexpr ApplicationInfo wait_info{.name = "WaitForSignal",
                                    .syntax = "WaitForSignal(name[,timeout])",
                                    .synopsis = "Wait until another call signals",
                                    .text = "At most `timeout` seconds (no limit). Sets WAITFORSIGNALSTATUS to SIGNALED, TIMEOUT or HANGUP, and "
                                            "WAITFORSIGNALPAYLOAD to what the other call gave along."};

struct Waiter {
    std::string name;
    Queue<std::string> payload{1};
};
using Waiters = std::list<Waiter>;

Result<void> send_signal(Waiters& waiters, Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "Signal needs a name");
    bool heard = false;
    for (Waiter& waiter : waiters)
        if (waiter.name == arguments[0]) heard |= waiter.payload.push(arguments.rest(1));
    channel.set_variable("SIGNALSTATUS", heard ? "SUCCESS" : "FAILURE");
    return {};
}

Result<void> wait_for_signal(Waiters& waiters, Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "WaitForSignal needs a name");
    Timeout timeout;
    if (arguments.has(1)) {
        const auto seconds = parse_number<double>(trim(arguments[1]));
        if (!seconds || *seconds < 0 || *seconds > 1e8) return fail(ErrorCode::invalid, "WaitForSignal: '{}' is no number of seconds", arguments[1]);
        timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(*seconds * 1e9));
    }
    const auto waiter = waiters.emplace(waiters.end());
    waiter->name = arguments[0];
    auto payload = waiter->payload.pop(timeout);
    waiters.erase(waiter);
    const bool late = !payload && payload.error().code == ErrorCode::timeout;
    channel.set_variable("WAITFORSIGNALSTATUS", payload ? "SIGNALED" : late ? "TIMEOUT" : "HANGUP");
    if (payload) channel.set_variable("WAITFORSIGNALPAYLOAD", *std::move(payload));
    if (payload || late) return {};
    return std::unexpected(std::move(payload).error());
}

Result<void> load(Module& module) {
    auto& waiters = module.own<Waiters>();
    JF_TRY(module.add(signal_info, [&waiters](Channel& channel, const Arguments& arguments) {
        return send_signal(waiters, channel, arguments);
    }));
    return module.add(wait_info, [&waiters](Channel& channel, const Arguments& arguments) {
        return wait_for_signal(waiters, channel, arguments);
    });
}

}  // namespace

JACKFIELD_MODULE("app_signal", "Calls that wait for each other", load)
