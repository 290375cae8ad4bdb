// How long a failed log-in waits for its answer: longer with every further failure from the same address.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"

namespace jackfield::manager {

// Remembers at most `capacity` addresses; those beyond it share one count. A count is forgotten after a while without
// failures. Who knows the password never waits. One thread.
class FailureDelays {
  public:
    static constexpr std::chrono::milliseconds first{1000}, longest{16000};
    static constexpr std::chrono::minutes memory{5};

    explicit FailureDelays(std::size_t capacity = 4096) : capacity_(capacity) {}

    // Counts a failure and says how long its answer is to wait.
    std::chrono::milliseconds failed(std::string_view address, Instant now) {
        Count& count = find(address, now);
        if (now - count.last > memory) count.failures = 0;
        count.last = now;
        count.failures = std::min(count.failures + 1, 16u);
        return std::min(longest, first * (1u << (count.failures - 1)));
    }
    std::size_t size() const { return counts_.size(); }

  private:
    struct Count {
        unsigned failures = 0;
        Instant last{};
    };
    Count& find(std::string_view address, Instant now) {
        if (const auto found = counts_.find(address); found != counts_.end()) return found->second;
        if (counts_.size() >= capacity_) {
            std::erase_if(counts_, [now](const auto& entry) { return now - entry.second.last > memory; });
            if (counts_.size() >= capacity_) return others_;
        }
        return counts_[std::string(address)];
    }

    std::size_t capacity_;
    std::unordered_map<std::string, Count, StringHash, std::equal_to<>> counts_;
    Count others_;
};

}  // namespace jackfield::manager
