// Dialplan functions of SIP.
#pragma once

#include "channels/sip/ua/registrar.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// PJSIP_HEADER, PJSIP_HEADERS, PJSIP_DIAL_CONTACTS, PJSIP_ENDPOINT, PJSIP_AOR. The objects must outlive the module's use.
Result<void> add_functions(Module& module, UserAgent& agent, Registrar& registrar);

}  // namespace jackfield::sip
