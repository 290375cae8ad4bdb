// CLI commands of our registrations at other registrars.
#pragma once

#include "channels/sip/ua/outbound_registrations.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// pjsip show registrations|registration, pjsip send register|unregister.
Result<void> add_registration_commands(Module& module, UserAgent& agent, OutboundRegistrations& registrations);

// "Registered        (exp. 3574s)": state and time as the listings have it.
std::string status_text(const OutboundRegistrations::Summary& summary);

}  // namespace jackfield::sip
