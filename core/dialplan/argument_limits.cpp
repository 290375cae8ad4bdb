// How many arguments an application or function takes.
#include "core/dialplan/argument_limits.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace jackfield {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Names of arguments whose text may hold commas, when they are the last one.
bool is_free_text(std::string_view name) {
    constexpr std::array<std::string_view, 9> names{"text", "message", "command", "value",     "tone",
                                                    "body", "format",  "query",   "condition"};
    return std::ranges::find(names, name) != names.end();
}

std::string_view inside_of(std::string_view syntax) {
    const auto open = syntax.find('('), close = syntax.rfind(')');
    return open == std::string_view::npos || close == std::string_view::npos || close < open
               ? std::string_view()
               : syntax.substr(open + 1, close - open - 1);
}

// The name of the last argument: the last word outside of parentheses.
std::string_view last_word(std::string_view inside) {
    std::size_t end = inside.size();
    while (end > 0 && !is_word(inside[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(inside[begin - 1])) --begin;
    return inside.substr(begin, end - begin);
}

}  // namespace

ArgumentLimits argument_limits(std::string_view syntax) {
    if (syntax.empty()) return {};
    const std::string_view inside = inside_of(syntax);
    ArgumentLimits limits{.least = 0, .most = inside.empty() ? 0U : 1U};
    std::vector<bool> brackets;  // of each open one, whether a comma stands in it
    int parentheses = 0;
    bool required = false, repeats = false;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        const char c = inside[i];
        if (c == '(') ++parentheses;
        if (c == ')') --parentheses;
        if (parentheses > 0 || c == ')') continue;
        if (c == '[') {
            brackets.push_back(false);
        } else if (c == ']') {
            if (!brackets.empty()) brackets.pop_back();
        } else if (c == ',') {
            ++limits.most;
            if (brackets.empty())
                ++limits.least;
            else
                brackets.back() = true;
        } else if (inside.substr(i, 3) == "...") {
            repeats = repeats || brackets.empty() || brackets.back();
            i += 2;
        } else if (brackets.empty()) {
            required = true;
        }
    }
    if (required) ++limits.least;
    limits.condition = inside.contains('?');
    if (limits.condition) limits.least = 1;
    if (repeats || limits.condition || inside.contains('=') || is_free_text(last_word(inside)))
        limits.most = ArgumentLimits::unlimited;
    return limits;
}

}  // namespace jackfield
