// ccss.conf, and the options of call completion that a channel or a device has.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "core/base/strings.hpp"
#include "core/channel/driver.hpp"
#include "core/config/options.hpp"

namespace jackfield::ccss {

// Whether a caller may ask to be called back, and how a called device is watched. No channel driver signals call
// completion (RFC 6910) yet: an agent that is native is offered nothing, and of `always` the generic half is done.
enum class AgentPolicy : unsigned char { never, generic, native };
enum class MonitorPolicy : unsigned char { never, generic, native, always };

// The options cc_* of one channel or device.
struct Parameters {
    AgentPolicy agent = AgentPolicy::never;
    MonitorPolicy monitor = MonitorPolicy::never;
    std::chrono::seconds offer_timer{20};              // how long the caller may ask for it after its call
    std::chrono::seconds no_reply_timer{7200};         // how long one who did not answer is watched
    std::chrono::seconds busy_timer{4800};             // how long one who was busy is watched
    std::chrono::seconds recall_timer{20};             // how long the caller is rung
    unsigned max_agents = 5, max_monitors = 5;         // requests of one caller, requests for one called device
    std::string callback_sub, agent_dial_string;
};
const Options<Parameters>& parameter_options();
// CALLCOMPLETION(option). Errors: not_found with the nearest word, invalid.
Result<std::string> read_parameter(const Parameters& parameters, std::string_view option);
Result<void> write_parameter(Parameters& parameters, std::string_view option, std::string_view value);

enum class State : unsigned char { available, offered, requested, active, callee_ready, caller_busy, recalling, complete, failed };
constexpr std::size_t state_count = 9;
std::string_view describe(State state);  // for `cc report status`

struct Settings {
    unsigned max_requests = 20;
    std::array<DeviceState, state_count> device_states;  // what the device state ccss:TECHNOLOGY/NAME is, by state
    std::map<std::string, Parameters, std::less<>> devices;  // by "PJSIP/6001" or "PJSIP", in lower case
    Settings();
    // Of that device, else of its technology, else the defaults.
    const Parameters& of(std::string_view device) const;
};
Settings read_settings(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield::ccss
