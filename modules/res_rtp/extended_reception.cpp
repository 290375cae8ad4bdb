// What extended reports tell of one RTP source: bursts of loss, duplicates, jitter (RFC 3611 4.6 and 4.7), quality (ITU-T G.107). Pure.
#include "modules/res_rtp/extended_reception.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace jackfield::rtp {
namespace {

constexpr std::uint32_t minimum_gap = VoipMetrics{}.minimum_gap;

std::uint8_t in_256(std::uint64_t part, std::uint64_t whole) {
    return whole ? static_cast<std::uint8_t>(std::min<std::uint64_t>(part * 256 / whole, 255)) : std::uint8_t{0};
}

}  // namespace

void ExtendedReception::start(std::uint16_t sequence) {
    started_ = true;
    transit_known_ = false;
    highest_ = begin_ = sequence;
    received_ = 1;
    discarded_ = 0;
    known_ = 1;
}

void ExtendedReception::hear(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t arrival) {
    const auto ahead = static_cast<std::uint16_t>(sequence - highest_), behind = static_cast<std::uint16_t>(highest_ - sequence);
    if (!started_ || (ahead >= jump && behind >= jump)) {
        start(sequence);
    } else if (ahead != 0 && ahead < jump) {
        if (const std::uint32_t step = timestamp - last_timestamp_; ahead == 1 && step > 0 && step < 0x4000) step_ = step;
        advance(ahead);
    } else if (behind < known_) {
        const std::uint64_t bit = std::uint64_t{1} << behind;
        if (received_ & bit) ++doubled_since_;
        received_ |= bit;
    }
    if (sequence == highest_) last_timestamp_ = timestamp;
    measure_jitter(timestamp, arrival);
}

void ExtendedReception::discard(std::uint16_t sequence) {
    if (const auto behind = static_cast<std::uint16_t>(highest_ - sequence); behind < known_) discarded_ |= std::uint64_t{1} << behind;
}

void ExtendedReception::advance(std::uint16_t by) {
    for (unsigned i = 0; i < by; ++i) {
        if (known_ < window)
            ++known_;
        else
            settle(received_ >> (window - 1) & 1, discarded_ >> (window - 1) & 1);
        received_ <<= 1;
        discarded_ <<= 1;
        ++highest_;
    }
    received_ |= 1;
}

// RFC 3611 4.7.2: a burst begins and ends with a packet that is missing, and has fewer than `minimum_gap` good ones in a row; a single
// missing one between as many is no burst.
void ExtendedReception::settle(bool received, bool discarded) {
    ++packets_;
    if (received && !discarded) {
        if (open_losses_ == 0)
            ++gap_packets_;
        else if (++run_ == minimum_gap)
            end_burst();
        return;
    }
    ++(received ? late_ : lost_);
    if (!received) ++lost_since_;
    open_packets_ += run_ + 1;
    ++open_losses_;
    run_ = 0;
}

void ExtendedReception::end_burst() {
    if (open_losses_ > 1) {
        ++bursts_;
        burst_packets_ += open_packets_;
        burst_losses_ += open_losses_;
    } else {
        ++gap_packets_;
        ++gap_losses_;
    }
    gap_packets_ += run_;
    open_packets_ = open_losses_ = run_ = 0;
}

void ExtendedReception::measure_jitter(std::uint32_t timestamp, std::uint32_t arrival) {
    const std::uint32_t transit = arrival - timestamp, before = std::exchange(transit_, transit);
    if (!std::exchange(transit_known_, true)) return;
    const auto change = static_cast<std::int32_t>(transit - before);
    const std::uint32_t distance = change < 0 ? 0u - static_cast<std::uint32_t>(change) : static_cast<std::uint32_t>(change);
    if (distance >= 0x8000) return;  // the sender's timestamps have jumped
    jitter_least_ = jitters_ ? std::min(jitter_least_, distance) : distance;
    jitter_most_ = std::max(jitter_most_, distance);
    jitter_sum_ += distance;
    jitter_squares_ += static_cast<double>(distance) * distance;
    ++jitters_;
}

std::optional<StatisticsSummary> ExtendedReception::summary() {
    const auto end = static_cast<std::uint16_t>(highest_ - known_ + 1);
    if (!started_ || end == begin_) return {};
    StatisticsSummary summary{.told = StatisticsSummary::losses | StatisticsSummary::duplicates | StatisticsSummary::jitter, .begin = begin_, .end = end};
    summary.lost = std::exchange(lost_since_, 0);
    summary.doubled = std::exchange(doubled_since_, 0);
    if (jitters_) {
        const double mean = jitter_sum_ / jitters_;
        summary.jitter_least = jitter_least_;
        summary.jitter_most = jitter_most_;
        summary.jitter_mean = static_cast<std::uint32_t>(std::lround(mean));
        summary.jitter_deviation = static_cast<std::uint32_t>(std::lround(std::sqrt(std::max(0.0, jitter_squares_ / jitters_ - mean * mean))));
    }
    begin_ = end;
    jitters_ = jitter_least_ = jitter_most_ = 0;
    jitter_sum_ = jitter_squares_ = 0;
    return summary;
}

void ExtendedReception::describe(VoipMetrics& metrics, std::uint32_t clock) const {
    const auto duration = [&](std::uint64_t packets, std::uint64_t times) {
        return static_cast<std::uint16_t>(std::min<std::uint64_t>(packets * step_ * 1000 / std::max(clock, 1u) / times, 65535));
    };
    metrics.loss_rate = in_256(lost_, packets_);
    metrics.discard_rate = in_256(late_, packets_);
    metrics.burst_density = in_256(burst_losses_, burst_packets_);
    metrics.gap_density = in_256(gap_losses_, gap_packets_);
    metrics.burst_duration = bursts_ ? duration(burst_packets_, bursts_) : std::uint16_t{0};
    metrics.gap_duration = duration(gap_packets_, bursts_ + 1);
}

std::optional<double> transmission_rating(std::string_view codec, double loss, double delay_ms) {
    struct Impairment {
        std::string_view codec;
        double equipment, robustness;  // Ie and Bpl; G.711 without concealment: nothing is known of who plays it
    };
    constexpr std::array<Impairment, 4> known{{{"ulaw", 0, 4.3}, {"alaw", 0, 4.3}, {"g729", 11, 19}, {"g723", 15, 16.1}}};
    const auto found = std::ranges::find(known, codec, &Impairment::codec);
    if (found == known.end()) return {};
    const double percent = loss * 100;
    const double equipment = found->equipment + (95 - found->equipment) * percent / (percent + found->robustness);
    const double delay = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
    return std::clamp(93.2 - delay - equipment, 0.0, 100.0);
}

double mean_opinion(double rating) {
    if (rating <= 0) return 1;
    return std::clamp(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1.0, 4.5);
}

}  // namespace jackfield::rtp
