// CLI commands of our subscriptions and publications at other servers.
#pragma once

#include "channels/sip/ua/outbound_publications.hpp"
#include "channels/sip/ua/outbound_subscriptions.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// pjsip show subscriptions outbound, pjsip show publications outbound.
Result<void> add_outbound_event_commands(Module& module, OutboundSubscriptions& subscriptions, OutboundPublications& publications);

}  // namespace jackfield::sip
