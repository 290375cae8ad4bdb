// cel.conf, section [general].
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/options.hpp"

namespace jackfield::cel {

enum class Event : unsigned char {
    channel_start, channel_end, hangup, answer, application_start, application_end, bridge_enter, bridge_exit, blind_transfer,
    attended_transfer, forward, linked_id_end, user_defined, pickup,
    park_start, park_end, local_optimize, local_optimize_begin,
};
// Asterisk's names, in the order above.
constexpr std::array<std::string_view, 18> event_names{
    "CHAN_START",     "CHAN_END",         "HANGUP",  "ANSWER",       "APP_START",   "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT",
    "BLINDTRANSFER",  "ATTENDEDTRANSFER", "FORWARD", "LINKEDID_END", "USER_DEFINED", "PICKUP",
    "PARK_START",     "PARK_END",         "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN"};
inline std::string_view to_string(Event event) { return event_names[static_cast<std::size_t>(event)]; }

struct Settings {
    bool enable = false;
    std::uint32_t events = 0;               // bits by Event
    std::vector<std::string> applications;  // lower case; told of by APP_START and APP_END
    std::string date_format;                // strftime's; empty: seconds since 1970 with a fraction
    std::uint32_t spool_size = 256;         // MiB
    bool wants(Event event) const { return enable && (events >> static_cast<unsigned>(event) & 1); }
};
const Options<Settings>& settings_options();

}  // namespace jackfield::cel
