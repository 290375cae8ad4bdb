// Packet loss concealment for codecs at 8 kHz: the last pitch period goes on, fading, in the manner of ITU-T G.711
// appendix I. (SpanDSP's has overlapping copies, which are undefined.)
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>

namespace jackfield {

class Concealment {
  public:
    // What was decoded; the start after a loss is blended with what was made up for it.
    void good(std::span<std::int16_t> pcm) {
        if (filled_ > 0) {
            const std::size_t blend = std::min(pcm.size(), blend_samples);
            for (std::size_t i = 0; i < blend; ++i) {
                const int share = static_cast<int>(i * 256 / blend);
                pcm[i] = static_cast<std::int16_t>((made_up() * (256 - share) + pcm[i] * share) / 256);
            }
            filled_ = 0;
        }
        remember(pcm);
    }
    // Samples in place of those lost, as many as fit.
    std::size_t fill(unsigned samples, std::span<std::int16_t> pcm) {
        const std::size_t length = std::min<std::size_t>(samples, pcm.size());
        if (filled_ == 0) {
            pitch_ = find_pitch();
            at_ = 0;
        }
        for (std::size_t i = 0; i < length; ++i) pcm[i] = made_up();
        return length;
    }

  private:
    static constexpr std::size_t shortest_pitch = 40, longest_pitch = 120;  // 200 Hz to 66 Hz
    static constexpr std::size_t window = 160, history_samples = longest_pitch + window;
    static constexpr std::size_t blend_samples = 32;
    static constexpr unsigned fade_after = 80, fade_over = 400;  // 10 ms as it was, silence after 60 ms

    std::int16_t made_up() {
        const int sample = history_[history_samples - pitch_ + at_];
        at_ = (at_ + 1) % pitch_;
        const unsigned faded = std::min(filled_ > fade_after ? filled_ - fade_after : 0, fade_over);
        ++filled_;
        return static_cast<std::int16_t>(sample * static_cast<int>(fade_over - faded) / static_cast<int>(fade_over));
    }
    // The lag at which the last 20 ms are most like what came before them.
    std::size_t find_pitch() const {
        std::size_t best = shortest_pitch;
        long least = std::numeric_limits<long>::max();
        for (std::size_t lag = shortest_pitch; lag <= longest_pitch; ++lag) {
            long difference = 0;
            for (std::size_t i = longest_pitch; i < history_samples; ++i)
                difference += std::abs(int{history_[i]} - int{history_[i - lag]});
            if (difference < least) {
                least = difference;
                best = lag;
            }
        }
        return best;
    }
    void remember(std::span<const std::int16_t> pcm) {
        const auto tail = pcm.last(std::min(pcm.size(), history_samples));
        std::copy(history_.begin() + static_cast<std::ptrdiff_t>(tail.size()), history_.end(), history_.begin());
        std::copy(tail.begin(), tail.end(), history_.end() - static_cast<std::ptrdiff_t>(tail.size()));
    }

    std::array<std::int16_t, history_samples> history_{};
    std::size_t pitch_ = shortest_pitch, at_ = 0;
    unsigned filled_ = 0;  // samples made up since the last good one
};

}  // namespace jackfield
