// Conditions of the dialplan's applications and functions.
#include "core/dialplan/condition.hpp"

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

std::size_t find_outside(std::string_view text, char wanted) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == wanted && !depth && !quoted) return i;
        if (c == '\\') {
            ++i;
            continue;
        }
        if (c == '"') quoted = !quoted;
        if (c == '(' || c == '[') ++depth;
        if ((c == ')' || c == ']') && depth) --depth;
    }
    return text.size();
}

}  // namespace

bool is_true(std::string_view condition) {
    const auto first = condition.find_first_not_of(" \t");
    if (first == std::string_view::npos) return !condition.empty();
    std::string_view number = condition.substr(first);
    if (number.front() == '-' || number.front() == '+') number.remove_prefix(1);
    const auto digits = number.substr(0, number.find_first_not_of("0123456789"));
    return digits.empty() || digits.find_first_not_of('0') != std::string_view::npos;
}

Branches split_branches(std::string_view text) {
    Branches branches;
    const std::size_t question = find_outside(text, '?');
    branches.condition = text.substr(0, question);
    if (question == text.size()) return branches;
    branches.found = true;
    const std::string_view rest = text.substr(question + 1);
    const std::size_t colon = find_outside(rest, ':');
    branches.yes = rest.substr(0, colon);
    if (colon < rest.size()) branches.no = rest.substr(colon + 1);
    return branches;
}

ApplicationCall split_application(std::string_view text) {
    text = trim(text);
    const auto open = text.find('(');
    if (open == std::string_view::npos) return {text, {}};
    const auto close = text.rfind(')');
    const auto end = close == std::string_view::npos || close < open ? text.size() : close;
    return {trim(text.substr(0, open)), text.substr(open + 1, end - open - 1)};
}

}  // namespace jackfield
