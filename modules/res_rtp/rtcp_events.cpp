// RTCPSent and RTCPReceived of the manager interface.
#include "modules/res_rtp/rtcp_events.hpp"

#include <fmt/core.h>

#include "core/channel/channel.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::rtp {
namespace {

// Reports are kept for the control thread while one of these lives.
struct ReportsWanted {
    ReportsWanted() { rtcp_wanted = true; }
    ~ReportsWanted() { rtcp_wanted = false; }
    ReportsWanted(const ReportsWanted&) = delete;
};

// RFC 3550 4: seconds since 1900 and their fraction, as seconds since 1970 with microseconds.
std::string unix_time(std::uint64_t ntp) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    return fmt::format("{}.{:06}", (ntp >> 32) - from_1900_to_1970, ((ntp & 0xffffffff) * 1'000'000) >> 32);
}

// Not among Asterisk's; what is not available is left out.
void add_voip_fields(ManagerFields& fields, const VoipMetrics& voip) {
    fields.add("VoIPLossRate", fmt::format("{:.4f}", voip.loss_rate / 256.0)).add("VoIPDiscardRate", fmt::format("{:.4f}", voip.discard_rate / 256.0));
    fields.add("VoIPBurstDensity", fmt::format("{:.4f}", voip.burst_density / 256.0)).add("VoIPBurstDuration", voip.burst_duration);
    fields.add("VoIPGapDensity", fmt::format("{:.4f}", voip.gap_density / 256.0)).add("VoIPGapDuration", voip.gap_duration);
    if (voip.r_factor != VoipMetrics::unavailable) fields.add("VoIPRFactor", static_cast<unsigned>(voip.r_factor));
    if (voip.mos_listening != VoipMetrics::unavailable) fields.add("VoIPMOSLQ", fmt::format("{:.1f}", voip.mos_listening / 10.0));
    if (voip.mos_conversational != VoipMetrics::unavailable) fields.add("VoIPMOSCQ", fmt::format("{:.1f}", voip.mos_conversational / 10.0));
}

void tell_report(const RtcpReported& event) {
    publish_to_manager(event.sent ? "RTCPSent" : "RTCPReceived", manager_class::reporting,
                       [&event](ManagerService& manager, ManagerFields& fields) {
                           manager.add_channel(fields, event.channel);
                           add_rtcp_fields(fields, event.report, event.sent);
                       });
}

}  // namespace

std::atomic<bool> rtcp_wanted{false};

void add_rtcp_fields(ManagerFields& fields, const RtcpReport& report, bool sent) {
    fields.add("SSRC", fmt::format("0x{:08x}", report.ssrc)).add("PT", report.by_sender ? "200(SR)" : "201(RR)");
    fields.add(sent ? "To" : "From", report.peer.to_string());
    if (!sent) fields.add("RTT", fmt::format("{:.4f}", report.round_trip_ms / 1000));
    fields.add("ReportCount", report.has_block ? 1 : 0);
    if (report.by_sender) {
        fields.add("SentNTP", unix_time(report.ntp_time)).add("SentRTP", report.rtp_time);
        fields.add("SentPackets", report.packets).add("SentOctets", report.octets);
    }
    if (report.voip) add_voip_fields(fields, *report.voip);
    if (!report.has_block) return;
    fields.add("Report0SourceSSRC", fmt::format("0x{:08x}", report.block_ssrc));
    fields.add("Report0FractionLost", static_cast<unsigned>(report.fraction_lost)).add("Report0CumulativeLost", report.lost);
    fields.add("Report0HighestSequence", report.highest_sequence & 0xffff).add("Report0SequenceNumberCycles", report.highest_sequence >> 16);
    fields.add("Report0IAJitter", report.jitter).add("Report0LSR", report.last_report);
    fields.add("Report0DLSR", fmt::format("{:.4f}", report.delay / 65536.0));
}

Result<void> add_rtcp_events(Module& module) {
    return module.add(ManagerEventSource{manager_class::reporting, [] {
        std::vector<Subscription> list;
        list.push_back(subscribe<RtcpReported>([wanted = std::make_unique<ReportsWanted>()](const RtcpReported& event) { tell_report(event); }));
        return list;
    }});
}

}  // namespace jackfield::rtp
