// cdr.conf, section [general].
#pragma once

#include <chrono>
#include <cstdint>

#include "core/config/options.hpp"

namespace jackfield::cdr {

struct Settings {
    bool enable = true, channel_default_enabled = true;
    bool unanswered = false, congestion = false;
    bool end_before_h = true, initiated_seconds = false;
    bool ignore_state_changes = false, ignore_dial_changes = false;
    bool batch = false;
    std::uint32_t size = 100;
    std::chrono::seconds time{300};
    std::uint32_t spool_size = 256;  // MiB
};
const Options<Settings>& settings_options();

}  // namespace jackfield::cdr
