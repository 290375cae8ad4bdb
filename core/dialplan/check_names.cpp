// The part of `dialplan check` that looks at calls of applications and functions.
#include "core/dialplan/check_names.hpp"

#include <fmt/core.h>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/jump_targets.hpp"

namespace jackfield {
namespace {

std::string suggestion(std::string_view word, std::span<const std::string> words) {
    const auto near = nearest_word(word, words);
    return near ? fmt::format("; did you mean {}?", *near) : std::string();
}

std::string count_of(std::size_t count) { return fmt::format("{} argument{}", count, count == 1 ? "" : "s"); }

// Compares the text with what the documentation says. Whatever depends on the call may hold further commas.
void check_count(std::string_view name, std::string_view arguments, const ArgumentLimits& limits,
                 const NameCheck::Finding& found) {
    const bool fixed = !arguments.contains('$');
    const std::size_t count = split_raw_arguments(arguments).size();
    if (limits.condition && fixed && !arguments.contains('?'))
        found(fmt::format("{}: a `?` is missing between the condition and what it decides", name));
    else if (fixed && count < limits.least)
        found(fmt::format("{} needs at least {} and has {}", name, count_of(limits.least), count));
    else if (count > limits.most)
        found(limits.most == 0 ? fmt::format("{} takes no arguments and has {}", name, count)
                               : fmt::format("{} takes at most {} and has {}", name, count_of(limits.most), count));
}

}  // namespace

NameCheck::NameCheck(const PlanCheckOptions& options) {
    for (const KnownName& known : options.applications) {
        application_names_.push_back(known.name);
        applications_.emplace(to_lower(known.name), argument_limits(known.syntax));
    }
    for (const KnownName& known : options.functions) {
        function_names_.push_back(known.name);
        functions_.emplace(known.name, argument_limits(known.syntax));
    }
}

void NameCheck::check(const Priority& priority, const Finding& found) const {
    if (priority.number != hint_priority) {
        const std::string& application = priority.application.text();
        const std::string arguments = priority.arguments.source_text();
        check_application(application, arguments, found);
        for (const InnerCall& call : inner_calls(application, arguments))
            check_application(call.application, call.arguments, found);
    }
    std::vector<Template::FunctionCall> calls;
    priority.arguments.collect_functions(calls);
    for (const auto& call : calls) check_function(call.name, call.arguments, found);
}

void NameCheck::check_application(std::string_view application, std::string_view arguments,
                                  const Finding& found) const {
    if (application.empty() || application.contains('$')) return;
    if (!applications_.empty()) {
        const auto known = applications_.find(to_lower(application));
        if (known == applications_.end())
            return found(
                fmt::format("there is no application {}{}", application, suggestion(application, application_names_)));
        check_count(application, arguments, known->second, found);
    }
    check_assigned(application, arguments, found);
}

void NameCheck::check_function(std::string_view name, std::string_view arguments, const Finding& found) const {
    if (functions_.empty()) return;
    const auto known = functions_.find(std::string(name));
    if (known == functions_.end())
        return found(fmt::format("there is no function {}{}", name, suggestion(name, function_names_)));
    check_count(name, arguments, known->second, found);
}

// Set(FUNCTION(arguments)=value): a name with parentheses is a function's.
void NameCheck::check_assigned(std::string_view application, std::string_view arguments, const Finding& found) const {
    const bool several = equals_ignoring_case(application, "MSet");
    if (functions_.empty() || (!several && !equals_ignoring_case(application, "Set"))) return;
    for (const std::string& part : split_raw_arguments(arguments, ',', several ? 0 : 1)) {
        const std::string_view name = trim(part).substr(0, trim(part).find('='));
        const auto open = name.find('(');
        if (open == std::string_view::npos || name.substr(0, open).contains('$')) continue;
        const auto close = name.rfind(')');
        const std::string_view inside = name.substr(open + 1, close > open && close != std::string_view::npos ? close - open - 1 : std::string_view::npos);
        check_function(trim(name.substr(0, open)), inside, found);
    }
}

}  // namespace jackfield
