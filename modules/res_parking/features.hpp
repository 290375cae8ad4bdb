// What people do with parking lots: applications, the feature code, the manager, the console.
#pragma once

#include "core/module/module.hpp"
#include "modules/res_parking/lots.hpp"

namespace jackfield::parking {

Result<void> add_applications(Module& module, Lots& lots);  // Park, ParkedCall, ParkAndAnnounce, PARK_GET_CHANNEL, parkcall
Result<void> add_manager(Module& module, Lots& lots);
Result<void> add_commands(Module& module, const Lots& lots);

}  // namespace jackfield::parking
