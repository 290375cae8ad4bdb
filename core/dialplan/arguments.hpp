// Arguments of applications and functions: "a,b(c,d),\"e,f\"" split as every application does, and option letters.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

// Splits at `separator`, but not within ( ), [ ] or double quotes; quotes and backslashes are removed, and a backslash
// takes the next character as it is. With a limit the last part is the rest of the text, untouched (0: no limit).
// An empty text has no parts; a separator at the end gives an empty last part.
std::vector<std::string> split_arguments(std::string_view text, char separator = ',', std::size_t limit = 0);
// The same with quotes and backslashes left in place, for parts that will be split or executed again.
std::vector<std::string> split_raw_arguments(std::string_view text, char separator = ',', std::size_t limit = 0);

// The arguments that one call of an application or function got. Immutable; owns its text.
class Arguments {
  public:
    Arguments() = default;
    explicit Arguments(std::string raw) : raw_(std::move(raw)), parts_(split_arguments(raw_)) {}

    // The text as it was given, nothing removed.
    std::string_view raw() const { return raw_; }
    std::size_t size() const { return parts_.size(); }
    // The argument at that place, counted from 0; empty when there is none.
    std::string_view operator[](std::size_t place) const {
        return place < parts_.size() ? std::string_view(parts_[place]) : std::string_view();
    }
    bool has(std::size_t place) const { return !(*this)[place].empty(); }
    // Everything from that argument on, separators, quotes and all: what an application with `limit` arguments sees as
    // its last one.
    std::string rest(std::size_t place) const;

  private:
    std::string raw_;
    std::vector<std::string> parts_;
};

// Option letters with arguments: abc(x)d(y:z). Immutable.
class OptionLetters {
  public:
    OptionLetters() = default;
    // Errors: invalid when a parenthesis is not closed, or when `allowed` is given and a letter is not in it.
    // A letter given twice counts once, with its last argument.
    static Result<OptionLetters> parse(std::string_view text, std::optional<std::string_view> allowed = std::nullopt);

    bool has(char letter) const { return set_[static_cast<unsigned char>(letter) & 127]; }
    // What stood in the letter's parentheses; empty without them.
    std::string_view argument(char letter) const;
    // The argument split at colons, as in L(x:y:z).
    std::vector<std::string> parts(char letter, char separator = ':') const;

  private:
    std::bitset<128> set_;
    std::vector<std::pair<char, std::string>> arguments_;
};

}  // namespace jackfield
