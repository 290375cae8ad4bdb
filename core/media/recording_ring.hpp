// What a recording's tap hears, on its way from a media thread to the pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace jackfield {

// One producer, one consumer; neither waits. Blocks of samples, each with the direction that it came from.
class RecordingRing {
  public:
    explicit RecordingRing(std::size_t samples) : words_(samples) {}

    // False: full, nothing was taken.
    bool push(bool second_direction, std::span<const std::int16_t> pcm) {
        const std::size_t write = written_.load(std::memory_order_relaxed);
        if (pcm.empty() || pcm.size() > most_in_block) return pcm.empty();
        if (words_.size() - (write - read_.load(std::memory_order_acquire)) < pcm.size() + 1) return false;
        put(write, static_cast<std::int16_t>(pcm.size() | (second_direction ? direction_bit : 0)));
        for (std::size_t i = 0; i < pcm.size(); ++i) put(write + 1 + i, pcm[i]);
        written_.store(write + 1 + pcm.size(), std::memory_order_release);
        return true;
    }
    // The next block, added to first or second; false: empty.
    bool pop(std::vector<std::int16_t>& first, std::vector<std::int16_t>& second) {
        const std::size_t read = read_.load(std::memory_order_relaxed);
        if (read == written_.load(std::memory_order_acquire)) return false;
        const auto head = static_cast<std::uint16_t>(get(read));
        const std::size_t samples = head & (direction_bit - 1u);
        auto& to = head & direction_bit ? second : first;
        for (std::size_t i = 0; i < samples; ++i) to.push_back(get(read + 1 + i));
        read_.store(read + 1 + samples, std::memory_order_release);
        return true;
    }
    bool empty() const { return read_.load(std::memory_order_acquire) == written_.load(std::memory_order_acquire); }
    static constexpr std::size_t most_in_block = 0x3fff;

  private:
    static constexpr unsigned direction_bit = 0x4000;
    void put(std::size_t at, std::int16_t word) { words_[at % words_.size()] = word; }
    std::int16_t get(std::size_t at) const { return words_[at % words_.size()]; }

    std::vector<std::int16_t> words_;
    std::atomic<std::size_t> written_{0}, read_{0};
};

}  // namespace jackfield
