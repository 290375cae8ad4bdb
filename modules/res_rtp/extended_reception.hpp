// What extended reports tell of one RTP source: bursts of loss, duplicates, jitter (RFC 3611 4.6 and 4.7), quality (ITU-T G.107). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "modules/res_rtp/rtcp_report.hpp"

namespace jackfield::rtp {

// A packet counts as lost once 32 later numbers have been used: what is reported ends there.
class ExtendedReception {
  public:
    // One packet. `arrival`: local clock in timestamp units.
    void hear(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t arrival);
    // It was heard, and too late to be played.
    void discard(std::uint16_t sequence);
    // Of the packets since the last call; nothing: there were none.
    std::optional<StatisticsSummary> summary();
    // Of all packets: fills in rates, densities and durations. `clock`: of timestamps, per second.
    void describe(VoipMetrics& metrics, std::uint32_t clock) const;

  private:
    static constexpr unsigned window = 32;
    static constexpr std::uint16_t jump = 3000;  // as much ahead, and the source has begun anew
    void start(std::uint16_t sequence);
    void advance(std::uint16_t by);
    void settle(bool received, bool discarded);
    void end_burst();
    void measure_jitter(std::uint32_t timestamp, std::uint32_t arrival);

    bool started_ = false, transit_known_ = false;
    // The last numbers, bit 0 the highest one.
    std::uint64_t received_ = 0, discarded_ = 0;
    unsigned known_ = 0;
    std::uint16_t highest_ = 0;
    std::uint32_t last_timestamp_ = 0, step_ = 160, transit_ = 0;
    std::uint64_t packets_ = 0, lost_ = 0, late_ = 0;  // settled
    // Packets and losses within bursts and outside of them; what may become a burst; received since its last loss.
    std::uint64_t bursts_ = 0, burst_packets_ = 0, burst_losses_ = 0, gap_packets_ = 0, gap_losses_ = 0;
    std::uint32_t open_packets_ = 0, open_losses_ = 0, run_ = 0;
    // Since the last summary.
    std::uint16_t begin_ = 0;
    std::uint32_t lost_since_ = 0, doubled_since_ = 0, jitters_ = 0, jitter_least_ = 0, jitter_most_ = 0;
    double jitter_sum_ = 0, jitter_squares_ = 0;
};

// The transmission rating R of the E-model (ITU-T G.107 with its defaults, impairments by G.113 appendix I), 0 to 100. `loss`: part of
// the packets that can't be played; `delay_ms`: from mouth to ear. Nothing for a codec that G.113 does not rate.
std::optional<double> transmission_rating(std::string_view codec, double loss, double delay_ms);
// The mean opinion score that belongs to it (G.107 annex B), 1 to 4.5.
double mean_opinion(double rating);

}  // namespace jackfield::rtp
