// What is registered, by name and syntax, for other threads than the control thread.
#pragma once

#include <string>
#include <vector>

namespace jackfield {

struct KnownName {
    std::string name;
    std::string syntax;  // of its documentation: "Wait(seconds)"; empty: its arguments are not checked
};

// Sorted copies, as things stand now. Any thread.
std::vector<KnownName> known_applications();
std::vector<KnownName> known_functions();
std::vector<KnownName> known_switches();  // of switch =>; without syntax

}  // namespace jackfield
