// ExtensionState, ExtensionStateList, DeviceStateList, ShowDialPlan, DialplanExtensionAdd, DialplanExtensionRemove.
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

// --- changes ---------------------------------------------------------------------------------------------------------------

// Nothing: the field is left out. Errors: invalid.
Result<std::optional<int>> priority_of(const ManagerRequest& request) {
    const std::string_view text = request.get("Priority");
    if (text.empty()) return std::optional<int>();
    if (equals_ignoring_case(text, "hint")) return std::optional(hint_priority);
    const auto number = parse_number<int>(text);
    if (!number || *number < 1) return fail(ErrorCode::invalid, "The priority must be a number from 1, or hint, not '{}'", text);
    return number;
}

struct AddedExtension {
    std::string context, extension, caller_id, application, arguments;
    int priority = 0;
    bool by_caller = false, replace = false;
};

Result<void> add_extension(const ManagerRequest& request, ManagerReply& reply) {
    AddedExtension added{};
    added.context = JF_TRY(needed(request, "Context"));
    const std::string extension = JF_TRY(needed(request, "Extension"));
    const auto priority = JF_TRY(priority_of(request));
    if (!priority) return fail(ErrorCode::invalid, "Priority not specified");
    const Halves name = split_once(extension, '/');
    added.extension = name.first;
    added.caller_id = name.second;
    added.by_caller = name.found;
    added.priority = *priority;
    added.application = *priority == hint_priority ? std::string() : JF_TRY(needed(request, "Application"));
    added.arguments = *priority == hint_priority ? JF_TRY(needed(request, "Application")) : std::string(request.get("ApplicationData"));
    added.replace = parse_bool(request.get("Replace")).value_or(false);
    JF_TRY(change_dialplan([added](DialplanBuilder& builder) {  // by value: during a reload the change is made a second time
        ExtensionLine line{.context = added.context,
                           .extension = added.extension,
                           .priority = added.priority,
                           .application = added.application,
                           .arguments = added.arguments,
                           .origin = {file_registrar(), Name("manager"), 0}};
        if (added.by_caller) line.caller_id = added.caller_id;
        return builder.add(line, added.replace);
    }));
    reply.success("Added requested extension");
    return {};
}

Result<void> remove_extension(const ManagerRequest& request, ManagerReply& reply) {
    const std::string context = JF_TRY(needed(request, "Context")), extension = JF_TRY(needed(request, "Extension"));
    const auto priority = JF_TRY(priority_of(request));
    JF_TRY(change_dialplan([=](DialplanBuilder& builder) {
        const Halves name = split_once(extension, '/');
        return builder.remove(context, name.first, name.found ? std::optional<std::string_view>(name.second) : std::nullopt, priority);
    }));
    reply.success(priority ? "Removed the requested priority" : "Removed the requested extension");
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
    ActionEntry{{"DialplanExtensionAdd", system, "Add a priority to the dialplan",
                 "Context, Extension (with /caller, if only for him), Priority (or hint), Application, ApplicationData, Replace (yes: although "
                 "it is there). Gone after a reload."},
                add_extension},
    ActionEntry{{"DialplanExtensionRemove", system, "Remove an extension or a priority", "Context, Extension, Priority; without it, all of them."},
                remove_extension},
};

}  // namespace

std::span<const ActionEntry> dialplan_actions() { return all_dialplan_actions; }

}  // namespace jackfield::manager
