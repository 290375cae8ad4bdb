// Character classes and scanning of RFC 3261 section 25.1. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield::sip {

namespace grammar {

enum CharacterClass : std::uint8_t {
    alpha_numeric = 1,
    token_mark = 2,       // -.!%*_+`'~
    user_mark = 4,        // what may stand unescaped in the user part of a SIP URI besides letters and digits
    host_mark = 8,        // .-_ (the underscore is not allowed but common)
    parameter_mark = 16,  // what may stand unescaped in a URI parameter besides letters and digits
    white = 32,           // SP and HT
    hexadecimal = 64,
    dialled_mark = 128,  // not allowed in a user part but sent by phones
};

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&](std::string_view characters, std::uint8_t classes) {
        for (const char c : characters) table[static_cast<unsigned char>(c)] |= classes;
    };
    mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", alpha_numeric);
    mark("-.!%*_+`'~", token_mark);
    mark("-_.!~*'()&=+$,;?/", user_mark);
    mark("#[]", dialled_mark);
    mark(".-_", host_mark);
    mark("-_.!~*'()[]/:&+$", parameter_mark);
    mark(" \t", white);
    mark("0123456789abcdefABCDEF", hexadecimal);
    return table;
}
inline constexpr std::array<std::uint8_t, 256> classes = make_classes();

constexpr bool is(char c, unsigned wanted) { return (classes[static_cast<unsigned char>(c)] & wanted) != 0; }
constexpr bool is_token(char c) { return is(c, alpha_numeric | token_mark); }
constexpr bool is_white(char c) { return is(c, white); }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

constexpr bool is_token(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text)
        if (!is_token(c)) return false;
    return true;
}

// ASCII letters fold; inline because the parser lives in it.
constexpr bool same_word(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

// Without linear white space on both ends (folds are blanks by the time that values are read).
constexpr std::string_view strip(std::string_view text) {
    while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
    return text;
}

// Position of the first `stop` outside quoted strings and, when `in_angles` is false, outside <...>; the text's size
// when there is none; npos when a quoted string or angle bracket is not closed.
std::size_t find_outside_quotes(std::string_view text, char stop, std::size_t from = 0, bool in_angles = false);

// Digits only, at least one; values above `limit` become `limit` (RFC 4475 3.1.2.4 sends such). Nothing when malformed.
std::optional<std::uint32_t> clamped_number(std::string_view digits, std::uint32_t limit = 0xffffffff);
// Digits only; nothing when malformed or above 2^32-1.
std::optional<std::uint32_t> exact_number(std::string_view digits);

}  // namespace grammar

// "..." with quoted pairs undone; text without quotes is returned as it is (stripped).
std::string unquote(std::string_view text);
// A quoted string; quotes and backslashes get a backslash, control characters become blanks.
std::string quote(std::string_view text);

// One ;name=value of a URI or header. `value` still has its quotes or escapes.
struct Parameter {
    std::string_view name;
    std::string_view value;
    bool has_value = false;
};

// A view of ";a=b;c" that is split as it is read. The text belongs to someone else and must outlive it.
class Parameters {
  public:
    Parameters() = default;
    // `separator` is ';' for URIs and most headers, ',' for digest credentials, '&' for the headers of a URI.
    explicit Parameters(std::string_view text, char separator = ';') : text_(text), separator_(separator) {}

    std::string_view text() const { return text_; }
    bool empty() const { return text_.empty(); }

    // Reads the parameter at `position` and moves past it; false at the end. Empty parameters are skipped.
    bool next(std::size_t& position, Parameter& parameter) const;
    // First parameter of that name, letter case aside.
    std::optional<Parameter> find(std::string_view name) const;
    bool has(std::string_view name) const { return find(name).has_value(); }
    // Its raw value; empty when absent.
    std::string_view value(std::string_view name) const;
    // True when each has a name that is a token and a value that is a token, host or quoted string, none is empty.
    bool well_formed() const;

  private:
    std::string_view text_;
    char separator_ = ';';
};

}  // namespace jackfield::sip
