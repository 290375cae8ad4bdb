// What a receiver knows of one RTP source (RFC 3550 6.4.1, A.1, A.3, A.8). Pure.
#pragma once

#include <cstdint>

namespace jackfield::rtp {

class Reception {
  public:
    void start(std::uint16_t sequence) {
        base_ = highest_ = sequence;
        cycles_ = received_ = 0;
        expected_before_ = received_before_ = 0;
        jitter_ = 0;
        transit_known_ = false;
    }
    // One packet. `arrival`: local clock in timestamp units.
    void hear(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t arrival) {
        ++received_;
        const auto ahead = static_cast<std::uint16_t>(sequence - highest_);
        if (ahead != 0 && ahead < 0x8000) {
            if (sequence < highest_) cycles_ += 0x10000;
            highest_ = sequence;
        }
        const std::uint32_t transit = arrival - timestamp;
        if (transit_known_) {
            const auto change = static_cast<std::int32_t>(transit - transit_);
            const std::uint32_t distance =
                change < 0 ? 0u - static_cast<std::uint32_t>(change) : static_cast<std::uint32_t>(change);
            // A jump of the sender's timestamps says nothing of the network.
            if (distance < 0x8000) jitter_ += distance - ((jitter_ + 8) >> 4);
        }
        transit_ = transit;
        transit_known_ = true;
    }

    std::uint32_t extended_highest() const { return cycles_ + highest_; }
    std::uint32_t expected() const { return extended_highest() - base_ + 1; }
    std::uint32_t received() const { return received_; }
    std::int32_t lost() const {
        return static_cast<std::int32_t>(expected() - received_);
    }                                                      // doubled ones count below 0
    std::uint32_t jitter() const { return jitter_ >> 4; }  // timestamp units
    // Lost since the last call, in 1/256.
    std::uint8_t fraction_lost() {
        const std::uint32_t expected_now = expected() - expected_before_, received_now = received_ - received_before_;
        expected_before_ = expected();
        received_before_ = received_;
        if (expected_now == 0 || received_now >= expected_now) return 0;
        const std::uint32_t fraction = ((expected_now - received_now) << 8) / expected_now;
        return static_cast<std::uint8_t>(fraction > 255 ? 255 : fraction);
    }

  private:
    std::uint16_t base_ = 0, highest_ = 0;
    std::uint32_t cycles_ = 0, received_ = 0, expected_before_ = 0, received_before_ = 0;
    std::uint32_t jitter_ = 0, transit_ = 0;  // jitter times 16
    bool transit_known_ = false;
};

}  // namespace jackfield::rtp
