// Dialplan functions about one SIP call, and PJSIPHangup.
#pragma once

#include "channels/sip/ua/registrar.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// PJSIP_HEADER_PARAM, PJSIP_INHERITABLE_HEADER, PJSIP_RESPONSE_HEADER, PJSIP_RESPONSE_HEADERS, PJSIP_CONTACT, PJSIPHangup.
// The objects must outlive the module's use.
Result<void> add_call_functions(Module& module, UserAgent& agent, Registrar& registrar);

}  // namespace jackfield::sip
