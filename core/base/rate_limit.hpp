// Rate limits, mostly for log lines that the network could provoke without end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"

namespace jackfield {

// Allows one event per interval. Not synchronised: each object belongs to one thread.
//   if (limit.allow(Clock::now())) log_warning("... ({} more not shown)", limit.taken());
class RateLimit {
  public:
    explicit RateLimit(Clock::duration interval) : interval_(interval) {}
    bool allow(Instant now) {
        if (started_ && now - last_ < interval_) {
            ++refused_;
            return false;
        }
        started_ = true;
        last_ = now;
        return true;
    }
    // How many were refused since this was last asked.
    std::uint64_t taken() { return std::exchange(refused_, 0); }

  private:
    Clock::duration interval_;
    Instant last_{};
    std::uint64_t refused_ = 0;
    bool started_ = false;
};

// Allows one event per interval and key ("at most once a second per source"). Remembers at most `capacity` keys at a
// time, so a flood of forged sources costs bounded memory; keys beyond them share one limit. One thread.
class KeyedRateLimit {
  public:
    explicit KeyedRateLimit(Clock::duration interval, std::size_t capacity = 1024)
        : interval_(interval), capacity_(capacity), overflow_(interval) {}

    bool allow(std::string_view key, Instant now) {
        // Every key younger than one interval is in one of two generations; the older is dropped whole.
        if (now - turned_ >= interval_) {
            if (now - turned_ >= 2 * interval_) recent_.clear();
            older_ = std::move(recent_);
            recent_.clear();
            turned_ = now;
        }
        if (const auto found = recent_.find(key); found != recent_.end()) return false;
        if (const auto found = older_.find(key); found != older_.end() && now - found->second < interval_) return false;
        if (recent_.size() >= capacity_ / 2) return overflow_.allow(now);
        recent_.emplace(key, now);
        return true;
    }
    std::size_t size() const { return recent_.size() + older_.size(); }

  private:
    using Seen = std::unordered_map<std::string, Instant, StringHash, std::equal_to<>>;
    Clock::duration interval_;
    std::size_t capacity_;
    RateLimit overflow_;
    Instant turned_{};
    Seen recent_, older_;
};

}  // namespace jackfield
