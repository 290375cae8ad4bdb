// Events of the daemon, of devices, of extensions' hints, and of the dialplan's own.
#pragma once

#include <string>

#include "core/module/module.hpp"

namespace jackfield::manager {

class Server;

Result<void> add_system_events(Module& module, Server& server);
// FullyBooted as a whole event, for a session that logs in later.
std::string fully_booted_event();

}  // namespace jackfield::manager
