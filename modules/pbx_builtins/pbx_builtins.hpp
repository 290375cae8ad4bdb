// What the files of pbx_builtins share.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

namespace jackfield::pbx_builtins {

Result<void> add_call_control(Module& module);  // Answer, Hangup, Wait, Busy, ...
Result<void> add_say(Module& module);           // SayDigits, SayNumber, ...
Result<void> add_background(Module& module);    // BackGround, WaitExten
Result<void> add_goto(Module& module);          // Goto, GotoIf, RaiseException
Result<void> add_times(Module& module);         // GotoIfTime, ExecIfTime, IFTIME, TESTTIME
Result<void> add_set(Module& module);           // Set, MSet, ImportVar

// Seconds with fractions, as Wait(1.5) takes them. Errors: invalid.
Result<std::chrono::nanoseconds> parse_seconds(std::string_view text);
// Collects the digits of an extension of the channel's context (beginning with `digits`) and goes there, or to `i` or
// `t`. Waits.
Result<void> wait_for_extension(Channel& channel, std::string digits, Timeout first = {});

// Goes to the place when there is one in the text. Errors: not_found.
Result<void> jump(Channel& channel, std::string_view target);
// Errors: invalid (no `?`).
Result<Branches> branches_of(const Arguments& arguments);

}  // namespace jackfield::pbx_builtins
