// What the dialplan keeps with a channel: the plan its call runs on, Gosub's stack, time limits, the last exception.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/plan.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

struct CallState {
    // A Gosub that has not returned.
    struct Frame {
        Place back;                  // where Return goes on
        std::size_t arguments = 0;   // ARG1 ... that it set or hid
        bool of_core = false;        // made by run_gosub: StackPop may not take it away
    };
    struct Exception {
        std::string reason;          // INVALID, RESPONSETIMEOUT, ABSOLUTETIMEOUT, ERROR, or what RaiseException was given
        Place place;                 // where it happened
    };

    std::shared_ptr<const Dialplan> plan;  // null before an executor ran: the present one counts
    std::optional<Place> next;             // set by go_to(), taken when the running application has returned
    std::vector<Frame> stack;
    std::chrono::milliseconds digit_timeout{5000}, response_timeout{10000};
    std::unique_ptr<Timer> absolute_timeout;  // TIMEOUT(absolute)
    std::optional<Exception> exception;
    bool after_hangup = false;             // the h extension or hang-up handlers run
};

// Made on first use; lives with the channel. Control thread.
CallState& call_state(Channel& channel);
// The plan that the channel's call runs on, or the present one.
std::shared_ptr<const Dialplan> plan_of(Channel& channel);

// Gosub's stack. The target is "[[context,]extension,]priority|label[(argument,...)]".
// Goes to the target when the running application returns; ARG1..., ARGC are local to the routine. Errors: not_found,
// limit (max_gosub_depth).
Result<void> enter_gosub(Channel& channel, std::string_view target_with_arguments);
// Goes back behind the Gosub and sets GOSUB_RETVAL. Errors: invalid (no Gosub to return from).
Result<void> return_from_gosub(Channel& channel, std::string_view value);
// Forgets the last Gosub: what follows belongs to the routine that called it. Errors: invalid.
Result<void> pop_gosub(Channel& channel);
// A variable of the running routine that hides an outer one until it returns. Errors: invalid outside of a Gosub.
Result<void> set_local_variable(Channel& channel, std::string_view name, std::string value);
constexpr std::size_t max_gosub_depth = 1000;

// Remembers the exception for EXCEPTION() and goes to the e extension of the channel's context. Errors: not_found.
Result<void> raise_exception(Channel& channel, std::string_view reason);

// The call goes to T, else to e, else it ends when the time has passed; zero: no limit any more.
void set_absolute_timeout(Channel& channel, std::chrono::milliseconds limit);

}  // namespace jackfield
