// CLI commands that print packets: rtp set debug, rtcp set debug, rtcp set stats.
#pragma once

#include <functional>

#include "core/module/module.hpp"
#include "modules/res_rtp/packet_log.hpp"

namespace jackfield::rtp {

// `print` is called with what is to be printed from now on, of all sessions.
Result<void> add_debug_commands(Module& module, std::function<void(const PacketLog::Settings&)> print);

}  // namespace jackfield::rtp
