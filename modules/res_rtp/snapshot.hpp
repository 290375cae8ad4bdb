// A small value that one thread writes and another reads now and then, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace jackfield::rtp {

// One writer. get() repeats while a set() is on its way, which takes nanoseconds.
template <class T>
requires std::is_trivially_copyable_v<T>
class Snapshot {
  public:
    Snapshot() { set(T{}); }
    void set(const T& value) {
        std::array<std::uint64_t, words> raw{};
        std::memcpy(raw.data(), &value, sizeof(T));
        const auto version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        for (std::size_t i = 0; i < words; ++i) words_[i].store(raw[i], std::memory_order_release);
        version_.store(version + 2, std::memory_order_release);
    }
    T get() const {
        std::array<std::uint64_t, words> raw;
        std::uint32_t before, after;
        do {
            before = version_.load(std::memory_order_acquire);
            for (std::size_t i = 0; i < words; ++i) raw[i] = words_[i].load(std::memory_order_acquire);
            after = version_.load(std::memory_order_relaxed);
        } while (before != after || before % 2);
        T value;
        std::memcpy(static_cast<void*>(&value), raw.data(), sizeof(T));
        return value;
    }

  private:
    static constexpr std::size_t words = (sizeof(T) + 7) / 8;
    std::array<std::atomic<std::uint64_t>, words> words_{};
    std::atomic<std::uint32_t> version_{0};
};

}  // namespace jackfield::rtp
