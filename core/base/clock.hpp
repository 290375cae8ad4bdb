// Time: the steady clock that timers and time-outs run on, the wall clock for people, and a clock that tests set by hand.
#pragma once

#include <chrono>

namespace jackfield {

// Monotonic time. Satisfies std::chrono's Clock requirements; any thread. Reads the machine's monotonic clock, or the
// ManualClock of a test while one exists.
struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;
    static time_point now() noexcept;
};
using Instant = Clock::time_point;

// Time of day, for records and people; it may jump. Never measure an interval with it.
using WallTime = std::chrono::system_clock::time_point;
WallTime wall_now() noexcept;

// While it exists Clock::now() and wall_now() stand still except for advance(). One at a time, for unit tests only.
class ManualClock {
  public:
    // Both clocks start at the given wall time; the default is 2026-01-01 00:00:00 UTC.
    explicit ManualClock(WallTime start = WallTime(std::chrono::seconds(1'767'225'600)));
    ~ManualClock();
    ManualClock(const ManualClock&) = delete;
    ManualClock& operator=(const ManualClock&) = delete;
    void advance(Clock::duration by);
    // Moves the wall clock alone, as an administrator or NTP would.
    void jump_wall(Clock::duration by);
};

}  // namespace jackfield
