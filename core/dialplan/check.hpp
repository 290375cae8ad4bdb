// `dialplan check`: what in a plan cannot work, found before a call does.
#pragma once

#include <span>

#include "core/config/diagnostics.hpp"
#include "core/dialplan/known_names.hpp"
#include "core/dialplan/plan.hpp"

namespace jackfield {

struct PlanCheckOptions {
    // What modules have registered; an empty list leaves that check out.
    std::span<const KnownName> applications;  // names compared letter case aside
    std::span<const KnownName> functions;     // compared exactly
    std::span<const KnownName> switches;      // compared letter case aside
};

// Reports, as warnings with file and line:
//   includes of contexts that do not exist, and circles of includes; switches that nobody has registered;
//   extensions without a priority 1, gaps in their numbers that nothing else fills, priorities that no jump leads to behind a
//   Goto, Hangup, Return, Busy, Congestion or a GotoIf that names both places;
//   applications and functions that nobody has registered, with the nearest known name, and calls of them with more or
//   fewer arguments than their documentation says, also within Exec, ExecIf and their like;
//   places that do not exist: those of jump_targets();
//   extensions, here or included, that can never be reached because all their numbers match a pattern tried earlier.
// Pure; takes milliseconds for thousands of lines, so run it on the pool.
void check_dialplan(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings);

}  // namespace jackfield
