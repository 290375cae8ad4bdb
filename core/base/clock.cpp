// Time: the machine's clocks, or those of a test.
#include "core/base/clock.hpp"

#include <atomic>
#include <cstdint>

namespace jackfield {
namespace {

// Nanoseconds of the test's clocks; manual_steady is 0 while no ManualClock exists.
std::atomic<std::int64_t> manual_steady{0};
std::atomic<std::int64_t> manual_wall{0};

}  // namespace

Instant Clock::now() noexcept {
    if (const auto manual = manual_steady.load(std::memory_order_relaxed)) return Instant(duration(manual));
    return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

WallTime wall_now() noexcept {
    if (manual_steady.load(std::memory_order_relaxed))
        return WallTime(std::chrono::nanoseconds(manual_wall.load(std::memory_order_relaxed)));
    return std::chrono::system_clock::now();
}

ManualClock::ManualClock(WallTime start) {
    manual_wall = std::chrono::duration_cast<std::chrono::nanoseconds>(start.time_since_epoch()).count();
    // A day after "boot", so that subtracting a time-out never goes below zero.
    manual_steady = std::chrono::nanoseconds(std::chrono::hours(24)).count();
}
ManualClock::~ManualClock() { manual_steady = 0; }
void ManualClock::advance(Clock::duration by) {
    manual_wall += by.count();
    manual_steady += by.count();
}
void ManualClock::jump_wall(Clock::duration by) { manual_wall += by.count(); }

}  // namespace jackfield
