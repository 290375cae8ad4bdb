// The youngest final responses and ACKs, kept for retransmissions in memory of a fixed size. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace jackfield::sip {

class MessageRing {
  public:
    explicit MessageRing(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

    struct Place {
        std::uint64_t position = 0;
        std::uint32_t size = 0;  // 0: nothing was kept
    };

    // Keeps a copy at the cost of the oldest ones; what is larger than a quarter of the ring is not kept.
    Place put(std::string_view bytes) {
        if (bytes.empty() || bytes.size() > capacity_ / 4) return {};
        // The memory comes with its first use: a system without UDP phones never needs it.
        if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<char[]>(capacity_);
        const std::size_t offset = end_ % capacity_;
        if (offset + bytes.size() > capacity_) end_ += capacity_ - offset;
        const Place place{end_, static_cast<std::uint32_t>(bytes.size())};
        std::memcpy(memory_.get() + end_ % capacity_, bytes.data(), bytes.size());
        end_ += bytes.size();
        return place;
    }

    // Empty when it was not kept or has been overwritten. Valid until the next put().
    std::string_view get(const Place& place) const {
        if (place.size == 0 || place.position + capacity_ < end_) return {};
        return {memory_.get() + place.position % capacity_, place.size};
    }

  private:
    std::size_t capacity_;
    std::unique_ptr<char[]> memory_;
    std::uint64_t end_ = 0;
};

}  // namespace jackfield::sip
