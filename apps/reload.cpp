// Reload: read a module's configuration anew from the dialplan.
#include "core/console/daemon_control.hpp"
#include "core/module/loader.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "Reload",
                               .syntax = "Reload([module])",
                               .synopsis = "Read the configuration of a module, or of all, anew",
                               .text = "The call waits until it is done. RELOADSTATUS is then SUCCESS, NOT_FOUND (no such module is loaded) "
                                       "or ERROR (its configuration has a mistake; the log says where)."};

Result<void> reload(Channel& channel, const Arguments& arguments) {
    std::string_view name = trim(arguments[0]);
    if (name.ends_with(".so")) name.remove_suffix(3);
    Result<void> done;
    if (name.empty()) {
        if (DaemonControl* daemon = DaemonControl::instance()) done = daemon->reload_all();
    } else {
        ModuleLoader* loader = ModuleLoader::instance();
        done = loader && loader->loaded(name) ? loader->reload(name) : Result<void>(fail(ErrorCode::not_found, "{} is not loaded", name));
    }
    if (!done && ends_application(done.error().code)) return done;
    if (!done) log_warning("Reload({}): {}", name, done.error().text);
    channel.set_variable("RELOADSTATUS", done ? "SUCCESS" : done.error().code == ErrorCode::not_found ? "NOT_FOUND" : "ERROR");
    return {};
}

Result<void> load(Module& module) { return module.add(info, reload); }

}  // namespace

JACKFIELD_MODULE("app_reload", "Reload module(s)", load)
