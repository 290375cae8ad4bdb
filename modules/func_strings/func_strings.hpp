// What the files of func_strings share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/sdk.hpp"

namespace jackfield::func_strings {

Result<void> add_texts(Module& module);   // LEN, TOUPPER, REPLACE, REGEX, QUOTE, EVAL, ...
Result<void> add_fields(Module& module);  // FIELDQTY, FIELDNUM, FILTER, LISTFILTER, PUSH, POP, ARRAY, ...
Result<void> add_times(Module& module);   // STRFTIME, STRPTIME

// Takes one character off the text, in which \n \t \r \\ \xHH and the like stand for one. Nothing at its end.
std::optional<char> take_character(std::string_view& text);
// All of them.
std::string characters(std::string_view text);

}  // namespace jackfield::func_strings
