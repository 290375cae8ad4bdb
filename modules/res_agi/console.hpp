// What res_agi adds to consoles.
#pragma once

#include "core/module/module.hpp"
#include "modules/res_agi/async.hpp"

namespace jackfield::agi {

Result<void> add_console_commands(Module& module, AsyncCalls& async);

}  // namespace jackfield::agi
