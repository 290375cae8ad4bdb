// Small string operations that the standard library lacks.
#include "core/base/strings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace jackfield {
namespace {

// Locale-free on purpose: a daemon started under a Turkish locale must still find "INVITE" by "invite".
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Longer words are never misspellings worth guessing at, and the table stays on the stack.
constexpr std::size_t longest_guess = 64;

// Insertions, deletions, replacements, and swaps of neighbours (which people mistype most).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::array<std::uint8_t, longest_guess + 1> before{}, above{}, row{};
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<std::uint8_t>(j);
    const auto same = [&](std::size_t i, std::size_t j) { return lower(a[i - 1]) == lower(b[j - 1]); };
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<std::uint8_t>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            int least = std::min({above[j - 1] + (same(i, j) ? 0 : 1), above[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) least = std::min(least, before[j - 2] + 1);
            row[j] = static_cast<std::uint8_t>(least);
        }
        before = above;
        above = row;
    }
    return above[b.size()];
}

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto base64_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
        values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}();

// Length of the well-formed UTF-8 sequence (RFC 3629) at the start of text, 0 when it is malformed.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;  // no surrogates
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string to_upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), upper);
    return result;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::size_t find_ignoring_case(std::string_view text, std::string_view needle) {
    const auto found = std::ranges::search(text, needle, {}, lower, lower);
    if (found.empty() && !needle.empty()) return std::string_view::npos;
    return static_cast<std::size_t>(found.begin() - text.begin());
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::vector<std::string_view> split_list(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(separator);
        if (const auto part = trim(text.substr(0, at)); !part.empty()) parts.push_back(part);
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

Halves split_once(std::string_view text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return {text, {}, false};
    return {text.substr(0, at), text.substr(at + 1), true};
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string result;
    for (const auto& part : parts) {
        if (&part != parts.data()) result += separator;
        result += part;
    }
    return result;
}

std::optional<bool> parse_bool(std::string_view text) {
    for (const std::string_view word : {"yes", "true", "y", "t", "1", "on"})
        if (equals_ignoring_case(text, word)) return true;
    for (const std::string_view word : {"no", "false", "n", "f", "0", "off"})
        if (equals_ignoring_case(text, word)) return false;
    return {};
}

std::optional<std::string> nearest_word(std::string_view text, std::span<const std::string> words) {
    if (text.empty() || text.size() > longest_guess) return {};
    // A third of the letters may be wrong, at most three: more would be a guess, not a misspelling.
    std::size_t best = std::clamp<std::size_t>(text.size() / 3, 1, 3) + 1;
    const std::string* nearest = nullptr;
    for (const auto& word : words) {
        if (word.empty() || word.size() > longest_guess) continue;
        const auto difference = word.size() > text.size() ? word.size() - text.size() : text.size() - word.size();
        if (difference >= best) continue;
        // "x" is not a misspelling of "y": at least half of the letters must be right.
        const auto distance = edit_distance(text, word);
        if (distance < best && distance * 2 <= std::max(text.size(), word.size())) best = distance, nearest = &word;
    }
    if (nearest) return *nearest;
    return {};
}

bool matches_glob(std::string_view text, std::string_view pattern) {
    // Going back only to the last star keeps this linear in memory and at worst quadratic in time.
    std::size_t t = 0, p = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    result.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        result += digits[byte >> 4];
        result += digits[byte & 15];
    }
    return result;
}

std::string base64_encode(std::string_view bytes) {
    std::string result;
    result.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t j) -> std::uint32_t {
            return i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0;
        };
        const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
        result += base64_alphabet[group >> 18];
        result += base64_alphabet[group >> 12 & 63];
        result += i + 1 < bytes.size() ? base64_alphabet[group >> 6 & 63] : '=';
        result += i + 2 < bytes.size() ? base64_alphabet[group & 63] : '=';
    }
    return result;
}

std::optional<std::string> base64_decode(std::string_view text) {
    // RFC 4648 section 4; missing padding is accepted, as many SIP and web clients leave it out.
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    if (text.size() % 4 == 1) return {};
    std::string result;
    result.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    int bits = 0;
    for (const char c : text) {
        const int value = base64_values[static_cast<unsigned char>(c)];
        if (value < 0) return {};
        group = (group << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
        if ((bits += 6) >= 8) {
            bits -= 8;
            result += static_cast<char>(group >> bits & 0xff);
        }
    }
    return result;
}

std::string json_escape(std::string_view text) {
    std::string result;
    result.reserve(text.size() + 8);
    while (!text.empty()) {
        const auto c = static_cast<unsigned char>(text.front());
        std::size_t length = 1;
        switch (c) {
            case '"': result += "\\\""; break;
            case '\\': result += "\\\\"; break;
            case '\b': result += "\\b"; break;
            case '\f': result += "\\f"; break;
            case '\n': result += "\\n"; break;
            case '\r': result += "\\r"; break;
            case '\t': result += "\\t"; break;
            default:
                if (c < 0x20 || c == 0x7f) {
                    result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
                } else if ((length = utf8_length(text)) == 0) {
                    result += "\xef\xbf\xbd";
                    length = 1;
                } else {
                    result += text.substr(0, length);
                }
        }
        text.remove_prefix(length);
    }
    return result;
}

std::size_t CaseInsensitiveHash::operator()(std::string_view text) const {
    // FNV-1a over lowered letters.
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(lower(c))) * 0x100000001b3;
    return static_cast<std::size_t>(hash);
}

bool CaseInsensitiveLess::operator()(std::string_view a, std::string_view b) const {
    return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

}  // namespace jackfield
