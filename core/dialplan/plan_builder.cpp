// Making a dialplan.
#include "core/dialplan/plan_builder.hpp"

#include <algorithm>
#include <atomic>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

std::uint64_t new_owner() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

Result<std::optional<Pattern>> parse_caller(std::optional<std::string_view> text) {
    std::optional<Pattern> result;
    if (!text) return result;
    result = JF_TRY(Pattern::parse(*text));
    return result;
}

std::string place(const ExtensionLine& line) {
    const std::string caller = line.caller_id ? "/" + std::string(*line.caller_id) : std::string();
    return fmt::format("{}{}@{}", line.extension, caller, line.context);
}

// Adds to the extension's list, which is kept in order of numbers.
Result<void> insert(Extension& extension, std::shared_ptr<const Priority> added, const ExtensionLine& line,
                    bool replace) {
    const Priority* labelled = extension.find_label(added->label);
    if (labelled && labelled->number != added->number)
        return fail(ErrorCode::exists, "{} has the label `{}` at priority {} already", place(line), added->label,
                    labelled->number);
    auto& steps = extension.steps;
    const int number = added->number;
    const auto at = std::ranges::lower_bound(steps, number, {}, &Extension::Step::number);
    if (at == steps.end() || at->number != number) {
        steps.insert(at, {number, std::move(added)});
        return {};
    }
    if (!replace) {
        const Priority& there = *at->priority;
        const std::string what = number == hint_priority ? "a hint" : fmt::format("priority {}", number);
        const std::string where =
            there.file.empty() ? std::string() : fmt::format(" ({}:{})", there.file.text(), there.line);
        return fail(ErrorCode::exists, "{} has {} already{}", place(line), what, where);
    }
    at->priority = std::move(added);
    return {};
}

template <class List, class Same>
Result<void> erase_one(List& list, Same same, std::string_view what, std::string_view context) {
    if (std::erase_if(list, same)) return {};
    return fail(ErrorCode::not_found, "context {} has no {}", context, what);
}

}  // namespace

DialplanBuilder::DialplanBuilder(std::shared_ptr<const Dialplan> base)
    : plan_(base ? std::make_shared<Dialplan>(*base) : std::make_shared<Dialplan>()), owner_(new_owner()) {}

std::shared_ptr<const Dialplan> DialplanBuilder::build() {
    // A new number: what was handed out can never be changed again.
    owner_ = new_owner();
    return std::exchange(plan_, std::make_shared<Dialplan>());
}

Dialplan::Part& DialplanBuilder::part(std::string_view name) {
    auto& part = plan_->parts_[Dialplan::part_of(name)];
    if (!part) part = std::make_shared<Dialplan::Part>();
    if (part->owner != owner_) part = std::make_shared<Dialplan::Part>(*part);
    part->owner = owner_;
    return *part;
}

Context& DialplanBuilder::context(std::string_view name, Name registrar) {
    auto& contexts = part(name).contexts;
    auto found = contexts.find(name);
    if (found == contexts.end()) {
        found = contexts.emplace(name, std::make_shared<Context>()).first;
        found->second->name = name;
        found->second->registrar = registrar;
    } else if (found->second->owner != owner_) {
        found->second = std::make_shared<Context>(*found->second);
    }
    found->second->owner = owner_;
    return *found->second;
}

Result<Context*> DialplanBuilder::existing(std::string_view name) {
    if (!has_context(name)) return fail(ErrorCode::not_found, "there is no context {}", name);
    return &context(name, Name());
}

Result<void> DialplanBuilder::add(const ExtensionLine& line, bool replace, std::vector<std::string>* problems) {
    if (line.priority < 1 && line.priority != hint_priority)
        return fail(ErrorCode::invalid, "{}: {} is no priority; they begin at 1", place(line), line.priority);
    const Pattern pattern = JF_TRY(Pattern::parse(line.extension));
    const auto caller = JF_TRY(parse_caller(line.caller_id));
    auto priority = std::make_shared<Priority>();
    priority->number = line.priority;
    priority->line = line.origin.line;
    priority->application = Name(line.application);
    priority->arguments = Template::compile(line.arguments, problems);
    priority->label = line.label;
    priority->registrar = line.origin.registrar;
    priority->file = line.origin.file;
    Context& target = context(line.context, line.origin.registrar);
    return insert(target.extensions.edit(pattern, caller, owner_), std::move(priority), line, replace);
}

Result<void> DialplanBuilder::remove(std::string_view context_name, std::string_view name,
                                     std::optional<std::string_view> caller_id, std::optional<int> number,
                                     std::optional<Name> registrar) {
    Context& target = *JF_TRY(existing(context_name));
    const Pattern pattern = JF_TRY(Pattern::parse(name));
    const auto caller = JF_TRY(parse_caller(caller_id));
    std::vector<std::optional<Pattern>> callers;
    if (caller_id) {
        callers.push_back(caller);
    } else {
        target.extensions.for_same_pattern(pattern, [&](const Extension& entry) {
            callers.push_back(entry.caller_id ? std::optional(*entry.caller_id) : std::nullopt);
        });
    }
    bool removed = false;
    for (const auto& entry : callers) {
        if (!target.extensions.exact(pattern, entry)) continue;
        Extension& extension = target.extensions.edit(pattern, entry, owner_);
        removed |=
            std::erase_if(extension.steps, [&](const Extension::Step& step) {
                return (!number || step.number == *number) && (!registrar || step.priority->registrar == *registrar);
            }) > 0;
        if (extension.steps.empty()) target.extensions.remove(pattern, entry, owner_);
    }
    if (removed) return {};
    return fail(ErrorCode::not_found, "context {} has no such extension or priority {}", context_name, name);
}

Result<void> DialplanBuilder::add_include(std::string_view context_name, std::string_view text,
                                          const PlanOrigin& origin, std::vector<std::string>* problems) {
    Include include;
    include.text = trim(text);
    include.origin = origin;
    const auto end = include.text.find_first_of(",|");
    include.context = trim(std::string_view(include.text).substr(0, end));
    if (include.context.empty()) return fail(ErrorCode::invalid, "include => needs the name of a context");
    if (end != std::string::npos)
        include.when = TimeCondition::parse(std::string_view(include.text).substr(end + 1), problems);
    Context& target = context(context_name, origin.registrar);
    if (std::ranges::find(target.includes, include.text, &Include::text) != target.includes.end())
        return fail(ErrorCode::exists, "context {} includes {} already", context_name, include.text);
    target.includes.push_back(std::move(include));
    return {};
}

Result<void> DialplanBuilder::remove_include(std::string_view context_name, std::string_view text) {
    Context& target = *JF_TRY(existing(context_name));
    return erase_one(
        target.includes, [&](const Include& entry) { return entry.text == trim(text); },
        fmt::format("include of {}", text), context_name);
}

Result<void> DialplanBuilder::add_switch(std::string_view context_name, std::string_view text, bool evaluate,
                                         const PlanOrigin& origin) {
    const Halves halves = split_once(trim(text), '/');
    if (halves.first.empty()) return fail(ErrorCode::invalid, "switch => needs a name, as in IAX2/server/context");
    Context& target = context(context_name, origin.registrar);
    const auto same = [&](const Switch& entry) { return entry.name == halves.first && entry.data == halves.second; };
    if (std::ranges::any_of(target.switches, same))
        return fail(ErrorCode::exists, "context {} has the switch {} already", context_name, text);
    target.switches.push_back({std::string(halves.first), std::string(halves.second), evaluate, origin});
    return {};
}

Result<void> DialplanBuilder::add_ignore_pattern(std::string_view context_name, std::string_view text,
                                                 const PlanOrigin& origin) {
    IgnorePattern entry;
    entry.pattern = JF_TRY(Pattern::parse(trim(text)));
    entry.origin = origin;
    Context& target = context(context_name, origin.registrar);
    if (std::ranges::find(target.ignore_patterns, entry.pattern, &IgnorePattern::pattern) !=
        target.ignore_patterns.end())
        return fail(ErrorCode::exists, "context {} ignores {} already", context_name, text);
    target.ignore_patterns.push_back(std::move(entry));
    return {};
}

Result<void> DialplanBuilder::remove_ignore_pattern(std::string_view context_name, std::string_view text) {
    Context& target = *JF_TRY(existing(context_name));
    return erase_one(
        target.ignore_patterns, [&](const IgnorePattern& entry) { return entry.pattern.text() == trim(text); },
        fmt::format("ignore pattern {}", text), context_name);
}

Result<void> DialplanBuilder::remove_context(std::string_view name) {
    if (!has_context(name)) return fail(ErrorCode::not_found, "there is no context {}", name);
    auto& contexts = part(name).contexts;
    contexts.erase(contexts.find(name));
    return {};
}

void DialplanBuilder::remove_registrar(Name registrar) {
    const auto foreign = [&](const auto& entry) { return !(entry.origin.registrar == registrar); };
    for (const Context* old : plan_->contexts()) {
        ExtensionIndex kept;
        old->extensions.for_each([&](const Extension& extension) {
            const auto caller = extension.caller_id ? std::optional(*extension.caller_id) : std::nullopt;
            for (const Extension::Step& step : extension.steps)
                if (!(step.priority->registrar == registrar))
                    kept.edit(extension.pattern, caller, owner_).steps.push_back(step);
        });
        const bool others = std::ranges::any_of(old->includes, foreign) ||
                            std::ranges::any_of(old->switches, foreign) ||
                            std::ranges::any_of(old->ignore_patterns, foreign);
        if (old->registrar == registrar && kept.size() == 0 && !others) {
            const std::string name = old->name;
            auto& contexts = part(name).contexts;
            contexts.erase(contexts.find(name));
            continue;
        }
        Context& target = context(old->name, registrar);
        target.extensions = std::move(kept);
        std::erase_if(target.includes, [&](const auto& entry) { return !foreign(entry); });
        std::erase_if(target.switches, [&](const auto& entry) { return !foreign(entry); });
        std::erase_if(target.ignore_patterns, [&](const auto& entry) { return !foreign(entry); });
        if (target.registrar == registrar) target.autohints = false;
    }
}

void DialplanBuilder::set_settings(DialplanSettings settings) {
    plan_->override_switch_.reset();
    if (!settings.override_switch.empty()) {
        const Halves halves = split_once(settings.override_switch, '/');
        plan_->override_switch_ = Switch{std::string(halves.first),
                                         std::string(halves.second),
                                         halves.second.find('$') != std::string_view::npos,
                                         {}};
    }
    plan_->settings_ = std::move(settings);
}

}  // namespace jackfield
