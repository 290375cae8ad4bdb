// CLI commands of the message history: pjsip set history, pjsip show history, channel show ladder.
#pragma once

#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/message_history.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

Result<void> add_history_commands(Module& module, MessageHistory& history);

}  // namespace jackfield::sip
