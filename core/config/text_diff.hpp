// Differences between two texts, line by line, as `diff -u` writes them.
#pragma once

#include <string>
#include <string_view>

namespace jackfield {

// Empty when they are equal. `before` and `after` name the two sides. Three lines of context; texts that differ in very many
// lines are shown as replaced from the first difference to the last, so that time and memory stay bounded. Pure.
std::string text_diff(std::string_view old_text, std::string_view new_text, std::string_view before,
                      std::string_view after);

}  // namespace jackfield
