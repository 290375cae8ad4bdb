// The language files of the say engine (sounds/say/LANGUAGE.conf): rules that turn numbers, letters and times into the
// names of prompts.
//
//   [number] and [ordinal]: the rules for a number, tried from top to bottom; the first that fits is used.
//     WHICH[/GENDER] = [when CONDITION & CONDITION ... :] WORDS
//   WHICH is a list of numbers and ranges: 0-20 or 21,31,41. GENDER is one letter (m f n c p), for that gender only.
//   A CONDITION compares two expressions over n, the number: n%10=1, n/1000%100!=11 (= != < > <= >=).
//   WORDS are prompts and other numbers, separated by blanks:
//     digits/hundred     a prompt
//     digits/{n/10*10}   a prompt with a calculated number in its name
//     [n%100]            the rules of this section again; nothing when the result is 0
//     (n/100)            the rules of [number];  (n/1000 f) for that gender, (n/1000 -) for none
//     <n>                the rules of [ordinal]
//   Expressions have + - * / % and parentheses; / drops the rest.
//   [digits]  digit, star, pound, minus: WORDS with {c}, the character
//   [letters] letter, digit, upper, lower, and character codes (33 = letters/exclaimation-point); {c} in lower case
//   [phonetic] the same
//   [time]    a rule a line for each letter of Asterisk's time formats (A B d Y I H M S p ...), n being its value:
//     LETTER = [when ...:] WORDS. today, yesterday and tomorrow are prompts for Q and q. R, T, Q and q and what is in
//     quotes are put together from the others.
//   [general] minus (before negative numbers), gender (when none is asked for)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield {

// An expression over n, compiled. Pure value.
class SayExpression {
  public:
    // Errors: invalid.
    static Result<SayExpression> parse(std::string_view text);
    std::int64_t value(std::int64_t n) const;  // division by 0 gives 0

  private:
    friend class SayExpressionParser;
    struct Step {
        char operation;  // 'n', '#' (a number), or + - * / %
        std::int64_t number;
    };
    std::vector<Step> steps_;  // reverse Polish
};

struct SayCondition {
    SayExpression left, right;
    enum class Comparison : std::uint8_t { equal, unequal, less, greater, less_equal, greater_equal } comparison;
    bool holds(std::int64_t n) const;
};

struct SayWord {
    enum class Kind : std::uint8_t { prompt, again, number, ordinal } kind = Kind::prompt;
    std::vector<std::string> texts;  // of a prompt's name: text, expression, text, ...
    std::vector<SayExpression> expressions;
    std::optional<std::string> gender;  // of again, number, ordinal; "": none; empty: as it is
};

struct SayRule {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;  // of [number] and [ordinal]
    std::string gender;
    std::vector<SayCondition> conditions;
    std::vector<SayWord> words;
};

// One language. Immutable after reading.
struct SayLanguage {
    using Words = std::vector<SayWord>;
    std::string minus = "digits/minus", gender;
    std::vector<SayRule> numbers, ordinals;
    std::map<std::string, std::vector<SayRule>, std::less<>> time;  // by letter (case matters)
    std::map<std::string, std::string, std::less<>> digits, letters, phonetic, time_prompts;  // with {c}
};

// Wrong rules become findings with their line and are left out. Pure; any thread.
SayLanguage read_say_language(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield
