// POSIX extended regular expressions by RE2.
#include "core/dialplan/expression_regex.hpp"

#include <re2/re2.h>

namespace jackfield {
namespace {

constexpr std::size_t max_expression_size = 4096;

// Repetition signs with nothing to repeat are skipped by the C library's regcomp, which plans rely on ("*97" as an
// expression); RE2 refuses them.
std::string without_dangling_repetition(std::string_view expression) {
    std::string result;
    result.reserve(expression.size());
    bool may_repeat = false;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        if (!may_repeat && (c == '*' || c == '+' || c == '?')) continue;
        if (c == '[') {
            // A bracket expression: `]` first, or after ^, is an ordinary character.
            std::size_t end = i + 1;
            if (end < expression.size() && expression[end] == '^') ++end;
            if (end < expression.size() && expression[end] == ']') ++end;
            while (end < expression.size() && expression[end] != ']') {
                const bool named = expression[end] == '[' && end + 1 < expression.size() && expression[end + 1] == ':';
                const auto close = named ? expression.find(":]", end + 2) : std::string_view::npos;
                end = close == std::string_view::npos ? end + 1 : close + 2;
            }
            result += expression.substr(i, end - i + 1);
            i = end;
            may_repeat = true;
            continue;
        }
        result += c;
        if (c == '\\' && i + 1 < expression.size()) result += expression[++i];
        may_repeat = c != '(' && c != '|' && c != '^';
    }
    return result;
}

}  // namespace

Result<PosixMatch> match_posix(std::string_view text, std::string_view expression, bool from_start, bool ignore_case) {
    if (expression.size() > max_expression_size)
        return fail(ErrorCode::limit, "longer than {} bytes", max_expression_size);
    RE2::Options options;
    options.set_posix_syntax(true);
    options.set_longest_match(true);
    options.set_one_line(true);
    options.set_perl_classes(true);  // \w and \s, which the C library knows too
    options.set_word_boundary(true);
    options.set_encoding(RE2::Options::EncodingLatin1);  // a match's length is counted in bytes
    options.set_case_sensitive(!ignore_case);
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const RE2 compiled(without_dangling_repetition(expression), options);
    if (!compiled.ok()) return fail(ErrorCode::invalid, "{}", compiled.error());

    re2::StringPiece parts[2];
    const int groups = compiled.NumberOfCapturingGroups();
    PosixMatch result{.groups = groups};
    result.matched = compiled.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                                    from_start ? RE2::ANCHOR_START : RE2::UNANCHORED, parts, groups ? 2 : 1);
    if (!result.matched) return result;
    result.length = parts[0].size();
    if (groups && parts[1].data()) result.group = std::string_view(parts[1].data(), parts[1].size());
    return result;
}

}  // namespace jackfield
