// The service interface of res_rtp: what one RTCP report said, and that it was sent or received.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/address.hpp"

namespace jackfield {

class Channel;

// A sender report (RFC 3550 6.4.1) or a receiver report with the one block that a session of two has.
struct RtcpReport {
    SocketAddress peer;                       // whom it went to or came from
    std::uint32_t ssrc = 0;                   // of who wrote it
    bool by_sender = false, has_block = false;
    std::uint64_t ntp_time = 0;               // by_sender
    std::uint32_t rtp_time = 0, packets = 0, octets = 0;
    std::uint32_t block_ssrc = 0;             // has_block: of the source that it is about
    std::uint8_t fraction_lost = 0;           // 1/256
    std::int32_t lost = 0;
    std::uint32_t highest_sequence = 0;       // extended
    std::uint32_t jitter = 0;                 // timestamp units
    std::uint32_t last_report = 0, delay = 0;  // middle of an NTP time, 1/65536 s
    double round_trip_ms = 0;                 // as measured by a received one; else 0
};

// On the event bus, published by channel drivers on rtcp_sent and rtcp_received.
struct RtcpReported {
    static constexpr std::string_view topic = "rtcp.report";
    Channel& channel;
    bool sent;
    const RtcpReport& report;
};

}  // namespace jackfield
