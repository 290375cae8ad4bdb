// The actions that this module brings, by subject.
#pragma once

#include <span>

#include "core/module/module.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

class Server;

struct ActionEntry {
    ManagerActionInfo info;
    Result<void> (*run)(const ManagerRequest& request, ManagerReply& reply);
};
Result<void> add_actions(Module& module, Server& server, std::span<const ActionEntry> actions);

// One file each: actions_<subject>.cpp.
std::span<const ActionEntry> session_actions();
std::span<const ActionEntry> core_actions();
std::span<const ActionEntry> channel_actions();
std::span<const ActionEntry> originate_actions();
std::span<const ActionEntry> transfer_actions();
std::span<const ActionEntry> bridge_actions();
std::span<const ActionEntry> database_actions();
std::span<const ActionEntry> dialplan_actions();
std::span<const ActionEntry> config_actions();
std::span<const ActionEntry> message_actions();

// commands.cpp
Result<void> add_commands(Module& module, Server& server);

}  // namespace jackfield::manager
