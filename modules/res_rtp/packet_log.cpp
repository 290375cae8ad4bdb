// What `rtp set debug`, `rtcp set debug` and `rtcp set stats` print of packets.
#include "modules/res_rtp/packet_log.hpp"

#include <fmt/core.h>

#include "core/base/log.hpp"
#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {
namespace {

bool is_wanted(const SocketAddress& wanted, const SocketAddress& remote) {
    return !wanted.valid() || (wanted.port() == 0 ? wanted.same_host(remote) : wanted == remote);
}

// The lines that a report has of either direction.
std::string report_text(std::uint32_t ssrc, const std::optional<SenderInfo>& sender, const std::optional<ReportBlock>& block, bool bye) {
    std::string text = fmt::format("  SSRC: {}", ssrc);
    if (sender)
        text += fmt::format("\n  NTP time: {}.{:010}\n  RTP time: {}\n  Packets sent: {}\n  Octets sent: {}", sender->ntp_time >> 32,
                            sender->ntp_time & 0xffffffff, sender->rtp_time, sender->packets, sender->octets);
    if (block)
        text += fmt::format("\n  About SSRC: {}\n  Fraction lost: {}\n  Cumulative loss: {}\n  Highest sequence: {}\n  Jitter: {}\n  Last SR: {}.{:05}\n  "
                            "Delay since then: {:.4f} s",
                            block->ssrc, block->fraction_lost, block->lost, block->highest_sequence, block->jitter, block->last_report >> 16,
                            block->last_report & 0xffff, block->delay / 65536.0);
    if (bye) text += "\n  BYE";
    return text;
}

}  // namespace

bool PacketLog::allow(std::uint64_t now) {
    const std::uint64_t second = now / 1'000'000'000;
    if (second_.exchange(second, std::memory_order_relaxed) != second)
        if (const unsigned before = in_second_.exchange(0, std::memory_order_relaxed); before > most_per_second)
            log_verbose(0, "{} more packets were not printed", before - most_per_second);
    return in_second_.fetch_add(1, std::memory_order_relaxed) < most_per_second;
}

void PacketLog::rtp(bool sent, std::span<const std::uint8_t> bytes, const SocketAddress& remote, std::uint64_t now) {
    if (!settings_.rtp || !is_wanted(settings_.rtp_of, remote)) return;
    const auto packet = parse(bytes);
    if (!packet || !allow(now)) return;
    const Header& header = packet->header;
    log_verbose(0, "{} {} (type {:02}, seq {:06}, ts {:06}, len {:06})", sent ? "Sent RTP packet to     " : "Got  RTP packet from   ",
                remote.to_string(), header.payload_type, header.sequence, header.timestamp, packet->payload.size());
}

void PacketLog::rtcp(const OutgoingReport& report, const SocketAddress& remote, std::uint64_t now) {
    if (!settings_.rtcp || !is_wanted(settings_.rtcp_of, remote) || !allow(now)) return;
    log_verbose(0, "Sent RTCP {} to {}\n{}", report.sender ? "SR" : "RR", remote.to_string(),
                report_text(report.ssrc, report.sender, report.block, report.bye));
}

void PacketLog::rtcp(const CompoundReport& report, const SocketAddress& remote, std::uint64_t now) {
    if (!settings_.rtcp || !is_wanted(settings_.rtcp_of, remote) || !allow(now)) return;
    log_verbose(0, "Got RTCP {} from {}\n{}", report.sender ? "SR" : "RR", remote.to_string(),
                report_text(report.ssrc, report.sender, report.about_us, report.bye));
}

void PacketLog::statistics(const RtpQuality& quality, const SocketAddress& remote, std::uint64_t now) {
    if (!settings_.statistics || !allow(now)) return;
    log_verbose(0, "RTCP statistics of {}: sent {}, lost there {}, jitter there {:.1f} ms; received {}, lost {}, jitter {:.1f} ms; round trip {:.1f} ms",
                remote.to_string(), quality.packets_sent, quality.remote_lost, quality.remote_jitter_ms, quality.packets_received, quality.lost,
                quality.jitter_ms, quality.round_trip_ms);
}

}  // namespace jackfield::rtp
