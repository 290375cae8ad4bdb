// POSIX extended regular expressions as `:` and `=~` of $[...] and REGEX() use them, by RE2: linear time, bounded
// stack.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

struct PosixMatch {
    bool matched = false;
    std::size_t length = 0;                 // bytes that the whole expression matched
    std::optional<std::string_view> group;  // of the first group, when it took part; a part of the searched text
    int groups = 0;                         // how many groups the expression has
};

// Leftmost longest match. from_start: only a match that begins with the text counts. Any thread, pure.
// Errors: invalid for a malformed expression, back references included, which RE2 does not have.
Result<PosixMatch> match_posix(std::string_view text, std::string_view expression, bool from_start,
                               bool ignore_case = false);

}  // namespace jackfield
