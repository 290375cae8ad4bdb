// Gathers samples into the frames of a fixed size that a codec takes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace jackfield {

template <std::size_t Samples>
class Framer {
  public:
    // Calls `encode(std::span<const std::int16_t, Samples>)` for each whole frame; the rest waits for the next call.
    template <class Encode>
    void add(std::span<const std::int16_t> pcm, Encode encode) {
        while (!pcm.empty()) {
            if (filled_ == 0 && pcm.size() >= Samples) {
                encode(std::span<const std::int16_t, Samples>(pcm.first(Samples)));
                pcm = pcm.subspan(Samples);
                continue;
            }
            const std::size_t take = std::min(pcm.size(), Samples - filled_);
            std::copy_n(pcm.begin(), take, frame_.begin() + static_cast<std::ptrdiff_t>(filled_));
            pcm = pcm.subspan(take);
            if ((filled_ += take) < Samples) return;
            filled_ = 0;
            encode(std::span<const std::int16_t, Samples>(frame_));
        }
    }

    bool empty() const { return filled_ == 0; }

  private:
    std::array<std::int16_t, Samples> frame_;
    std::size_t filled_ = 0;
};

}  // namespace jackfield
