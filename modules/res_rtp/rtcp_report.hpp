// The service interface of res_rtp: what RTCP reports say, and that one was sent or received.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/address.hpp"

namespace jackfield {

class Channel;

// What a receiver of voice says of one source (RFC 3611 4.7), as it stands in the packet. Rates and densities in 1/256, times in
// milliseconds (0 where they are not known), MOS times 10.
struct VoipMetrics {
    static constexpr std::uint8_t unavailable = 127;  // of those that may be
    std::uint32_t ssrc = 0;  // of the source
    std::uint8_t loss_rate = 0, discard_rate = 0, burst_density = 0, gap_density = 0;
    std::uint16_t burst_duration = 0, gap_duration = 0, round_trip = 0, end_system_delay = 0;
    std::uint8_t signal_level = unavailable, noise_level = unavailable, echo_return_loss = unavailable;
    std::uint8_t minimum_gap = 16;  // received packets in a row that end a burst
    std::uint8_t r_factor = unavailable, external_r_factor = unavailable, mos_listening = unavailable, mos_conversational = unavailable;
    std::uint8_t receiver = 0;  // how it conceals losses and which jitter buffer it has (RFC 3611 4.7.6)
    std::uint16_t jitter_nominal = 0, jitter_maximum = 0, jitter_most = 0;  // delays of the jitter buffer: now, at most now, at most ever
    bool operator==(const VoipMetrics&) const = default;
};
// And of the packets of some time (RFC 3611 4.6). What is not `told` is 0. Jitter: in timestamp units.
struct StatisticsSummary {
    enum Told : std::uint8_t { losses = 1, duplicates = 2, jitter = 4 };
    std::uint32_t ssrc = 0;
    std::uint8_t told = 0;
    std::uint16_t begin = 0, end = 0;  // sequence numbers: the first, the one after the last
    std::uint32_t lost = 0, doubled = 0;
    std::uint32_t jitter_least = 0, jitter_most = 0, jitter_mean = 0, jitter_deviation = 0;
    bool operator==(const StatisticsSummary&) const = default;
};
// The last of each that the far side has sent about us.
struct ExtendedReport {
    std::optional<VoipMetrics> voip;
    std::optional<StatisticsSummary> statistics;
};

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
    std::optional<VoipMetrics> voip;          // that came or went with it
};

// On the event bus, published by channel drivers on rtcp_sent and rtcp_received.
struct RtcpReported {
    static constexpr std::string_view topic = "rtcp.report";
    Channel& channel;
    bool sent;
    const RtcpReport& report;
};

}  // namespace jackfield
