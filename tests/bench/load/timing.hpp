// SIP's timers for UDP (RFC 3261 17.1.1.1) and durations for people.
#pragma once

#include <chrono>
#include <cstdint>

namespace bench {

constexpr std::chrono::milliseconds timer_t1{500}, timer_t2{4000}, timer_b = 64 * timer_t1;

inline double milliseconds(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }
inline double seconds(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1e9; }

inline std::chrono::nanoseconds from_seconds(double value) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(value * 1e9));
}

}  // namespace bench
