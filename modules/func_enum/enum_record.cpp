// ENUM (RFC 6116): numbers as domains, and records as URIs.
#include "modules/func_enum/enum_record.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield::enumeration {
namespace {

constexpr std::size_t longest_name = 253;   // RFC 1035 2.3.4, as text
constexpr std::size_t longest_uri = 1024;
constexpr std::size_t longest_expression = 255;  // of a DNS character string
constexpr int groups = 10;                  // \0 to \9

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string digits_of(std::string_view text) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
    return digits;
}

// "123" to "3.2.1."
std::string reversed(std::string_view digits) {
    std::string out;
    for (const char c : std::string(digits.rbegin(), digits.rend())) out.append({c, '.'});
    return out;
}

// ITU-T E.164 D: country codes have one digit (1, 7), two (these), or three.
std::size_t country_code_length(std::string_view digits) {
    constexpr std::string_view two = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 "
                                     "81 82 84 86 90 91 92 93 94 95 98";
    if (digits.empty()) return 0;
    if (digits.front() == '1' || digits.front() == '7') return 1;
    return std::min<std::size_t>(digits.size(), digits.size() >= 2 && two.contains(digits.substr(0, 2)) ? 2 : 3);
}

// "E2U+sip:video+tel" has the kinds sip and tel.
bool names(std::string_view service, std::string_view kind) {
    return std::ranges::any_of(split(service, '+'), [&](std::string_view part) {
        return equals_ignoring_case(split_once(part, ':').first, kind);
    });
}

struct Substitution {
    std::string expression, replacement;
    bool ignore_case = false;
};

// !expression!replacement!flags, with any character as the delimiter; a backslash takes the delimiter out.
Result<Substitution> parse_substitution(std::string_view text) {
    if (text.size() < 3 || is_digit(text.front()) || text.front() == '\\' || equals_ignoring_case(text.substr(0, 1), "i"))
        return fail(ErrorCode::invalid, "the record has no substitution: '{}'", text);
    if (text.size() > longest_expression) return fail(ErrorCode::limit, "the record's substitution is too long");
    const char delimiter = text.front();
    std::array<std::string, 3> parts;
    std::size_t part = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == delimiter) {
            parts[part] += text[++i];
        } else if (text[i] == delimiter) {
            if (++part >= parts.size()) return fail(ErrorCode::invalid, "the record's substitution has too many parts: '{}'", text);
        } else {
            parts[part] += text[i];
        }
    }
    if (part != 2 || parts[0].empty()) return fail(ErrorCode::invalid, "the record's substitution is not complete: '{}'", text);
    return Substitution{.expression = parts[0], .replacement = parts[1], .ignore_case = parts[2].contains('i')};
}

Result<std::string> replace(std::string_view replacement, const std::array<re2::StringPiece, groups>& found) {
    std::string out;
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        if (replacement[i] == '\\' && i + 1 < replacement.size() && is_digit(replacement[i + 1]))
            out.append(found[static_cast<std::size_t>(replacement[++i] - '0')]);
        else
            out += replacement[i];
        if (out.size() > longest_uri) return fail(ErrorCode::limit, "the record makes too long a URI");
    }
    return out;
}

}  // namespace

Result<std::string> domain_of(std::string_view number, std::string_view zone, Tree tree) {
    std::string name;
    if (tree == Tree::direct) {
        name = fmt::format("{}.", trim(number));
    } else if (tree == Tree::isn) {
        const Halves halves = split_once(number, '*');
        name = reversed(digits_of(halves.first));
        if (name.empty() || digits_of(halves.second).empty())
            return fail(ErrorCode::invalid, "'{}' is no ISN number, which is written as extension*domain", number);
        name += digits_of(halves.second) + ".";
    } else {
        const std::string digits = digits_of(number);
        const std::size_t country = tree == Tree::infrastructure ? country_code_length(digits) : 0;
        name = reversed(std::string_view(digits).substr(country)) + (country ? "i." : "") + reversed(std::string_view(digits).substr(0, country));
    }
    if (name.empty() || name == ".") return fail(ErrorCode::invalid, "'{}' has no digits to look up", number);
    name += zone;
    if (name.size() > longest_name) return fail(ErrorCode::invalid, "'{}' is too long for a look-up", number);
    return name;
}

bool serves(const NaptrRecord& record, std::string_view method) {
    if (!names(record.service, "E2U")) return false;
    if (equals_ignoring_case(method, "all")) return true;
    return names(record.service, equals_ignoring_case(method, "pjsip") ? "sip" : method);
}

Result<std::optional<std::string>> uri_of(const NaptrRecord& record, std::string_view number) {
    const Substitution substitution = JF_TRY(parse_substitution(record.regexp));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_posix_syntax(true);
    options.set_longest_match(true);
    options.set_case_sensitive(!substitution.ignore_case);
    options.set_max_mem(1 << 20);
    const re2::RE2 expression(substitution.expression, options);
    if (!expression.ok()) return fail(ErrorCode::invalid, "the record's expression '{}': {}", substitution.expression, expression.error());
    std::array<re2::StringPiece, groups> found;
    const int wanted = std::min(groups, expression.NumberOfCapturingGroups() + 1);
    const re2::StringPiece text(number.data(), number.size());
    if (!expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(), wanted)) return std::optional<std::string>();
    return std::optional(JF_TRY(replace(substitution.replacement, found)));
}

std::string_view without_scheme(std::string_view uri) {
    const auto colon = uri.find(':');
    return colon == std::string_view::npos ? uri : uri.substr(colon + 1);
}

}  // namespace jackfield::enumeration
