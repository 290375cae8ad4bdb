// Where Goto, Gosub, Dial to Local channels and their like lead.
#include "core/dialplan/jump_targets.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/condition.hpp"

namespace jackfield {
namespace {

using Targets = std::vector<JumpTarget>;

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

bool depends_on_call(std::string_view text) { return text.contains('$'); }

void add(Targets& targets, std::string_view text) {
    if (auto target = JumpTarget::parse(text)) targets.push_back(std::move(*target));
}

void add_context(Targets& targets, std::string_view name) {
    name = trim(name);
    if (!name.empty() && !depends_on_call(name)) targets.push_back({.context = std::string(name), .priority = 0});
}

// "condition?true:false", either part may be missing.
std::vector<std::string_view> branches(std::string_view text) {
    const auto question = find_outside(text, '?');
    if (question == std::string_view::npos) return {};
    const std::string_view rest = text.substr(question + 1);
    const auto colon = find_outside(rest, ':');
    if (colon == std::string_view::npos) return {rest};
    return {rest.substr(0, colon), rest.substr(colon + 1)};
}

// "Local/extension@context/n", several joined by &; other technologies are somebody else's.
void add_local(Targets& targets, std::string_view devices) {
    for (const std::string& device : split_raw_arguments(devices, '&')) {
        std::string_view text = trim(device);
        if (!starts_with_ignoring_case(text, "Local/")) continue;
        text.remove_prefix(6);
        const auto at = text.rfind('@');
        std::string_view context = at == std::string_view::npos ? "default" : text.substr(at + 1);
        context = context.substr(0, context.find('/'));
        const std::string_view extension =
            at == std::string_view::npos ? text.substr(0, text.find('/')) : text.substr(0, at);
        if (depends_on_call(context)) continue;
        if (depends_on_call(extension))
            add_context(targets, context);
        else
            targets.push_back({.context = std::string(context), .extension = std::string(extension)});
    }
}

// "[[context^]extension^]priority[(arguments)]" in an option of Dial.
void add_with_carets(Targets& targets, std::string_view place) {
    std::string text(place.substr(0, place.find('(')));
    std::ranges::replace(text, '^', ',');
    add(targets, text);
}

void add_dial(Targets& targets, const std::vector<std::string>& parts) {
    if (!parts.empty()) add_local(targets, parts[0]);
    if (parts.size() < 3) return;
    const auto options = OptionLetters::parse(parts[2]);
    if (!options) return;
    for (const char letter : {'b', 'B', 'F', 'G'})
        if (!options->argument(letter).empty()) add_with_carets(targets, options->argument(letter));
    if (const std::string_view routine = options->argument('U'); !routine.empty() && !depends_on_call(routine))
        targets.push_back({.context = std::string(routine.substr(0, routine.find('^'))), .extension = "s"});
}

void add_originate(Targets& targets, const std::vector<std::string>& parts) {
    if (!parts.empty()) add_local(targets, parts[0]);
    if (parts.size() < 3 || !equals_ignoring_case(trim(parts[1]), "exten")) return;
    std::string place = parts[2];
    place += ',' + (parts.size() > 3 && !parts[3].empty() ? parts[3] : std::string("s"));
    place += ',' + (parts.size() > 4 && !parts[4].empty() ? parts[4] : std::string("1"));
    add(targets, place);
}

// CHANNEL(hangup_handler_push)=place(arguments)
void add_handler(Targets& targets, std::string_view arguments) {
    const Halves halves = split_once(arguments, '=');
    const std::string name = to_lower(trim(halves.first));
    if (name == "channel(hangup_handler_push)" || name == "channel(hangup_handler_wipe)") add(targets, halves.second);
}

std::optional<JumpTarget> context_of(const std::vector<std::string>& parts) {
    if (parts.size() != 3 || depends_on_call(parts[0]) || trim(parts[0]).empty()) return {};
    return JumpTarget{.context = std::string(trim(parts[0])), .priority = 0};
}

bool is_jump(std::string_view application) {
    return equals_ignoring_case(application, "Goto") || equals_ignoring_case(application, "Gosub");
}
bool is_conditional_jump(std::string_view application) {
    return equals_ignoring_case(application, "GotoIf") || equals_ignoring_case(application, "GosubIf") ||
           equals_ignoring_case(application, "GotoIfTime");
}

void add_inner(std::vector<InnerCall>& calls, std::string_view application, std::string_view arguments, unsigned depth) {
    constexpr unsigned most_nested = 8;  // nobody writes more
    if (depth == most_nested) return;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(application, name); };
    std::vector<std::string_view> texts;
    if (is("Exec") || is("TryExec"))
        texts = {arguments};
    else if (is("ExecIf") || is("ExecIfTime"))
        texts = branches(arguments);
    for (const std::string_view text : texts) {
        const ApplicationCall call = split_application(text);
        if (call.name.empty()) continue;
        calls.push_back({std::string(call.name), std::string(call.arguments)});
        add_inner(calls, call.name, call.arguments, depth + 1);
    }
}

}  // namespace

std::optional<JumpTarget> JumpTarget::parse(std::string_view text) {
    text = trim(text);
    // What Gosub hands on stands in parentheses.
    const std::string_view place_text = trim(text.substr(0, text.find('(')));
    if (depends_on_call(place_text)) return context_of(split_raw_arguments(text));
    text = place_text;
    if (text.empty()) return {};
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
    Targets targets;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(application, name); };
    if (is_jump(application)) {
        add(targets, arguments);
        return targets;
    }
    if (is_conditional_jump(application)) {
        for (const std::string_view branch : branches(arguments)) add(targets, branch);
        return targets;
    }
    if (is("Set")) {
        add_handler(targets, arguments);
        return targets;
    }
    const bool retry = is("RetryDial");
    if (!retry && !is("Dial") && !is("Page") && !is("Originate") && !is("BackGround") && !is("DISA") && !is("Directory"))
        return targets;
    std::vector<std::string> parts = split_raw_arguments(arguments);
    if (retry) parts.erase(parts.begin(), parts.begin() + std::min<std::ptrdiff_t>(3, std::ssize(parts)));
    if (retry || is("Dial")) add_dial(targets, parts);
    if (is("Page") && !parts.empty()) add_local(targets, parts[0]);
    if (is("Originate")) add_originate(targets, parts);
    if (is("BackGround") && parts.size() > 3) add_context(targets, parts[3]);
    if ((is("DISA") || is("Directory")) && parts.size() > 1) add_context(targets, parts[1]);
    return targets;
}

bool has_relative_jump(std::string_view application, std::string_view arguments) {
    const auto is_relative = [](std::string_view place) {
        place = trim(place);
        return place.starts_with('+') || place.starts_with('-');
    };
    if (is_jump(application)) return is_relative(arguments);
    return is_conditional_jump(application) && std::ranges::any_of(branches(arguments), is_relative);
}

std::vector<InnerCall> inner_calls(std::string_view application, std::string_view arguments) {
    std::vector<InnerCall> calls;
    add_inner(calls, application, arguments, 0);
    return calls;
}

}  // namespace jackfield
