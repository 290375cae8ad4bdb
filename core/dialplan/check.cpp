// `dialplan check`: what in a plan cannot work.
#include "core/dialplan/check.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/base/strings.hpp"
#include "core/dialplan/check_names.hpp"
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

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::ranges::any_of(names, [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

// Each context has its own of these; that a context's hides an included one is what people mean.
bool is_special(std::string_view extension) {
    static constexpr std::array<std::string_view, 8> names{"s", "i", "t", "h", "o", "a", "e", "failed"};
    return is_one_of(extension, names);
}

// Applications after which a call never comes to the next priority; GotoIf where both of its places are named.
bool ends_here(const Priority& priority) {
    static constexpr std::array<std::string_view, 5> names{"Goto", "Hangup", "Return", "Busy", "Congestion"};
    const std::string& application = priority.application.text();
    if (equals_ignoring_case(application, "GotoIf")) return jump_targets(application, priority.arguments.source_text()).size() == 2;
    return is_one_of(application, names);
}

// Parts of a block, to which its beginning jumps.
bool is_block_part(const Priority& priority) {
    static constexpr std::array<std::string_view, 4> names{"Else", "ElseIf", "EndIf", "EndWhile"};
    return is_one_of(priority.application.text(), names);
}

// The priority's application with its arguments, and those that it runs in its turn.
std::vector<InnerCall> calls_of(const Priority& priority) {
    const std::string& application = priority.application.text();
    const std::string arguments = priority.arguments.source_text();
    std::vector<InnerCall> calls = inner_calls(application, arguments);
    calls.insert(calls.begin(), {application, arguments});
    return calls;
}

class Checker {
  public:
    Checker(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings)
        : plan_(plan), names_(options), switches_(options.switches), findings_(findings) {}

    void run() {
        collect_numbers();
        for (const Context* context : plan_.contexts()) {
            check_includes(*context);
            check_switches(*context);
            context->extensions.for_each([&](const Extension& extension) { check_extension(*context, extension); });
            check_hidden(*context);
        }
    }

  private:
    template <class... A>
    void warn(Name file, std::uint32_t line, fmt::format_string<A...> format, A&&... arguments) {
        findings_.warning({file.empty() ? nullptr : &file.text(), line}, format, std::forward<A>(arguments)...);
    }

    void check_switches(const Context& context) {
        if (switches_.empty()) return;
        for (const Switch& entry : context.switches) {
            const auto named = [&](const KnownName& known) { return equals_ignoring_case(known.name, entry.name); };
            if (std::ranges::any_of(switches_, named)) continue;
            std::string known;
            for (const KnownName& each : switches_) known += (known.empty() ? "" : ", ") + each.name;
            warn(entry.origin.file, entry.origin.line, "[{}] asks the switch {}, which no module has; there are: {}", context.name, entry.name,
                 known);
        }
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
        check_dead(context, extension);
        for (const auto& [step, priority] : extension.steps) {
            names_.check(*priority, [&](const std::string& text) { warn(priority->file, priority->line, "{}", text); });
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

    // Numbers that some jump of the plan leads to; a jump into the middle of an extension by its number is rare, so that it
    // is enough to know that nobody uses a number at all.
    void collect_numbers() {
        for (const Context* context : plan_.contexts())
            context->extensions.for_each([&](const Extension& extension) {
                for (const auto& [step, priority] : extension.steps)
                    for (const InnerCall& call : calls_of(*priority))
                        for (const JumpTarget& target : jump_targets(call.application, call.arguments))
                            if (target.label.empty() && target.priority > 1)
                                jumped_to_.insert({target.priority, target.priority + 1});  // Dial's G: caller and callee
            });
    }

    // What stands behind a Goto, Hangup or Return without a label; the first line of each such stretch.
    void check_dead(const Context& context, const Extension& extension) {
        const Priority* before = nullptr;
        for (const auto& [step, priority] : extension.steps) {
            const Priority* previous = std::exchange(before, priority.get());
            if (!previous || step != previous->number + 1 || !ends_here(*previous)) continue;
            if (!priority->label.empty() || is_block_part(*priority) || jumped_to_.contains(step) ||
                may_be_entered(context, extension, step - 1))
                continue;
            warn(priority->file, priority->line, "{}: priority {} is never reached: {} in line {} goes elsewhere",
                 name_of(context, extension), step, previous->application.text(), previous->line);
        }
    }
    // Whether a call comes to the extension from a more specific one that has priority `number`, or by a relative jump.
    static bool may_be_entered(const Context& context, const Extension& extension, int number) {
        for (const auto& [step, priority] : extension.steps)
            if (has_relative_jump(priority->application.text(), priority->arguments.source_text())) return true;
        bool entered = false;
        context.extensions.for_each([&](const Extension& other) {
            if (&other != &extension && other.find(number) && covers(extension.pattern, other.pattern)) entered = true;
        });
        return entered;
    }

    void check_jumps(const Context& context, std::string_view number, const Priority& priority) {
        for (const InnerCall& call : calls_of(priority)) check_jumps(context, number, priority, call);
    }
    void check_jumps(const Context& context, std::string_view number, const Priority& priority, const InnerCall& call) {
        for (const JumpTarget& target : jump_targets(call.application, call.arguments)) {
            PlanQuery query = query_for(context, number);
            if (target.context) query.context = *target.context;
            if (target.extension) query.extension = *target.extension;
            query.label = target.label;
            query.priority = target.priority;
            if (target.context && !plan_.context(*target.context))
                warn(priority.file, priority.line, "{}: there is no context {}", call.application, *target.context);
            else if (target.priority > 0 && !exists(query))
                warn(priority.file, priority.line, "{}: {}@{} has no {} {}", call.application, query.extension,
                     query.context, target.label.empty() ? "priority" : "label",
                     target.label.empty() ? std::to_string(target.priority) : target.label);
        }
    }

    // Anything may stand behind a switch, so a place counts as there when one would be asked.
    bool exists(const PlanQuery& query) {
        return plan_.exists(query, [](const Context&, const Switch&, const PlanQuery&) { return true; });
    }

    // Extensions of this context, or of one that it includes, whose every number an earlier one takes.
    void check_hidden(const Context& context) {
        std::vector<const Context*> reached;
        collect_included(context, reached);
        for (const Context* owner : reached) {
            owner->extensions.for_each([&](const Extension& extension) {
                if (extension.caller_id || extension.steps.empty() || is_special(extension.pattern.text())) return;
                const Priority& first = *extension.steps.back().priority;
                if (first.number == hint_priority) return;
                const std::string number = example(extension.pattern);
                const PlanMatch found =
                    plan_.find({.context = context.name, .extension = number, .priority = first.number});
                if (!found || !found.extension || found.extension == &extension || found.extension->caller_id) return;
                if (!covers(found.extension->pattern, extension.pattern)) return;
                if (!told_hidden_.insert({found.extension, &extension}).second) return;  // from another context, too
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
    const NameCheck names_;
    std::span<const KnownName> switches_;
    Diagnostics& findings_;
    std::unordered_set<int> jumped_to_;
    std::set<std::pair<const Extension*, const Extension*>> told_hidden_;
    std::unordered_set<const Context*> circle_known_;
    std::string caller_;
};

}  // namespace

void check_dialplan(const Dialplan& plan, const PlanCheckOptions& options, Diagnostics& findings) {
    Checker(plan, options, findings).run();
}

}  // namespace jackfield
