// ExtensionState, ExtensionStateList, DeviceStateList, ShowDialPlan.
#include <array>
#include <set>

#include "core/channel/device_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/hints.hpp"
#include "core/runtime/fiber.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"

namespace jackfield::manager {
namespace {

// --- states --------------------------------------------------------------------------------------------------------------

Result<void> extension_state_of(const ManagerRequest& request, ManagerReply& reply) {
    const std::string extension = JF_TRY(needed(request, "Exten"));
    const std::string context = request.get("Context").empty() ? std::string("default") : std::string(request.get("Context"));
    const auto hint = hint_text(context, extension);
    const auto state = extension_state(context, extension);
    ManagerFields fields;
    fields.add("Message", "Extension Status").add("Exten", extension).add("Context", context).add("Hint", hint.value_or(""));
    fields.add("Status", state ? static_cast<int>(*state) : -1).add("StatusText", state ? to_string(*state) : "Unknown");
    reply.respond("Success", fields);
    return {};
}

Result<void> extension_states(const ManagerRequest&, ManagerReply& reply) {
    const auto hints = list_hints();
    reply.begin_list("Extension Statuses will follow");
    for (const HintSummary& hint : hints) {
        ManagerFields fields;
        fields.add("Exten", hint.extension).add("Context", hint.context).add("Hint", hint.hint);
        fields.add("Status", static_cast<int>(hint.state)).add("StatusText", to_string(hint.state));
        JF_TRY(reply.item("ExtensionStatus", fields));
    }
    reply.end_list("ExtensionStateListComplete");
    return {};
}

// Devices that drivers know, and those that hints name.
Result<void> device_states(const ManagerRequest&, ManagerReply& reply) {
    std::set<std::string> names;
    for (const auto* slot : channel_drivers().list())
        for (const std::string& device : (*slot->value)->devices()) names.insert(fmt::format("{}/{}", slot->name, device));
    for (const HintSummary& hint : list_hints())
        for (const std::string_view device : split_list(split_once(hint.hint, ',').first, '&')) names.emplace(device);
    reply.begin_list("Device State Changes will follow");
    for (const std::string& name : names)
        JF_TRY(reply.item("DeviceStateChange", ManagerFields().add("Device", name).add("State", to_string(device_state(name)))));
    reply.end_list("DeviceStateListComplete");
    return {};
}

// --- the plan --------------------------------------------------------------------------------------------------------------

// Gathers contexts, then sends: sending may wait, and a plan's walk can't.
struct PlanListing {
    std::vector<ManagerFields> lines;
    std::size_t contexts = 0, extensions = 0, priorities = 0;

    void add(const Extension& extension, const Context& context) {
        ++extensions;
        for (const auto& step : extension.steps) {
            ++priorities;
            const Priority& priority = *step.priority;
            ManagerFields fields;
            fields.add("Context", context.name);
            std::string name(extension.pattern.text());
            if (extension.caller_id) name.append("/").append(extension.caller_id->text());
            fields.add("Extension", name);
            if (!priority.label.empty()) fields.add("ExtensionLabel", priority.label);
            if (step.number == hint_priority)
                fields.add("Priority", "hint").add("Application", priority.arguments.source_text());
            else
                fields.add("Priority", step.number).add("Application", priority.application.text())
                    .add("AppData", priority.arguments.source_text());
            lines.push_back(fields.add("Registrar", priority.registrar.text()));
        }
    }
    void add(const Context& context, std::string_view wanted) {
        ++contexts;
        context.extensions.for_each([&](const Extension& extension) {
            if (wanted.empty() || extension.pattern.matches(wanted) || extension.pattern.text() == wanted) add(extension, context);
        });
        if (!wanted.empty()) return;
        const auto line = [&](std::string_view kind, std::string_view value, const PlanOrigin& origin) {
            lines.push_back(ManagerFields().add("Context", context.name).add(kind, value).add("Registrar", origin.registrar.text()));
        };
        for (const Include& include : context.includes) line("IncludeContext", include.text, include.origin);
        for (const Switch& entry : context.switches) line("Switch", fmt::format("{}/{}", entry.name, entry.data), entry.origin);
        for (const IgnorePattern& entry : context.ignore_patterns) line("IgnorePattern", entry.pattern.text(), entry.origin);
    }
};

Result<void> show_plan(const ManagerRequest& request, ManagerReply& reply) {
    const auto plan = current_dialplan();
    std::vector<const Context*> contexts;
    if (const std::string_view name = request.get("Context"); name.empty()) {
        contexts = plan->contexts();
    } else {
        const Context* context = plan->context(name);
        if (!context) return fail(ErrorCode::not_found, "Did not find context {}", name);
        contexts.push_back(context);
    }
    PlanListing listing;
    reply.begin_list("DialPlan list will follow");
    for (const Context* context : contexts) {
        listing.add(*context, request.get("Extension"));
        for (const ManagerFields& line : std::exchange(listing.lines, {})) JF_TRY(reply.item("ListDialplan", line));
        JF_TRY(yield());
    }
    ManagerFields totals;
    totals.add("ListExtensions", listing.extensions).add("ListPriorities", listing.priorities).add("ListContexts", listing.contexts);
    reply.end_list("ShowDialPlanComplete", totals);
    return {};
}

using namespace manager_class;
constexpr std::array all_dialplan_actions{
    ActionEntry{{"ExtensionState", call | reporting, "Tell the state of a hint", "Exten, Context. Status is -1 without a hint."},
                extension_state_of},
    ActionEntry{{"ExtensionStateList", call | reporting, "List the hints with their states", "Every hint."}, extension_states},
    ActionEntry{{"DeviceStateList", call | reporting, "List devices with their states", "Devices of drivers and of hints."},
                device_states},
    ActionEntry{{"ShowDialPlan", config | reporting, "List the dialplan", "Context and Extension select."}, show_plan},
};

}  // namespace

std::span<const ActionEntry> dialplan_actions() { return all_dialplan_actions; }

}  // namespace jackfield::manager
