// Where Goto, Gosub and their like lead.
#include "core/dialplan/jump_targets.hpp"

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"

namespace jackfield {
namespace {

// Position of the first such character outside ${}, $[], parentheses and quotes.
std::size_t find_outside(std::string_view text, char wanted) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '(' || c == '{' || c == '[') ++depth;
        if ((c == ')' || c == '}' || c == ']') && depth) --depth;
        if (c == wanted && depth == 0) return i;
    }
    return std::string_view::npos;
}

void add(std::vector<JumpTarget>& targets, std::string_view text) {
    if (auto target = JumpTarget::parse(text)) targets.push_back(std::move(*target));
}

// "condition?true:false", either part may be missing.
void add_conditional(std::vector<JumpTarget>& targets, std::string_view text) {
    const auto question = find_outside(text, '?');
    if (question == std::string_view::npos) return;
    const std::string_view rest = text.substr(question + 1);
    const auto colon = find_outside(rest, ':');
    add(targets, rest.substr(0, colon));
    if (colon != std::string_view::npos) add(targets, rest.substr(colon + 1));
}

}  // namespace

std::optional<JumpTarget> JumpTarget::parse(std::string_view text) {
    text = trim(text);
    // What Gosub hands on in parentheses.
    text = trim(text.substr(0, text.find('(')));
    if (text.empty() || text.find('$') != std::string_view::npos) return {};
    const auto parts = split_arguments(text);
    if (parts.empty() || parts.size() > 3) return {};
    JumpTarget target;
    if (parts.size() == 3 && !trim(parts[0]).empty()) target.context = trim(parts[0]);
    if (parts.size() >= 2 && !trim(parts[parts.size() - 2]).empty()) target.extension = trim(parts[parts.size() - 2]);
    const std::string_view place = trim(parts.back());
    if (place.empty() || place.front() == '+' || place.front() == '-') return {};
    if (const auto number = parse_number<int>(place))
        target.priority = *number;
    else
        target.label = place;
    return target;
}

std::vector<JumpTarget> jump_targets(std::string_view application, std::string_view arguments) {
    std::vector<JumpTarget> targets;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(application, name); };
    if (is("Goto") || is("Gosub"))
        add(targets, arguments);
    else if (is("GotoIf") || is("GosubIf") || is("GotoIfTime"))
        add_conditional(targets, arguments);
    return targets;
}

}  // namespace jackfield
