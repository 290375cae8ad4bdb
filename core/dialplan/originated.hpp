// What a call does that was originated, once it has been answered.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/channel/custody.hpp"

namespace jackfield {

// Runs the application on a fiber of the call's own and hangs up then; where the call is sent elsewhere meanwhile, the dialplan takes
// it over. Never waits. Errors: limit (of fibers; the call is hung up).
Result<void> start_application(Custody custody, std::string application, std::string arguments);

}  // namespace jackfield
