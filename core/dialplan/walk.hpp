// Walking a channel through priorities: what the executor, Gosub of the core, h and hang-up handlers have in common.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/plan.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

// The question for one place of the channel's call.
PlanQuery query_at(Channel& channel, const Place& place);

// Runs one application on the calling fiber, inside its module. Waits. Errors: not_found with the nearest name, the
// application's.
Result<void> execute_application(Channel& channel, Name application, std::string arguments);

enum class WalkEnd : unsigned char {
    no_priority,  // the channel's place has nothing to run
    returned,     // the stack is below where the walk began
};

// One walk, on the fiber that made it.
class Walk {
  public:
    // `interrupter`: of the custody under which the channel is walked; null when that is somebody else's.
    explicit Walk(Channel& channel, const Interrupter* interrupter = nullptr);

    // From the channel's place on, until there is nothing to run, or until Return took the stack below `depth` (0: it
    // can't). Waits. Errors: of the application that ended it (its text has been logged), hangup, redirected, taken.
    Result<WalkEnd> run(std::size_t depth = 0);

  private:
    Result<void> step(const PlanMatch& found);
    Result<void> check() const;
    Result<void> pace();

    Channel& channel_;
    CallState& state_;
    const Interrupter* interrupter_;
    const Custody::State* custody_;  // taken when the channel's is another one
    std::uint64_t waits_ = 0;
    unsigned steps_ = 0, warn_at_ = 10'000;
    std::chrono::steady_clock::time_point turn_;
};

// Runs what has been pushed on the channel as hang-up handlers, the last one first. Waits; under the caller's Shield.
void run_hangup_handlers(Channel& channel);

}  // namespace jackfield
