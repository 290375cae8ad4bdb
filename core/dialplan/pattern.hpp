// Extensions and caller numbers as the dialplan writes them: literal names, and patterns that begin with `_`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

// No extension and no dialled number is longer.
inline constexpr std::size_t max_number_length = 256;

// How much of a number is there: all of it, or what a caller has dialled so far.
enum class MatchMode : std::uint8_t {
    match,       // the number is complete
    can_match,   // it matches now, or could with more digits
    match_more,  // with more digits it could match; what matches now does not count
};

// One place of a pattern: a character, a set of characters, `.` or `!`. Ordered as Asterisk tries them: a character
// before a set, a small set before a larger one, then `.`, then `!`. Copies as a number.
class PatternSymbol {
  public:
    constexpr PatternSymbol() : PatternSymbol(character(0)) {}
    static constexpr PatternSymbol character(unsigned char c) { return PatternSymbol((0x100U | c) << rank_shift); }
    static constexpr PatternSymbol one_or_more() { return PatternSymbol(0x18000U << rank_shift); }
    static constexpr PatternSymbol zero_or_more() { return PatternSymbol(0x28000U << rank_shift); }
    // The set of these characters; a set of one is that character. Errors: limit after 4095 different sets in a
    // process.
    static Result<PatternSymbol> set(std::string_view characters);

    bool is_character() const { return value_ >> rank_shift < 0x200U; }
    bool is_one_or_more() const { return *this == one_or_more(); }
    bool is_zero_or_more() const { return *this == zero_or_more(); }
    bool contains(unsigned char c) const {
        return value_ & set_mask ? set_contains(c) : value_ >> rank_shift == (0x100U | c);
    }
    // A character that it contains, '\0' for `.` and `!`.
    unsigned char example() const { return is_one_or_more() || is_zero_or_more() ? '\0' : value_ >> rank_shift & 0xff; }

    bool operator==(const PatternSymbol&) const = default;
    std::strong_ordering operator<=>(const PatternSymbol& other) const {
        const auto order = value_ >> rank_shift <=> other.value_ >> rank_shift;
        return order != 0 || value_ == other.value_ ? order : compare_sets(other);
    }

  private:
    static constexpr unsigned rank_shift = 12;  // below: number of the set, 0 for none
    static constexpr std::uint32_t set_mask = (1U << rank_shift) - 1;
    constexpr explicit PatternSymbol(std::uint32_t value) : value_(value) {}
    bool set_contains(unsigned char c) const;
    std::strong_ordering compare_sets(const PatternSymbol& other) const;
    std::uint32_t value_;
};

// An extension's name, or the number after the `/` of exten => 100/555X. Immutable; any thread.
//   _     makes it a pattern:  X 0-9   Z 1-9   N 2-9   [1-5,a] one of these   . one or more of anything   ! zero or
//   more
//   -     is left out, in names and in the numbers compared with them (but not within [ ])
class Pattern {
  public:
    Pattern() = default;
    // Errors: invalid, when a `[` is not closed or a pattern has nothing after its `_`; limit, when it is too long.
    static Result<Pattern> parse(std::string_view written);

    bool is_pattern() const { return is_pattern_; }
    const std::string& text() const { return text_; }  // as it was written
    const std::vector<PatternSymbol>& symbols() const { return symbols_; }

    // Whether one number matches, without an index.
    bool matches(std::string_view number, MatchMode mode = MatchMode::match) const;

    // Order in which Asterisk tries them: names before patterns, most specific pattern first. Equivalent: the same
    // numbers match (_X and _[0-9]).
    std::strong_ordering operator<=>(const Pattern& other) const;
    bool operator==(const Pattern& other) const { return (*this <=> other) == 0; }

  private:
    std::string text_;
    std::vector<PatternSymbol> symbols_;
    bool is_pattern_ = false;
};

// A number without what is only there for the eye: dashes. No copy when there are none.
std::string_view without_dashes(std::string_view number, std::string& buffer);

}  // namespace jackfield
