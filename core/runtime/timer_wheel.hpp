// The timer wheel: five levels of slots over ticks of 1 ms; starting, stopping and firing cost O(1). Private.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/runtime/timer.hpp"

namespace jackfield {

// Level 0 has a slot for each of the next 256 ticks; a slot of level n covers 2^(8+6(n-1)) ticks and is spread over the
// levels below when its first tick comes. Timers beyond 2^32 ticks (49 days) wait in the last level and are placed
// anew.
class TimerWheel {
  public:
    explicit TimerWheel(Instant origin) : origin_(origin) {}
    ~TimerWheel();  // timers that still run stop
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    void insert(Timer& timer, Instant expires);
    void remove(Timer& timer);
    void forget(Timer& timer) {  // for the destructor: also while its function runs
        remove(timer);
        if (firing_ == &timer) firing_ = nullptr;
    }
    // Calls the functions of all timers due at `now`; one that starts itself again without delay fires next time.
    void advance(Instant now);
    // Whether advance() has something to do although time stands still.
    bool due() const { return due_ != nullptr; }
    // When advance() has to be called next; empty when no timer runs.
    std::optional<Instant> next();

  private:
    static constexpr unsigned kLevels = 5;
    static constexpr unsigned kFirstSlots = 256, kUpperSlots = 64;
    static constexpr std::uint64_t kHorizon = std::uint64_t{1} << 32;

    static unsigned shift(unsigned level) { return level == 0 ? 0 : 8 + 6 * (level - 1); }
    static unsigned slot_index(unsigned level, std::uint64_t tick);
    std::uint64_t tick_of(Instant expires) const;  // rounded up, so that nothing fires early
    void place(Timer& timer);
    void push(Timer*& head, Timer& timer);
    std::uint64_t next_tick();  // kNever when all slots are empty
    void spread(unsigned index);
    void fire_all(Timer*& head);
    void fire(Timer& timer);

    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    Instant origin_;
    std::uint64_t current_ = 0;  // the last tick that was served
    std::array<Timer*, kFirstSlots + (kLevels - 1) * kUpperSlots> slots_{};
    // A bit for each slot that may hold timers; cleared when the slot is found empty.
    std::array<std::uint64_t, (kFirstSlots + (kLevels - 1) * kUpperSlots) / 64> occupied_{};
    Timer* due_ = nullptr;
    Timer* firing_ = nullptr;
};

}  // namespace jackfield
