// /asterisk: the system, its modules, its log and global variables.
#include <sys/utsname.h>

#include <algorithm>

#include "core/base/log_sink.hpp"
#include "core/console/daemon_control.hpp"
#include "core/console/version.hpp"
#include "core/dialplan/executor.hpp"
#include "core/module/loader.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

Answer info(Request& request) {
    const DaemonControl* daemon = DaemonControl::instance();
    if (!daemon) return error(500, "The daemon is not there");
    const auto only = request.all("only");
    const auto wanted = [&](std::string_view part) {
        return only.empty() || std::ranges::find(only, part) != only.end();
    };
    for (const std::string& part : only)
        if (part != "build" && part != "system" && part != "config" && part != "status")
            return error(400, "Invalid parameter value for only: " + part);
    JsonObject object;
    if (wanted("build")) {
        utsname machine{};
        ::uname(&machine);
        object["build"] = JsonObject{{"os", to_json(machine.sysname)},
                                     {"kernel", to_json(machine.release)},
                                     {"options", to_json(build_details())},
                                     {"machine", to_json(machine.machine)},
                                     {"date", ""},
                                     {"user", ""}};
    }
    if (wanted("system"))
        object["system"] = JsonObject{{"version", to_json(version())}, {"entity_id", to_json(system_id())}};
    if (wanted("config")) {
        const DaemonOptions& options = daemon->settings().options;
        JsonObject config;
        config["name"] = options.effective_system_name();
        config["default_language"] = options.default_language;
        if (options.max_calls) config["max_channels"] = options.max_calls;
        if (options.max_files) config["max_open_files"] = options.max_files;
        if (options.max_load > 0) config["max_load"] = options.max_load;
        config["setid"] = JsonObject{{"user", to_json(options.run_user)}, {"group", to_json(options.run_group)}};
        object["config"] = std::move(config);
    }
    if (wanted("status"))
        object["status"] = JsonObject{{"startup_time", to_json(json_time(daemon->started_at()))},
                                      {"last_reload_time", to_json(json_time(daemon->last_reload_at()))}};
    return ok(std::move(object));
}

Answer ping(Request&) {
    return ok(JsonObject{
        {"asterisk_id", to_json(system_id())}, {"ping", "pong"}, {"timestamp", to_json(json_time(wall_now()))}});
}

// --- modules -------------------------------------------------------------------------------------------------------

std::string module_name(std::string name) {
    if (name.ends_with(".so")) name.resize(name.size() - 3);
    return name;
}

JsonObject module_json(const ModuleSummary& module) {
    return {{"name", to_json(module.name + ".so")},
            {"description", to_json(module.description)},
            {"use_count", module.uses},
            {"status", to_json(module.status)},
            {"support_level", "core"}};
}

Answer list_modules(Request&) {
    JsonArray all;
    for (const ModuleSummary& module : ModuleLoader::instance()->list()) all.emplace_back(module_json(module));
    return ok(std::move(all));
}

Answer get_module(Request& request) {
    const std::string name = module_name(request.get("moduleName"));
    for (const ModuleSummary& module : ModuleLoader::instance()->list())
        if (module.name == name) return ok(module_json(module));
    return error(404, "Module could not be found in running modules.");
}

// The interface can't be unloaded by a request that it carries.
bool is_own(std::string_view name) { return name == "res_ari" || name == "res_http"; }

Answer load_module(Request& request) {
    const std::string name = module_name(request.get("moduleName"));
    if (ModuleLoader::instance()->loaded(name)) return error(409, "Module is already loaded.");
    const auto loaded = ModuleLoader::instance()->load(name);
    return loaded ? done() : error(409, loaded.error().text);
}

Answer unload_module(Request& request) {
    const std::string name = module_name(request.get("moduleName"));
    if (!ModuleLoader::instance()->loaded(name)) return error(404, "Module not found in running modules.");
    if (is_own(name)) return error(409, "This module carries the request; unload it at the console.");
    const auto unloaded = ModuleLoader::instance()->unload(name);
    return unloaded ? done() : error(409, unloaded.error().text);
}

Answer reload_module(Request& request) {
    const std::string name = module_name(request.get("moduleName"));
    if (!ModuleLoader::instance()->loaded(name)) return error(404, "Module not found in running modules.");
    const auto reloaded = ModuleLoader::instance()->reload(name);
    return reloaded ? done() : error(409, reloaded.error().text);
}

// --- log -----------------------------------------------------------------------------------------------------------

Answer list_log(Request&) {
    JsonArray all;
    for (const LogSinkStatus& sink : log_sinks())
        all.emplace_back(JsonObject{{"channel", to_json(sink.path.empty() ? sink.name : sink.path)},
                                    {"type", to_json(sink.kind)},
                                    {"status", sink.enabled ? "Enabled" : "Disabled"},
                                    {"configuration", to_json(sink.levels)}});
    return ok(std::move(all));
}

Answer add_log(Request& request) {
    const LogSinkSettings wanted{request.get("logChannelName"), request.get("configuration")};
    if (auto checked = check_log_sink(wanted); !checked) return error(400, checked.error().text);
    const auto added = add_log_sink(wanted);
    return added ? done() : error(409, added.error().text);
}

Answer remove_log(Request& request) {
    const auto removed = remove_log_sink(request.get("logChannelName"));
    return removed ? done() : error(404, "Log channel does not exist");
}

Answer rotate_log_channel(Request& request) {
    const auto rotated = rotate_log(request.get("logChannelName"));
    return rotated ? done() : error(404, "Log channel does not exist");
}

// --- global variables ----------------------------------------------------------------------------------------------

Answer get_global(Request& request) {
    const std::string name = request.get("variable");
    if (name.empty() || name.contains('(')) return error(400, "A variable's name is expected");
    const std::string* value = global_variables().find(name);
    return ok(JsonObject{{"value", to_json(value ? std::string_view(*value) : std::string_view())}});
}

Answer set_global(Request& request) {
    const std::string name = request.get("variable");
    if (name.empty() || name.contains('(')) return error(400, "A variable's name is expected");
    global_variables().set(name, request.get("value"));
    return done();
}

const Parameter module{.in = In::path, .name = "moduleName", .required = true};
const Parameter log_channel{.in = In::path, .name = "logChannelName", .required = true};

}  // namespace

std::span<const Operation> asterisk_operations() {
    static const std::vector<Operation> operations{
        {"GET",
         "/asterisk/info",
         "getInfo",
         "AsteriskInfo",
         "What system this is",
         {{.name = "only", .multiple = true}},
         info},
        {"GET", "/asterisk/ping", "ping", "AsteriskPing", "Whether it answers", {}, ping},
        {"GET", "/asterisk/modules", "listModules", "List[Module]", "Modules that are loaded", {}, list_modules},
        {"GET", "/asterisk/modules/{moduleName}", "getModule", "Module", "One module", {module}, get_module},
        {"POST", "/asterisk/modules/{moduleName}", "loadModule", "void", "Load a module", {module}, load_module},
        {"DELETE",
         "/asterisk/modules/{moduleName}",
         "unloadModule",
         "void",
         "Unload a module",
         {module},
         unload_module},
        {"PUT", "/asterisk/modules/{moduleName}", "reloadModule", "void", "Reload a module", {module}, reload_module},
        {"GET", "/asterisk/logging", "listLogChannels", "List[LogChannel]", "Where the log goes", {}, list_log},
        {"POST",
         "/asterisk/logging/{logChannelName}",
         "addLog",
         "void",
         "Write the log somewhere else too",
         {log_channel, {.name = "configuration", .required = true}},
         add_log},
        {"DELETE",
         "/asterisk/logging/{logChannelName}",
         "deleteLog",
         "void",
         "Write it there no longer",
         {log_channel},
         remove_log},
        {"PUT",
         "/asterisk/logging/{logChannelName}/rotate",
         "rotateLog",
         "void",
         "Begin a new log file",
         {log_channel},
         rotate_log_channel},
        {"GET",
         "/asterisk/variable",
         "getGlobalVar",
         "Variable",
         "A global variable",
         {{.name = "variable", .required = true}},
         get_global},
        {"POST",
         "/asterisk/variable",
         "setGlobalVar",
         "void",
         "Set a global variable",
         {{.name = "variable", .required = true}, {.name = "value"}},
         set_global},
    };
    return operations;
}

}  // namespace jackfield::ari
