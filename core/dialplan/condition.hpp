// Conditions as GotoIf, ExecIf, IF() and their like write them: "condition?then:else".
#pragma once

#include <string_view>

namespace jackfield {

// As in Asterisk: an empty text is false, a text that begins with a number is true unless that is 0, any other is true.
bool is_true(std::string_view condition);

// The parts, trimmed of nothing; `?` and `:` count outside of parentheses, brackets and quotes. Views into the text.
struct Branches {
    std::string_view condition, yes, no;
    bool found = false;  // there was a `?`
    std::string_view choose(bool condition_holds) const { return condition_holds ? yes : no; }
    std::string_view chosen() const { return choose(is_true(condition)); }
};
Branches split_branches(std::string_view text);

// "Application(arguments)" to its parts; the parentheses may be missing.
struct ApplicationCall {
    std::string_view name, arguments;
};
ApplicationCall split_application(std::string_view text);

}  // namespace jackfield
