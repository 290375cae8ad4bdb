// CoreSettings, CoreStatus, CoreShowChannels, CoreShowChannelMap, Reload, ModuleLoad, ModuleCheck, LoggerRotate.
#include <fmt/chrono.h>

#include <algorithm>
#include <array>

#include "core/base/generation.hpp"
#include "core/base/log_sink.hpp"
#include "core/bridge/bridge.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/console/daemon_control.hpp"
#include "core/console/version.hpp"
#include "core/module/loader.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

Result<DaemonControl*> daemon() {
    DaemonControl* control = DaemonControl::instance();
    if (!control) return fail(ErrorCode::failed, "There is no daemon");
    return control;
}

bool realtime_loaded() {
    constexpr std::array<std::string_view, 5> drivers{"res_config_sqlite3", "res_config_pgsql", "res_config_odbc", "res_config_ldap", "res_config_curl"};
    return std::ranges::any_of(drivers, [](std::string_view name) { return ModuleLoader::instance()->loaded(name); });
}

Result<void> core_settings(const ManagerRequest&, ManagerReply& reply) {
    const DaemonOptions& options = JF_TRY(daemon())->settings().options;
    const auto registered = [&](std::string_view module) {
        return ModuleLoader::instance()->loaded(module) ? "Yes" : "No";
    };
    ManagerFields fields;
    fields.add("AMIversion", protocol_version).add("AsteriskVersion", version()).add("SystemName", system_name());
    fields.add("CoreMaxCalls", options.max_calls).add("CoreMaxLoadAvg", fmt::format("{:f}", options.max_load));
    fields.add("CoreRunUser", options.run_user).add("CoreRunGroup", options.run_group);
    fields.add("CoreMaxFilehandles", options.max_files).add("CoreRealTimeEnabled", realtime_loaded() ? "Yes" : "No");
    fields.add("CoreCDRenabled", registered("res_cdr")).add("CoreHTTPenabled", registered("res_http"));
    fields.add("SoundsSearchCustomDir", options.search_custom_sounds ? "Yes" : "No");
    reply.respond("Success", fields);
    return {};
}

std::string local(WallTime at, const char* format) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return fmt::format(fmt::runtime(format), parts);
}

Result<void> core_status(const ManagerRequest&, ManagerReply& reply) {
    const DaemonControl* control = JF_TRY(daemon());
    ManagerFields fields;
    for (const auto& [name, at] : {std::pair("CoreStartup", control->started_at()), std::pair("CoreReload", control->last_reload_at())}) {
        fields.add(std::string(name) + "Date", local(at, "{:%Y-%m-%d}"));
        fields.add(std::string(name) + "Time", local(at, "{:%H:%M:%S}"));
    }
    fields.add("CoreCurrentCalls", channel_count()).add("CoreProcessedCalls", calls_processed());
    reply.respond("Success", fields);
    return {};
}

std::string clock_text(WallTime since) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(wall_now() - since).count();
    return fmt::format("{:02}:{:02}:{:02}", age / 3600, age / 60 % 60, age % 60);
}

ManagerFields shown_channel(const Server& server, Channel& channel) {
    ManagerFields fields;
    add_channel(fields, server, channel);
    fields.add("BridgeId", channel.bridge() ? channel.bridge()->id() : std::string());
    fields.add("Application", channel.application).add("ApplicationData", channel.application_arguments);
    fields.add("Duration", clock_text(channel.created()));
    return fields;
}

Result<void> show_channels(const ManagerRequest&, ManagerReply& reply) {
    const Server& server = static_cast<SessionReply&>(reply).server;
    reply.begin_list("Channels will follow");
    JF_TRY(visit_channels([&](Channel& channel) -> Result<void> { return reply.item("CoreShowChannel", shown_channel(server, channel)); }));
    reply.end_list("CoreShowChannelsComplete");
    return {};
}

// The other half of a Local channel: "...;2" of "...;1".
Channel* other_half(const Channel& channel) {
    std::string name = channel.name();
    if (!name.ends_with(";1") && !name.ends_with(";2")) return nullptr;
    name.back() = name.back() == '1' ? '2' : '1';
    return find_channel(name);
}

// By way of bridges and Local channels, nearest first; at most `limit`.
std::vector<Channel*> connected_channels(Channel& from, std::size_t limit) {
    std::vector<Channel*> found{&from};
    const auto add = [&](Channel* channel) {
        if (channel && found.size() <= limit && std::ranges::find(found, channel) == found.end()) found.push_back(channel);
    };
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (const Bridge* bridge = found[at]->bridge())
            for (Channel* member : bridge->members()) add(member);
        add(other_half(*found[at]));
    }
    found.erase(found.begin());
    return found;
}

Result<void> show_channel_map(const ManagerRequest& request, ManagerReply& reply) {
    constexpr std::size_t most_shown = 1000;
    const Server& server = static_cast<SessionReply&>(reply).server;
    Channel& channel = JF_TRY(channel_of(request));
    std::vector<ManagerFields> all;
    for (Channel* each : connected_channels(channel, most_shown)) all.push_back(shown_channel(server, *each));
    reply.begin_list("Channels will follow");
    for (const ManagerFields& fields : all) JF_TRY(reply.item("CoreShowChannel", fields));
    reply.end_list("CoreShowChannelMapComplete");
    return {};
}

Result<void> reload(const ManagerRequest& request, ManagerReply& reply) {
    const std::string module(request.get("Module"));
    auto done = module.empty() ? JF_TRY(daemon())->reload_all() : ModuleLoader::instance()->reload(module);
    if (!done && done.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "No such module: {}", module);
    JF_TRY(std::move(done));
    if (!module.empty()) publish(DaemonReloaded{module, true});  // reload_all tells it by itself
    reply.success("Module Reloaded");
    return {};
}

Result<void> module_load(const ManagerRequest& request, ManagerReply& reply) {
    const std::string type(request.get("LoadType")), module(request.get("Module"));
    ModuleLoader& loader = *ModuleLoader::instance();
    if (equals_ignoring_case(type, "reload")) {
        if (module.empty()) return reload(request, reply);
        JF_TRY(loader.reload(module));
        publish(DaemonReloaded{module, true});
        reply.success("Module reloaded.");
        return {};
    }
    if (module.empty()) return fail(ErrorCode::invalid, "Need module name.");
    if (module == "res_manager" || module == "res_manager.so")
        return fail(ErrorCode::refused, "res_manager can't be loaded or unloaded through itself");
    if (equals_ignoring_case(type, "load")) {
        JF_TRY(loader.load(module));
        reply.success("Module loaded.");
    } else if (equals_ignoring_case(type, "unload")) {
        JF_TRY(loader.unload(module));
        reply.success("Module unloaded.");
    } else if (equals_ignoring_case(type, "refresh")) {
        JF_TRY(loader.unload(module));
        JF_TRY(loader.load(module));
        reply.success("Module loaded.");
    } else {
        return fail(ErrorCode::invalid, "LoadType is load, unload, reload or refresh");
    }
    return {};
}

Result<void> module_check(const ManagerRequest& request, ManagerReply& reply) {
    std::string module = JF_TRY(needed(request, "Module"));
    if (module.ends_with(".so")) module.resize(module.size() - 3);
    if (!ModuleLoader::instance()->loaded(module)) return fail(ErrorCode::not_found, "Module not loaded");
    reply.respond("Success", ManagerFields().add("Version", ""));
    return {};
}

Result<void> logger_rotate(const ManagerRequest&, ManagerReply& reply) {
    JF_TRY(rotate_log());
    reply.success("Reloaded the logger and rotated log files");
    return {};
}

using namespace manager_class;
constexpr std::array all_core_actions{
    ActionEntry{{"CoreSettings", system | reporting, "Show version, limits and names of the daemon", "No fields."}, core_settings},
    ActionEntry{{"CoreStatus", system | reporting, "Show since when the daemon runs and its calls", "No fields."}, core_status},
    ActionEntry{{"CoreShowChannels", system | reporting, "List the channels", "A CoreShowChannel for each."}, show_channels},
    ActionEntry{{"CoreShowChannelMap", system | reporting, "List the channels that one is connected with",
                 "Channel. By way of bridges and of the halves of Local channels; a CoreShowChannel for each, at most 1000."},
                show_channel_map},
    ActionEntry{{"Reload", system | config, "Read configuration anew", "Module; everything when it is left out."}, reload},
    ActionEntry{{"ModuleLoad", system, "Load, unload or reload a module",
                 "LoadType: load, unload, reload or refresh. Module: its name."}, module_load},
    ActionEntry{{"ModuleCheck", system, "See whether a module is loaded", "Module: its name."}, module_check},
    ActionEntry{{"LoggerRotate", system, "Begin new log files", "No fields."}, logger_rotate},
};

}  // namespace

std::span<const ActionEntry> core_actions() { return all_core_actions; }

}  // namespace jackfield::manager
