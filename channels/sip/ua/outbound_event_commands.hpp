// CLI commands of our subscriptions at other servers.
#pragma once

#include "channels/sip/ua/outbound_subscriptions.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// pjsip show subscriptions outbound.
Result<void> add_outbound_event_commands(Module& module, OutboundSubscriptions& subscriptions);

}  // namespace jackfield::sip
