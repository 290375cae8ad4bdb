// What hints need to know of devices besides their changes (core/channel/device_state.hpp).
#pragma once

#include <string>
#include <string_view>

namespace jackfield {

// Published when a provider of device states or a channel driver has come: devices that were invalid may have states now.
struct DeviceStatesAppeared { static constexpr std::string_view topic = "device.appeared"; std::string prefix; };

}  // namespace jackfield
