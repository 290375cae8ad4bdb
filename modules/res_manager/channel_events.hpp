// Events of channels, dialing, bridges and transfers.
#pragma once

#include "core/module/module.hpp"

namespace jackfield::manager {

class Server;

Result<void> add_channel_events(Module& module, Server& server);
Result<void> add_bridge_events(Module& module, Server& server);

}  // namespace jackfield::manager
