// CLI commands of capture files: channel capture start, channel capture stop, channel show captures.
#pragma once

#include "channels/sip/ua/call_capture.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

Result<void> add_capture_commands(Module& module, CallCaptures& captures);

}  // namespace jackfield::sip
