// Going through channels: all of them by code that waits (long listings of the console and of management interfaces), and those of
// one device.
#pragma once

#include <functional>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

class Channel;

// Calls `visit` for the channels of a device ("PJSIP/6001", letter case aside), in order of their names. It must neither end nor
// rename any. Takes the time of those channels, not of all. Control thread; never waits.
void for_each_channel_of(std::string_view device, const std::function<void(Channel&)>& visit);

// Calls `visit` for every channel that there is when its turn comes, in order of creation. Waits: `visit` may, and after each
// slice of 32 others run; channels that come or end meanwhile do no harm, and the one that is visited is kept alive.
// Control thread, on a fiber. Errors: the first that `visit` returns, which ends the walk; interruption.
Result<void> visit_channels(const std::function<Result<void>(Channel&)>& visit);

}  // namespace jackfield
