// `dialplan check`: what in a plan cannot work.
#include "core/dialplan/check.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/jump_targets.hpp"

namespace jackfield {
namespace {

// A number that the pattern matches.
std::string example(const Pattern& pattern) {
    std::string number;
    for (const PatternSymbol symbol : pattern.symbols()) {
        if (symbol.is_zero_or_more()) break;
        number += symbol.is_one_or_more() ? '0' : static_cast<char>(symbol.example());
        if (symbol.is_one_or_more()) break;
    }
    return number;
}

bool is_wildcard(const Pattern& pattern) {
    return pattern.is_pattern() && std::ranges::any_of(pattern.symbols(), [](PatternSymbol symbol) {
               return symbol.is_one_or_more() || symbol.is_zero_or_more();
           });
}

bool includes_all(PatternSymbol wide, PatternSymbol narrow) {
    for (int c = 0; c < 256; ++c)
        if (narrow.contains(static_cast<unsigned char>(c)) && !wide.contains(static_cast<unsigned char>(c)))
            return false;
    return true;
}

// Whether every number that `narrow` matches is matched by `wide` too.
bool covers(const Pattern& wide, const Pattern& narrow) {
    const auto &w = wide.symbols(), &n = narrow.symbols();
    for (std::size_t i = 0;; ++i) {
        if (i == w.size()) return i == n.size();
        if (w[i].is_zero_or_more()) return true;
        if (i == n.size() || n[i].is_zero_or_more()) return false;
        if (w[i].is_one_or_more()) return true;
        if (n[i].is_one_or_more() || !includes_all(w[i], n[i])) return false;
    }
}

std::string name_of(const Context& context, const Extension& extension) {
    return fmt::format("{}{}@{}", extension.pattern.text(),
                       extension.caller_id ? "/" + extension.caller_id->text() : std::string(), context.name);
}

class Checker {
  public:
    Checker(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings)
        : plan_(plan), options_(options), findings_(findings) {
        for (const std::string& name : options.applications) applications_.insert(to_lower(name));
        functions_.insert(options.functions.begin(), options.functions.end());
    }

    void run() {
        for (const Context* context : plan_.contexts()) {
            check_includes(*context);
            context->extensions.for_each([&](const Extension& extension) { check_extension(*context, extension); });
            check_hidden(*context);
        }
    }

  private:
    template <class... A>
    void warn(Name file, std::uint32_t line, fmt::format_string<A...> format, A&&... arguments) {
        findings_.warning({file.empty() ? nullptr : &file.text(), line}, format, std::forward<A>(arguments)...);
    }

    void check_includes(const Context& context) {
        for (const Include& include : context.includes) {
            if (plan_.context(include.context)) continue;
            warn(include.origin.file, include.origin.line, "[{}] includes {}, which does not exist", context.name,
                 include.context);
        }
        std::vector<const Context*> way;
        if (!circle_known_.contains(&context)) follow_circle(context, way);
    }

    // Depth first; a context met again on the way closes a circle.
    void follow_circle(const Context& context, std::vector<const Context*>& way) {
        if (const auto begin = std::ranges::find(way, &context); begin != way.end()) {
            std::string text;
            for (auto at = begin; at != way.end(); ++at) text += (*at)->name + " -> ";
            const Include& first = (*begin)->includes.front();
            warn(first.origin.file, first.origin.line, "contexts include each other in a circle: {}{}", text,
                 context.name);
            return;
        }
        if (way.size() > 128 || !circle_known_.insert(&context).second) return;
        way.push_back(&context);
        for (const Include& include : context.includes)
            if (const Context* next = plan_.context(include.context)) follow_circle(*next, way);
        way.pop_back();
    }

    PlanQuery query_for(const Context& context, std::string_view number) const {
        return {.context = context.name, .extension = number, .caller_id = caller_};
    }

    void check_extension(const Context& context, const Extension& extension) {
        const std::string number = example(extension.pattern);
        caller_ = extension.caller_id ? example(*extension.caller_id) : std::string();
        check_numbers(context, extension, number);
        for (const auto& [step, priority] : extension.steps) {
            check_names(*priority);
            check_jumps(context, number, *priority);
        }
    }

    // Every number from 1 to the last has to be somewhere, be it in a less specific pattern.
    void check_numbers(const Context& context, const Extension& extension, std::string_view number) {
        int expected = 1;
        for (const auto& [step, priority] : extension.steps) {
            if (priority->number == hint_priority) continue;
            if (priority->number != expected) {
                PlanQuery query = query_for(context, number);
                query.priority = priority->number - 1;
                if (!exists(query)) {
                    if (expected == 1)
                        warn(priority->file, priority->line,
                             "{} begins at priority {} and has no priority 1, so no call enters it",
                             name_of(context, extension), priority->number);
                    else if (priority->label.empty() && priority->number != expected + 100)
                        warn(priority->file, priority->line,
                             "{} has no priority {}, so only a jump reaches priority {}", name_of(context, extension),
                             priority->number - 1, priority->number);
                }
            }
            expected = priority->number + 1;
        }
    }

    void check_names(const Priority& priority) {
        const std::string& application = priority.application.text();
        if (!applications_.empty() && !application.empty() && application.find('$') == std::string::npos &&
            !applications_.contains(to_lower(application)))
            warn(priority.file, priority.line, "there is no application {}{}", application,
                 suggestion(application, options_.applications));
        if (functions_.empty()) return;
        std::vector<std::string> names;
        priority.arguments.collect_functions(names);
        for (const std::string& name : names)
            if (!functions_.contains(name))
                warn(priority.file, priority.line, "there is no function {}{}", name,
                     suggestion(name, options_.functions));
    }
    static std::string suggestion(std::string_view word, std::span<const std::string> words) {
        const auto near = nearest_word(word, words);
        return near ? fmt::format("; did you mean {}?", *near) : std::string();
    }

    void check_jumps(const Context& context, std::string_view number, const Priority& priority) {
        const std::string& application = priority.application.text();
        for (const JumpTarget& target : jump_targets(application, priority.arguments.source_text())) {
            PlanQuery query = query_for(context, number);
            if (target.context) query.context = *target.context;
            if (target.extension) query.extension = *target.extension;
            query.label = target.label;
            query.priority = target.priority;
            if (exists(query)) continue;
            if (target.context && !plan_.context(*target.context))
                warn(priority.file, priority.line, "{}: there is no context {}", application, *target.context);
            else
                warn(priority.file, priority.line, "{}: {}@{} has no {} {}", application, query.extension,
                     query.context, target.label.empty() ? "priority" : "label",
                     target.label.empty() ? std::to_string(target.priority) : target.label);
        }
    }

    // Anything may stand behind a switch, so a place counts as there when one would be asked.
    bool exists(const PlanQuery& query) {
        return plan_.exists(query, [](const Context&, const Switch&, const PlanQuery&) { return true; });
    }

    // Extensions of this context, or of one that it includes, whose every number an earlier wildcard takes.
    void check_hidden(const Context& context) {
        std::vector<const Context*> reached;
        collect_included(context, reached);
        for (const Context* owner : reached) {
            owner->extensions.for_each([&](const Extension& extension) {
                if (extension.caller_id || extension.steps.empty()) return;
                const Priority& first = *extension.steps.back().priority;
                const std::string number = example(extension.pattern);
                const PlanMatch found =
                    plan_.find({.context = context.name, .extension = number, .priority = first.number});
                if (!found || !found.extension || found.extension == &extension || found.extension->caller_id) return;
                if (!is_wildcard(found.extension->pattern) || !covers(found.extension->pattern, extension.pattern))
                    return;
                warn(first.file, first.line,
                     "{} is never reached from [{}]: {} is tried first and takes all its numbers",
                     name_of(*owner, extension), context.name, name_of(*found.context, *found.extension));
            });
        }
    }
    // Itself and all contexts that it always includes.
    void collect_included(const Context& context, std::vector<const Context*>& reached) {
        if (reached.size() > 128 || std::ranges::find(reached, &context) != reached.end()) return;
        reached.push_back(&context);
        for (const Include& include : context.includes)
            if (const Context* next = plan_.context(include.context); next && !include.when)
                collect_included(*next, reached);
    }

    const Dialplan& plan_;
    const PlanCheckOptions& options_;
    Diagnostics& findings_;
    std::unordered_set<std::string> applications_, functions_;
    std::unordered_set<const Context*> circle_known_;
    std::string caller_;
};

}  // namespace

void check_dialplan(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings) {
    Checker(plan, options, findings).run();
}

}  // namespace jackfield
