// res_manager - the manager interface (AMI) over TCP and HTTP: actions, events, manager.conf.
#include <utility>

#include "core/module/module_config.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_events.hpp"
#include "modules/res_manager/http.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/system_events.hpp"

using namespace jackfield;

namespace jackfield::manager {

Result<void> add_actions(Module& module, Server& server, std::span<const ActionEntry> actions) {
    for (const ActionEntry& action : actions) module.keep(JF_TRY(server.add(module, action.info, action.run)));
    return {};
}

namespace {

Result<void> load(Module& module) {
    auto& server = module.own<Server>(module);
    for (const auto& actions : {session_actions(), core_actions(), channel_actions(), originate_actions(), transfer_actions(),
                                bridge_actions(), database_actions(), dialplan_actions(), config_actions(), message_actions()})
        JF_TRY(add_actions(module, server, actions));
    JF_TRY(add_system_events(module, server));
    JF_TRY(add_channel_events(module, server));
    JF_TRY(add_bridge_events(module, server));
    JF_TRY(add_commands(module, server));
    JF_TRY(module.provide<ManagerService>(server));
    JF_TRY(module.own<HttpFront>(server).add_routes(module));
    module.on_unload([&server] { return server.stop(); });
    module.on_reload([&server]() -> Result<void> {
        server.listen();  // again, when an unload was refused
        return server.renew_certificate();
    });
    return module.add(ConfigFileSpec{
        .file = "manager.conf",
        .prepare = [&server](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&server, settings = read_settings(file, findings)]() mutable { server.set(std::move(settings)); };
        }});
}

}  // namespace
}  // namespace jackfield::manager

JACKFIELD_MODULE("res_manager", "Asterisk Manager Interface", jackfield::manager::load, "res_http");
