// Copies of packets on their way from a media thread to the pool.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "core/base/address.hpp"

namespace jackfield::sip {

// One producer, one consumer; neither waits or allocates (the consumer's vector apart). Bounded in bytes: what does not fit is lost
// and counted.
class PacketQueue {
  public:
    explicit PacketQueue(std::size_t bytes) : capacity_(bytes), memory_(std::make_unique_for_overwrite<std::uint8_t[]>(bytes)) {}

    struct Packet {
        std::uint64_t time;  // nanoseconds, of the producer's clock
        SocketAddress local, remote;
        bool sent;
        std::uint32_t size;  // of the bytes that follow
    };
    // False: it was full.
    bool put(Packet packet, std::span<const std::uint8_t> bytes) {
        const std::size_t write = written_.load(std::memory_order_relaxed);
        packet.size = static_cast<std::uint32_t>(bytes.size());
        if (capacity_ - (write - read_.load(std::memory_order_acquire)) < sizeof(Packet) + bytes.size()) {
            lost_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        copy_in(write, {reinterpret_cast<const std::uint8_t*>(&packet), sizeof packet});
        copy_in(write + sizeof packet, bytes);
        written_.store(write + sizeof packet + bytes.size(), std::memory_order_release);
        return true;
    }
    // The oldest one; false: there is none.
    bool take(Packet& packet, std::vector<std::uint8_t>& bytes) {
        const std::size_t read = read_.load(std::memory_order_relaxed);
        if (read == written_.load(std::memory_order_acquire)) return false;
        copy_out(read, {reinterpret_cast<std::uint8_t*>(&packet), sizeof packet});
        bytes.resize(packet.size);
        copy_out(read + sizeof packet, bytes);
        read_.store(read + sizeof packet + bytes.size(), std::memory_order_release);
        return true;
    }
    std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  private:
    static_assert(std::is_trivially_copyable_v<Packet>);
    void copy_in(std::size_t at, std::span<const std::uint8_t> bytes) {
        const std::size_t offset = at % capacity_, first = std::min(bytes.size(), capacity_ - offset);
        std::memcpy(memory_.get() + offset, bytes.data(), first);
        if (first < bytes.size()) std::memcpy(memory_.get(), bytes.data() + first, bytes.size() - first);
    }
    void copy_out(std::size_t at, std::span<std::uint8_t> bytes) const {
        const std::size_t offset = at % capacity_, first = std::min(bytes.size(), capacity_ - offset);
        std::memcpy(bytes.data(), memory_.get() + offset, first);
        if (first < bytes.size()) std::memcpy(bytes.data() + first, memory_.get(), bytes.size() - first);
    }

    std::size_t capacity_;
    std::unique_ptr<std::uint8_t[]> memory_;
    std::atomic<std::size_t> written_{0}, read_{0};
    std::atomic<std::uint64_t> lost_{0};
};

}  // namespace jackfield::sip
