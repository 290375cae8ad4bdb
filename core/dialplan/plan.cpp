// Searching the compiled dialplan.
#include "core/dialplan/plan.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace jackfield {

// One search through a context and all that it includes.
class Dialplan::Search {
  public:
    Search(const Dialplan& plan, const PlanQuery& query, const SwitchProbe& probe)
        : plan_(plan), query_(query), probe_(probe) {}

    PlanMatch run() {
        const Context* first = plan_.context(query_.context);
        if (!first) return result_;
        if (plan_.override_switch_ && ask(*first, *plan_.override_switch_)) return result_;
        enter(*first);
        return result_;
    }

  private:
    static constexpr std::size_t max_contexts = 128;  // that one search may pass through

    void reach(PlanStatus status) { result_.status = std::max(result_.status, status); }
    bool found() const { return result_.status == PlanStatus::found; }

    void enter(const Context& context) {
        reach(PlanStatus::no_extension);
        if (own_extensions(context)) return;
        for (const Switch& entry : context.switches)
            if (ask(context, entry)) return;
        if (context.includes.empty()) return;
        if (visited_.size() >= max_contexts) {
            log_warning("Context {} is included through more than {} others; the search ends there", context.name,
                        max_contexts);
            return;
        }
        visited_.push_back(&context);
        for (const Include& include : context.includes) {
            if (include.when && !include.when->matches(now())) continue;
            const Context* next = plan_.context(include.context);
            if (!next || std::ranges::find(visited_, next) != visited_.end()) continue;
            enter(*next);
            if (found()) return;
        }
    }

    // True when the priority was found here.
    bool own_extensions(const Context& context) {
        context.extensions.find(query_.extension, query_.mode, [&](const Extension& extension, IndexMatch kind) {
            if (!extension.accepts_caller(query_.caller_id)) return false;
            // `!` means that no more digits are wanted: the answer to match_more is no, whatever else there is.
            if (kind == IndexMatch::early && query_.mode == MatchMode::match_more) return true;
            reach(PlanStatus::no_priority);
            const Priority* priority = nullptr;
            if (query_.label.empty()) {
                priority = extension.find(query_.priority);
            } else {
                reach(PlanStatus::no_label);
                priority = extension.find_label(query_.label);
            }
            if (!priority) return false;
            result_ = {PlanStatus::found, priority, &extension, &context, nullptr};
            return true;
        });
        return found();
    }

    bool ask(const Context& context, const Switch& entry) {
        if (!probe_ || !probe_(context, entry, query_)) return false;
        result_ = {PlanStatus::found, nullptr, nullptr, &context, &entry};
        return true;
    }

    WallTime now() {
        if (!now_) now_ = query_.at ? *query_.at : wall_now();
        return *now_;
    }

    const Dialplan& plan_;
    const PlanQuery& query_;
    const SwitchProbe& probe_;
    PlanMatch result_;
    std::vector<const Context*> visited_;
    std::optional<WallTime> now_;
};

PlanMatch Dialplan::find(const PlanQuery& query, const SwitchProbe& probe) const {
    return Search(*this, query, probe).run();
}

const Priority* Dialplan::hint(std::string_view context, std::string_view extension) const {
    return find({.context = context, .extension = extension, .priority = hint_priority}).priority;
}

bool Dialplan::ignores(std::string_view context_name, std::string_view digits) const {
    const Context* found = context(context_name);
    return found && std::ranges::any_of(found->ignore_patterns,
                                        [&](const IgnorePattern& entry) { return entry.pattern.matches(digits); });
}

const Context* Dialplan::context(std::string_view name) const {
    const auto& part = parts_[part_of(name)];
    if (!part) return nullptr;
    const auto found = part->contexts.find(name);
    return found == part->contexts.end() ? nullptr : found->second.get();
}

std::vector<const Context*> Dialplan::contexts() const {
    std::vector<const Context*> result;
    result.reserve(context_count());
    for (const auto& part : parts_) {
        if (!part) continue;
        for (const auto& [name, entry] : part->contexts) result.push_back(entry.get());
    }
    std::ranges::sort(result, {}, [](const Context* entry) -> const std::string& { return entry->name; });
    return result;
}

std::size_t Dialplan::context_count() const {
    std::size_t count = 0;
    for (const auto& part : parts_) count += part ? part->contexts.size() : 0;
    return count;
}

}  // namespace jackfield
