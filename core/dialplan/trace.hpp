// dialplan trace: the steps of calls with their values, as log lines that every console shows.
#pragma once

#include "core/channel/channel.hpp"

namespace jackfield {

// Switches it on or off for one channel, or for all with an empty id. A channel's ends with it. Costs nothing while it is
// off. Control thread.
void trace_dialplan(ChannelId channel, bool on);

}  // namespace jackfield
