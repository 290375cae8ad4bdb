// Samples from one thread to another, without lock or allocation.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace jackfield {

// One writer, one reader; what does not fit is left out.
class AudioRing {
  public:
    explicit AudioRing(std::size_t least) : samples_(std::bit_ceil(least)) {}

    void push(std::span<const std::int16_t> audio) {
        const auto at = written_.load(std::memory_order_relaxed);
        const std::size_t room = samples_.size() - (at - read_.load(std::memory_order_acquire));
        audio = audio.first(std::min(audio.size(), room));
        const std::size_t start = at & (samples_.size() - 1), before_end = std::min(audio.size(), samples_.size() - start);
        std::copy_n(audio.begin(), before_end, samples_.begin() + static_cast<std::ptrdiff_t>(start));
        std::copy(audio.begin() + static_cast<std::ptrdiff_t>(before_end), audio.end(), samples_.begin());
        written_.store(at + static_cast<std::uint32_t>(audio.size()), std::memory_order_release);
    }
    // Calls `take` with what is there, in one or two pieces.
    template <class F>
    void drain(F&& take) {
        const auto at = read_.load(std::memory_order_relaxed);
        const auto end = written_.load(std::memory_order_acquire);
        const std::size_t count = end - at, start = at & (samples_.size() - 1);
        const std::size_t before_end = std::min(count, samples_.size() - start);
        if (before_end) take(std::span<const std::int16_t>(samples_).subspan(start, before_end));
        if (count > before_end) take(std::span<const std::int16_t>(samples_).first(count - before_end));
        read_.store(end, std::memory_order_release);
    }

  private:
    std::vector<std::int16_t> samples_;  // a power of two
    std::atomic<std::uint32_t> written_{0}, read_{0};
};

}  // namespace jackfield
