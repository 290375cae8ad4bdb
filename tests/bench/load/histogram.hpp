// Durations counted in buckets of at most 1.6 % width: quantiles of millions of samples in fixed memory.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace bench {

class Histogram {
  public:
    /// Counts one duration; negative ones count as zero.
    void add(std::chrono::nanoseconds sample) {
        const std::uint64_t value = sample.count() > 0 ? static_cast<std::uint64_t>(sample.count()) : 0;
        ++buckets_[bucket(value)];
        ++count_;
        if (sample > largest_) largest_ = sample;
    }

    /// The duration that the share `q` (0 to 1) of the samples does not exceed, as the upper edge of its bucket; 0 without samples.
    std::chrono::nanoseconds quantile(double q) const {
        const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > wanted || (seen == count_ && seen > 0)) return std::min(upper_edge(i), largest_);
        }
        return {};
    }

    std::chrono::nanoseconds largest() const { return largest_; }
    std::uint64_t count() const { return count_; }
    void clear() { *this = {}; }

  private:
    static constexpr unsigned fine = 6;  // 64 buckets for each power of two

    static std::size_t bucket(std::uint64_t value) {
        if (value < (1u << fine)) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine - 1;
        return (static_cast<std::size_t>(shift) << fine) + static_cast<std::size_t>(value >> shift);
    }
    static std::chrono::nanoseconds upper_edge(std::size_t index) {
        if (index < (2u << fine)) return std::chrono::nanoseconds(index);
        const auto shift = (index >> fine) - 1;
        return std::chrono::nanoseconds((((index & ((1u << fine) - 1)) + (1u << fine) + 1) << shift) - 1);
    }

    std::array<std::uint64_t, (64 - fine) << fine> buckets_{};
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds largest_{};
};

}  // namespace bench
