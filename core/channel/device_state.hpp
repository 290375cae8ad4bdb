// Device states: what a device (PJSIP/6001, Custom:lamp) does now, and who wants to know.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/driver.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// Asks the driver, or the provider of a prefix ("Custom:", "Queue:", "confbridge:"). Control thread; never waits.
DeviceState device_state(std::string_view device);
// A driver or provider says that the state may have changed; subscribers hear of it once, in a later turn, when it has.
void device_state_changed(std::string_view device);

struct DeviceStateProvider {
    std::string prefix;                                         // "Custom"
    std::function<DeviceState(std::string_view rest)> state;
};
Result<Registration> register_in(Module& module, DeviceStateProvider provider);

struct DeviceStateChange { static constexpr std::string_view topic = "device.state"; std::string device; DeviceState state; };

}  // namespace jackfield
