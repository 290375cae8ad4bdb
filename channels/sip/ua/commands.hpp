// CLI commands of SIP.
#pragma once

#include "channels/sip/ua/driver.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// pjsip show endpoints|endpoint|aors|contacts|transports, pjsip set logger.
Result<void> add_commands(Module& module, UserAgent& agent, Registrar& registrar, SipDriver& driver, Notifier& notifier);

}  // namespace jackfield::sip
