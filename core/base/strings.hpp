// Small string operations that the standard library lacks. All pure, any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace jackfield {

std::string to_lower(std::string_view text);  // ASCII only, as SIP and configuration files compare
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
// Position of needle in text, letter case aside; npos when absent.
std::size_t find_ignoring_case(std::string_view text, std::string_view needle);

std::string_view trim(std::string_view text);  // blanks, tabs, CR and LF on both ends
// Parts between separators, not trimmed; an empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// Comma lists of configuration files: parts trimmed, empty ones left out.
std::vector<std::string_view> split_list(std::string_view text, char separator = ',');
// Splits at the first separator; second is empty (and found false) when there is none.
struct Halves {
    std::string_view first, second;
    bool found = false;
};
Halves split_once(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

// The whole text as a decimal number in T's range, or nothing.
template <class T>
    requires std::is_arithmetic_v<T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
    return value;
}
// Asterisk's words: yes true y t 1 on / no false n f 0 off.
std::optional<bool> parse_bool(std::string_view text);

// The word of `words` nearest to `text` by edit distance (letter case aside), when near enough to be a misspelling.
std::optional<std::string> nearest_word(std::string_view text, std::span<const std::string> words);

// Shell-like match of `like` patterns and file globs: * and ? only.
bool matches_glob(std::string_view text, std::string_view pattern);

std::string to_hex(std::span<const std::uint8_t> bytes);  // lower case
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);
// Text safe inside a JSON string, without the quotes (RFC 8259 section 7); bad UTF-8 becomes U+FFFD.
std::string json_escape(std::string_view text);

// Lets string-keyed unordered containers be searched by string_view without a copy.
struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
struct CaseInsensitiveHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
};
struct CaseInsensitiveEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return equals_ignoring_case(a, b); }
};
struct CaseInsensitiveLess {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
};

}  // namespace jackfield
