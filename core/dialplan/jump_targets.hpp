// Where Goto, Gosub, Dial to Local channels and their like lead, as far as it stands in the plan's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

// [[context,]extension,]priority or label, optionally with (arguments) for Gosub.
struct JumpTarget {
    std::optional<std::string> context, extension;  // empty: those of the call
    int priority = 1;                               // when label is empty; 0: only the context is known
    std::string label;

    // Reads one; nothing when it is empty, malformed, relative (+1) or depends on the call (has ${} in it). When only the
    // extension or the priority depends on the call, the context is what is left.
    static std::optional<JumpTarget> parse(std::string_view text);
};

// All fixed targets of one call of an application: of the jumps themselves, of the places in options of Dial (b, B, F, G,
// U), of Local channels that Dial, Page and Originate name, of hang-up handlers that Set pushes, and the contexts of
// BackGround, DISA and Directory. None for an application that names no place.
std::vector<JumpTarget> jump_targets(std::string_view application, std::string_view arguments);

// Whether one of the jumps is relative to its own priority (+1), so that any line near it may be its target.
bool has_relative_jump(std::string_view application, std::string_view arguments);

// Applications with their arguments that another one runs: those of Exec, TryExec, ExecIf and ExecIfTime, nested ones too.
struct InnerCall {
    std::string application, arguments;
};
std::vector<InnerCall> inner_calls(std::string_view application, std::string_view arguments);

}  // namespace jackfield
