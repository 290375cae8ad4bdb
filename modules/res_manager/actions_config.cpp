// GetConfig, GetConfigJSON, ListCategories.
#include <array>

#include "core/console/daemon_control.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/offload.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"

namespace jackfield::manager {
namespace {

// Waits for the disk. Errors: not_found, refused (outside of the configuration folder), invalid (findings).
Result<std::shared_ptr<const ConfigFile>> read(const ManagerRequest& request) {
    const std::string name = JF_TRY(needed(request, "Filename"));
    const DaemonControl* daemon = DaemonControl::instance();
    const bool anywhere = daemon && daemon->settings().options.live_dangerously;
    if (!anywhere && (name.starts_with('/') || name.contains("..")))
        return fail(ErrorCode::refused, "File requires escalated privileges");
    ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "There is no configuration");
    Diagnostics findings;
    auto file = JF_TRY(offload([&] { return std::make_shared<const ConfigFile>(manager->read(name, findings)); }));
    if (!file->exists()) return fail(ErrorCode::not_found, "Config file not found");
    JF_TRY(findings.to_result());
    return file;
}

bool selects(const ManagerRequest& request, const ConfigCategory& category) {
    const std::string_view wanted = request.get("Category");
    return wanted.empty() || equals_ignoring_case(wanted, category.name());
}

Result<void> get_config(const ManagerRequest& request, ManagerReply& reply) {
    const auto file = JF_TRY(read(request));
    ManagerFields fields;
    std::size_t number = 0;
    for (const ConfigCategory& category : file->categories()) {
        if (!selects(request, category)) continue;
        fields.add(fmt::format("Category-{:06}", number), category.name());
        if (category.is_template()) fields.add(fmt::format("IsTemplate-{:06}", number), 1);
        std::string bases;
        for (const std::string_view base : category.bases()) bases.append(bases.empty() ? "" : ",").append(base);
        if (!bases.empty()) fields.add(fmt::format("Templates-{:06}", number), bases);
        std::size_t line = 0;
        for (const ConfigEntry& entry : category.entries()) {
            if (entry.inherited) continue;
            fields.add(fmt::format("Line-{:06}-{:06}", number, line++), fmt::format("{}={}", entry.key, entry.value));
        }
        ++number;
    }
    if (number == 0 && !request.get("Category").empty()) return fail(ErrorCode::not_found, "No category found");
    reply.respond("Success", fields);
    return {};
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", json_escape(text)); }

Result<void> get_config_json(const ManagerRequest& request, ManagerReply& reply) {
    const auto file = JF_TRY(read(request));
    std::string json = "{";
    for (const ConfigCategory& category : file->categories()) {
        if (!selects(request, category)) continue;
        json.append(json.size() > 1 ? "," : "").append(quoted(category.name())).append(":{");
        bool first = true;
        for (const ConfigEntry& entry : category.entries()) {
            json.append(std::exchange(first, false) ? "" : ",").append(quoted(entry.key)).append(":").append(quoted(entry.value));
        }
        json += "}";
    }
    reply.respond("Success", ManagerFields().add("JSON", json + "}"));
    return {};
}

Result<void> list_categories(const ManagerRequest& request, ManagerReply& reply) {
    const auto file = JF_TRY(read(request));
    ManagerFields fields;
    std::size_t number = 0;
    for (const ConfigCategory& category : file->categories()) fields.add(fmt::format("Category-{:06}", number++), category.name());
    if (number == 0) return fail(ErrorCode::not_found, "Error: no categories");
    reply.respond("Success", fields);
    return {};
}

using namespace manager_class;
constexpr std::array actions{
    ActionEntry{{"GetConfig", system | config, "Read a configuration file",
                 "Filename, within the configuration folder. Category selects one."},
                get_config},
    ActionEntry{{"GetConfigJSON", system | config, "Read a configuration file as JSON", "Filename. Category selects one."},
                get_config_json},
    ActionEntry{{"ListCategories", config, "List the sections of a configuration file", "Filename."}, list_categories},
};

}  // namespace

std::span<const ActionEntry> config_actions() { return actions; }

}  // namespace jackfield::manager
