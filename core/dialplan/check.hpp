// `dialplan check`: what in a plan cannot work, found before a call does.
#pragma once

#include <span>
#include <string>

#include "core/config/diagnostics.hpp"
#include "core/dialplan/plan.hpp"

namespace jackfield {

struct PlanCheckOptions {
    // Names that modules have registered; an empty list leaves that check out.
    std::span<const std::string> applications;  // compared letter case aside
    std::span<const std::string> functions;     // compared exactly
};

// Reports, as warnings with file and line: includes of contexts that do not exist and circles of includes; extensions
// without a priority 1 and gaps in their numbers that nothing else fills; applications and functions that nobody has
// registered, with the nearest known name; places named by Goto, GotoIf, GotoIfTime, Gosub, GosubIf and their like that
// do not exist; patterns and included extensions that can never be reached because a wider pattern is tried first.
// Pure; takes milliseconds for thousands of lines, so run it on the pool.
void check_dialplan(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings);

}  // namespace jackfield
