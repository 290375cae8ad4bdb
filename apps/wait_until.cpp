// WaitUntil: wait until a moment.
#include "core/base/clock.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "WaitUntil",
                               .syntax = "WaitUntil(epoch)",
                               .synopsis = "Wait until a moment",
                               .text = "In seconds since 1970, with fractions. Sets WAITUNTILSTATUS to OK, PAST (it has gone by), FAILURE or "
                                       "HANGUP."};

Result<void> wait_until(Channel& channel, const Arguments& arguments) {
    channel.set_variable("WAITUNTILSTATUS", "FAILURE");
    const auto epoch = parse_number<double>(trim(arguments[0]));
    if (!epoch || !(*epoch >= 0 && *epoch < 1e11)) return fail(ErrorCode::invalid, "WaitUntil: '{}' is no moment", arguments[0]);
    const WallTime moment(std::chrono::microseconds(static_cast<std::int64_t>(*epoch * 1e6)));
    const auto left = moment - wall_now();
    if (left <= left.zero()) {
        channel.set_variable("WAITUNTILSTATUS", "PAST");
        return {};
    }
    auto waited = channel.wait(left);
    channel.set_variable("WAITUNTILSTATUS", waited ? "OK" : "HANGUP");
    return waited;
}

Result<void> load(Module& module) { return module.add(info, wait_until); }

}  // namespace

JACKFIELD_MODULE("app_waituntil", "Wait until a moment", load)
