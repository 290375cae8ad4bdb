// Going through all channels by code that waits: long listings of the console and of management interfaces.
#pragma once

#include <functional>

#include "core/base/result.hpp"

namespace jackfield {

class Channel;

// Calls `visit` for every channel that there is when its turn comes, in order of creation. Waits: `visit` may, and after each
// slice of 32 others run; channels that come or end meanwhile do no harm, and the one that is visited is kept alive.
// Control thread, on a fiber. Errors: the first that `visit` returns, which ends the walk; interruption.
Result<void> visit_channels(const std::function<Result<void>(Channel&)>& visit);

}  // namespace jackfield
