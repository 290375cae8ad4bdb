// JSON models of what the core has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "core/channel/channel.hpp"
#include "modules/res_ari/json.hpp"

namespace jackfield::ari {

class Ari;

JsonObject channel_json(const Ari& ari, Channel& channel);
JsonObject bridge_json(const Ari& ari, Bridge& bridge);
// Null where nobody knows the endpoint; its state follows from the device's.
Json endpoint_json(std::string_view technology, std::string_view resource);
constexpr std::string_view device_family = "StasisDeviceState";  // of the database: states that applications have set
JsonObject device_json(std::string_view device);
std::string_view endpoint_state(DeviceState state);  // "online", "offline", "unknown"

}  // namespace jackfield::ari
