// CLI commands that show the objects of pjsip.conf one by one.
#pragma once

#include "channels/sip/ua/driver.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {

// pjsip show auths|auth|aor|contact|identifies|identify|transport|channels|settings, pjsip qualify.
Result<void> add_object_commands(Module& module, UserAgent& agent, Registrar& registrar);

}  // namespace jackfield::sip
