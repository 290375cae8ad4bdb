// rtp.conf.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/config/options.hpp"
#include "core/media/media_socket.hpp"

namespace jackfield::rtp {

enum class Strictness : std::uint8_t { off, on, sequence };

struct Settings {
    std::uint16_t first_port, last_port;
    Strictness strict;
    unsigned probation;  // packets in sequence before a source is believed
    std::chrono::milliseconds rtcp_interval;
    unsigned digit_timeout;  // timestamp units
    bool checksums;
    PacketTransport transport;
};
const Options<Settings>& settings_options();

}  // namespace jackfield::rtp
