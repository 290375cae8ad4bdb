// Words of a command line, and the pattern of words that a command declares. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct CommandLine {
    std::vector<std::string> words;
    bool ends_in_word = false;  // false: after a blank, so that completion begins a new word
};
// Splits at blanks; "..." keeps blanks, a backslash takes the next character as it is.
CommandLine split_command_line(std::string_view line);
// Quotes a word when it could not be typed as it is.
std::string quote_word(std::string_view word);

// "core show channels [concise|verbose|count]": words of lower case letters, digits, '-', '_' and '!' are literal until
// the first other one; the rest are arguments.
struct CommandPattern {
    std::vector<std::string> literal;
    std::vector<std::string> arguments;  // "[concise|verbose|count]", "<name>"

    static CommandPattern parse(std::string_view words);
    // The words that an argument's pattern offers: {"concise", "verbose", "count"}; none for "<name>".
    std::vector<std::string> alternatives(std::size_t index) const;
};

}  // namespace jackfield
