// The options of Dial, parsed once per call.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/bridge/bridge.hpp"
#include "core/dialplan/arguments.hpp"

namespace jackfield::dial {

struct DialOptions {
    OptionLetters letters;
    std::optional<std::chrono::milliseconds> timeout;
    MemberOptions caller, called;                 // features and limit L of each side
    std::string called_digits, calling_digits, progress_digits;  // D(called:calling:progress)
    HangupCause cancel_cause = HangupCause::normal_clearing;      // Q(cause): for legs that did not win

    bool has(char letter) const { return letters.has(letter); }
    std::string argument(char letter) const { return std::string(letters.argument(letter)); }
};

// Errors: invalid; unsupported names the option and what it waits for.
Result<DialOptions> parse_dial_options(std::string_view timeout, std::string_view options);

// "context^extension^priority" of G and F, or fewer parts, relative to `base`. Errors: invalid.
Result<Place> parse_caret_place(std::string_view text, const Place& base);
// "[[context^]extension^]priority(args^...)" of b and B as a Gosub target.
std::string caret_to_gosub(std::string_view text);
// "context[^args...]" of U as one: extension s, priority 1.
std::string routine_to_gosub(std::string_view text);

}  // namespace jackfield::dial
