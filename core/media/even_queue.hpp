// Audio between two clocks: what comes in packets of one is taken by the other without gaps and without growing delay.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "core/media/audio_ring.hpp"
#include "core/media/format.hpp"

namespace jackfield {

// Samples that come unevenly and are taken evenly. It keeps back as much as they are uneven: phones send 10 to 60 ms at a time,
// a mixer takes 20. On one thread.
class EvenQueue {
  public:
    void reset(std::size_t capacity, std::size_t interval);
    void push(std::span<const std::int16_t> samples);
    // Fills `out` and returns true, or leaves it alone while there is not enough.
    bool pull(std::span<std::int16_t> out);
    std::size_t size() const { return count_; }
    std::size_t target() const { return target_; }

  private:
    void discard(std::size_t samples);
    std::vector<std::int16_t> ring_;
    std::size_t head_ = 0, count_ = 0, interval_ = 0;
    std::size_t target_ = 0;  // so much must be there before it starts
    std::size_t least_ = 0;   // that was left after a pull lately
    unsigned pulls_ = 0;
    bool flowing_ = false;
};

// The reading end of an AudioRing: even, though the writer's packets and clock are another's. On the thread that reads.
class RingReader {
  public:
    RingReader(SampleRate rate, std::chrono::milliseconds interval) {
        queue_.reset(rate.hz / 2, static_cast<std::size_t>(rate.hz * interval.count() / 1000));
    }
    // Fills `out` and returns true, or leaves it alone while there is not enough. Allocates nothing.
    bool pull(AudioRing& ring, std::span<std::int16_t> out) {
        ring.drain([this](std::span<const std::int16_t> samples) { queue_.push(samples); });
        return queue_.pull(out);
    }

  private:
    EvenQueue queue_;
};

}  // namespace jackfield
