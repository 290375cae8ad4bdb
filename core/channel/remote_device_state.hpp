// Device states that other servers tell: what device_state() gives is ours and theirs together, the busiest of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/driver.hpp"

namespace jackfield {

// `server`: who says so, by whatever name it is known. Subscribers hear of a change as of one here. Control thread; nothing waits.
// Errors: limit (200,000 of all servers), invalid (no TECHNOLOGY/NAME or PREFIX:NAME, or longer than 200 characters).
Result<void> set_remote_device_state(std::string_view server, std::string_view device, DeviceState state);
void forget_remote_device_states(std::string_view server);

// What this server alone knows of it.
DeviceState local_device_state(std::string_view device);
// Those that have told a change since the start, in no order.
std::vector<std::string> known_devices();

}  // namespace jackfield
