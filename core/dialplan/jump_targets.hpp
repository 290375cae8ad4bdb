// Where Goto, Gosub and their like lead, as far as it stands in the plan's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

// [[context,]extension,]priority or label, optionally with (arguments) for Gosub.
struct JumpTarget {
    std::optional<std::string> context, extension;  // empty: those of the call
    int priority = 1;                               // when label is empty
    std::string label;

    // Reads one; nothing when it is empty, malformed, relative (+1) or depends on the call (has ${} in it).
    static std::optional<JumpTarget> parse(std::string_view text);
};

// All fixed targets of one call of an application; none for an application that does not jump.
std::vector<JumpTarget> jump_targets(std::string_view application, std::string_view arguments);

}  // namespace jackfield
