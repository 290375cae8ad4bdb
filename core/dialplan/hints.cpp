// The table of hints: which extension depends on which devices, and who wants to know.
#include "core/dialplan/hints.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/channel/device_events.hpp"
#include "core/channel/device_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

// A hint's text is evaluated for an extension, without a call.
class HintSource final : public VariableSource {
  public:
    HintSource(std::string_view context, std::string_view extension) : context_(context), extension_(extension) {}
    std::optional<std::string> variable(std::string_view name) override {
        if (name == "EXTEN") return std::string(extension_);
        if (name == "CONTEXT") return std::string(context_);
        return system_.variable(name);
    }
    Result<std::string> call_function(std::string_view name, std::string_view arguments) override {
        return system_.call_function(name, arguments);
    }
    void warn(std::string_view text) override { system_.warn(text); }

  private:
    std::string_view context_, extension_;
    ChannelSource system_{nullptr};
};

std::string evaluate(const Priority& hint, std::string_view context, std::string_view extension) {
    if (hint.arguments.is_literal()) return std::string(hint.arguments.literal());
    HintSource source(context, extension);
    return hint.arguments.evaluate(source).value_or(std::string());
}

// The devices of "PJSIP/1&PJSIP/2,CustomPresence:x(Name)".
std::vector<std::string> devices_of(std::string_view text) {
    std::vector<std::string> devices;
    for (const auto device : split_list(text.substr(0, text.find_first_of(",(")), '&')) devices.emplace_back(device);
    return devices;
}

DeviceState state_of(const std::vector<std::string>& devices) {
    std::vector<DeviceState> states;
    for (const std::string& device : devices) states.push_back(device_state(device));
    return states.empty() ? DeviceState::unknown : combine(states);
}

}  // namespace

struct HintEntry;

// A HintWatch from inside.
struct HintWatcher {
    std::string context, extension;
    HintWatch::Changed changed;
    HintEntry* entry = nullptr;
};

// One extension whose devices are watched.
struct HintEntry {
    std::string context, extension, text;
    std::vector<std::string> devices;
    DeviceState device_state = DeviceState::unknown;
    ExtensionState state = ExtensionState::removed;
    bool in_plan = false;  // by its own name; else it is here for its watchers
    std::vector<HintWatcher*> watchers;
};

class HintTable {
  public:
    static std::unique_ptr<HintTable>& instance() {
        static std::unique_ptr<HintTable> table;
        return table;
    }

    HintTable() {
        plan_changes_ = subscribe<DialplanChanged>([this](const DialplanChanged&) { renew(); });
        // Their hints were looked at before them: a plan may be loaded before the modules that it speaks of.
        appearances_ = subscribe<DeviceStatesAppeared>([this](const DeviceStatesAppeared&) { renew(); });
        device_changes_ = subscribe<DeviceStateChange>([this](const DeviceStateChange& change) { device_changed(change); });
    }

    ~HintTable() {
        for (auto& [name, entry] : entries_)
            for (HintWatcher* watch : entry->watchers) watch->entry = nullptr;
    }
    HintTable(const HintTable&) = delete;
    HintTable& operator=(const HintTable&) = delete;

    void add(HintWatcher& watch) {
        HintEntry& entry = entry_for(watch.context, watch.extension);
        if (!entry.in_plan && entry.watchers.empty()) {
            const Priority* hint = current_dialplan()->hint(entry.context, entry.extension);
            set_text(entry, hint ? std::optional(evaluate(*hint, entry.context, entry.extension)) : std::nullopt);
        }
        entry.watchers.push_back(&watch);
        watch.entry = &entry;
    }
    void remove(HintWatcher& watch) {
        HintEntry& entry = *watch.entry;
        std::erase(entry.watchers, &watch);
        forget_if_unused(entry);
    }

    // As the devices are now; a driver may have come without saying anything.
    void refresh() {
        for (auto& [name, entry] : entries_) update(*entry);
    }
    std::vector<HintSummary> list() const {
        std::vector<HintSummary> all;
        for (const auto& [name, entry] : entries_)
            if (entry->state != ExtensionState::removed)
                all.push_back({entry->context, entry->extension, entry->text, entry->state, entry->watchers.size()});
        return all;
    }

  private:
    using Name = std::pair<std::string, std::string>;  // context, extension

    HintEntry& entry_for(std::string_view context, std::string_view extension) {
        auto& entry = entries_[Name(context, extension)];
        if (!entry) {
            entry = std::make_unique<HintEntry>();
            entry->context = context;
            entry->extension = extension;
        }
        return *entry;
    }

    void forget_if_unused(HintEntry& entry) {
        if (entry.in_plan || !entry.watchers.empty()) return;
        unlink(entry);
        entries_.erase(Name(entry.context, entry.extension));
    }

    void unlink(HintEntry& entry) {
        for (const std::string& device : entry.devices) {
            const auto found = by_device_.find(device);
            if (found == by_device_.end()) continue;
            std::erase(found->second, &entry);
            if (found->second.empty()) by_device_.erase(found);
        }
        entry.devices.clear();
    }

    // Nothing: the extension has no hint.
    void set_text(HintEntry& entry, std::optional<std::string> text) {
        if (text && entry.state != ExtensionState::removed && *text == entry.text) return update(entry);
        unlink(entry);
        if (!text) {
            if (entry.state != ExtensionState::removed) tell(entry, ExtensionState::removed, DeviceState::unknown);
            return;
        }
        entry.text = std::move(*text);
        entry.devices = devices_of(entry.text);
        for (const std::string& device : entry.devices) by_device_[device].push_back(&entry);
        const DeviceState devices = state_of(entry.devices);
        const bool same = entry.state == extension_state_of(devices);
        tell(entry, extension_state_of(devices), devices);
        if (same) tell_watchers(entry);
    }

    void update(HintEntry& entry) {
        if (entry.state == ExtensionState::removed) return;
        const DeviceState devices = state_of(entry.devices);
        if (devices != entry.device_state) tell(entry, extension_state_of(devices), devices);
    }

    void tell(HintEntry& entry, ExtensionState state, DeviceState devices) {
        const bool first = entry.state == ExtensionState::removed && entry.watchers.empty();
        entry.device_state = devices;
        if (std::exchange(entry.state, state) == state || first) return;
        publish(ExtensionStateChanged{entry.context, entry.extension, entry.text, state, devices});
        tell_watchers(entry);
    }

    // A watcher may end watches, its own too.
    void tell_watchers(const HintEntry& entry) {
        const ExtensionState state = entry.state;
        const DeviceState devices = entry.device_state;
        const auto watchers = entry.watchers;
        const Name name(entry.context, entry.extension);
        for (HintWatcher* watch : watchers) {
            const auto found = entries_.find(name);
            if (found == entries_.end()) return;
            if (std::ranges::find(found->second->watchers, watch) != found->second->watchers.end())
                watch->changed(state, devices);
        }
    }

    void device_changed(const DeviceStateChange& change) {
        const auto found = by_device_.find(change.device);
        if (found == by_device_.end()) return;
        std::vector<Name> names;
        for (const HintEntry* entry : found->second) names.emplace_back(entry->context, entry->extension);
        for (const Name& name : names)
            if (const auto entry = entries_.find(name); entry != entries_.end()) update(*entry->second);
    }

    // A plan may have 100,000 hints: they are looked through on a fiber, in slices.
    void renew() {
        again_ = true;
        if (renewing_) return;
        const RunningGate core(nullptr);
        renewing_ = spawn({.name = "hints"}, [] {
            while (instance() && std::exchange(instance()->again_, false)) {
                if (!pass()) break;
            }
            if (instance()) instance()->renewing_ = false;
        }).has_value();
    }
    static bool pass() {
        const auto plan = current_dialplan();
        std::map<Name, std::string> found;
        auto turn = std::chrono::steady_clock::now();
        const auto rest = [&turn] {
            if (std::chrono::steady_clock::now() - turn < std::chrono::milliseconds(1)) return;
            (void)yield();
            turn = std::chrono::steady_clock::now();
        };
        for (const Context* context : plan->contexts()) {
            context->extensions.for_each([&](const Extension& extension) {
                rest();
                if (extension.pattern.is_pattern()) return;
                if (const Priority* hint = extension.find(hint_priority))
                    found.emplace(Name(context->name, extension.pattern.text()),
                                  evaluate(*hint, context->name, extension.pattern.text()));
            });
        }
        std::vector<Name> names;
        if (!instance()) return false;
        for (const auto& [name, entry] : instance()->entries_) names.push_back(name);
        for (const Name& name : names) {
            rest();
            if (!instance()) return false;
            const auto entry = instance()->entries_.find(name);
            if (entry == instance()->entries_.end() || found.contains(name)) continue;
            instance()->lost(*entry->second, *plan);
        }
        for (auto& [name, text] : found) {
            rest();
            if (!instance()) return false;
            HintEntry& entry = instance()->entry_for(name.first, name.second);
            entry.in_plan = true;
            instance()->set_text(entry, std::move(text));
        }
        return true;
    }
    // Not under its own name in the new plan; a pattern may cover it.
    void lost(HintEntry& entry, const Dialplan& plan) {
        entry.in_plan = false;
        const Priority* hint = entry.watchers.empty() ? nullptr : plan.hint(entry.context, entry.extension);
        set_text(entry, hint ? std::optional(evaluate(*hint, entry.context, entry.extension)) : std::nullopt);
        forget_if_unused(entry);
    }

    std::map<Name, std::unique_ptr<HintEntry>> entries_;
    std::unordered_map<std::string, std::vector<HintEntry*>, CaseInsensitiveHash, CaseInsensitiveEqual> by_device_;
    bool renewing_ = false, again_ = false;
    Subscription plan_changes_, device_changes_, appearances_;
};

std::string_view to_string(ExtensionState state) {
    switch (state) {
        case ExtensionState::removed: return "Removed";
        case ExtensionState::deactivated: return "Deactivated";
        case ExtensionState::not_in_use: return "Idle";
        case ExtensionState::in_use: return "InUse";
        case ExtensionState::busy: return "Busy";
        case ExtensionState::unavailable: return "Unavailable";
        case ExtensionState::ringing: return "Ringing";
        case ExtensionState::in_use_ringing: return "InUse&Ringing";
        case ExtensionState::on_hold: return "Hold";
        case ExtensionState::in_use_on_hold: return "InUse&Hold";
    }
    return "Unknown";
}

ExtensionState extension_state_of(DeviceState state) {
    switch (state) {
        case DeviceState::on_hold: return ExtensionState::on_hold;
        case DeviceState::busy: return ExtensionState::busy;
        case DeviceState::invalid:
        case DeviceState::unavailable: return ExtensionState::unavailable;
        case DeviceState::ring_in_use: return ExtensionState::in_use_ringing;
        case DeviceState::ringing: return ExtensionState::ringing;
        case DeviceState::in_use: return ExtensionState::in_use;
        case DeviceState::unknown:
        case DeviceState::not_in_use: return ExtensionState::not_in_use;
    }
    return ExtensionState::not_in_use;
}

std::optional<std::string> hint_text(std::string_view context, std::string_view extension) {
    const auto plan = current_dialplan();
    const Priority* hint = plan->hint(context, extension);
    if (!hint) return {};
    std::string text = evaluate(*hint, context, extension);
    text.resize(std::min(text.size(), text.find('(')));
    return text;
}

std::optional<std::string> hint_name(std::string_view context, std::string_view extension) {
    const auto plan = current_dialplan();
    const Priority* hint = plan->hint(context, extension);
    if (!hint) return {};
    const std::string text = evaluate(*hint, context, extension);
    const auto open = text.find('('), close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close < open) return std::string();
    return text.substr(open + 1, close - open - 1);
}

Result<ExtensionState> extension_state(std::string_view context, std::string_view extension) {
    const auto text = hint_text(context, extension);
    if (!text) return fail(ErrorCode::not_found, "{}@{} has no hint", extension, context);
    return extension_state_of(state_of(devices_of(*text)));
}

HintWatch::HintWatch(std::string context, std::string extension, Changed changed)
    : watcher_(std::make_unique<HintWatcher>(HintWatcher{std::move(context), std::move(extension), std::move(changed), nullptr})) {
    if (auto& table = HintTable::instance()) table->add(*watcher_);
}

HintWatch::~HintWatch() {
    if (auto& table = HintTable::instance(); table && watcher_->entry) table->remove(*watcher_);
}

ExtensionState HintWatch::state() const {
    return HintTable::instance() && watcher_->entry ? watcher_->entry->state : ExtensionState::removed;
}

std::string_view HintWatch::text() const {
    if (!HintTable::instance() || !watcher_->entry || watcher_->entry->state == ExtensionState::removed) return {};
    return watcher_->entry->text;
}

std::vector<HintSummary> list_hints() {
    auto& table = HintTable::instance();
    if (!table) return {};
    table->refresh();
    return table->list();
}

void start_hints() { HintTable::instance() = std::make_unique<HintTable>(); }
void end_hints() { HintTable::instance().reset(); }

}  // namespace jackfield
