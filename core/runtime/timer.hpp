// Timers: intrusive entries of one timer wheel; destroying one cancels it for certain.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <source_location>

#include "core/base/clock.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

// Calls a function once, on the control thread, not on a fiber: it may not wait, it may spawn. Resolution 1 ms, never
// early. Starting, stopping and destroying cost O(1) and allocate nothing; the function is kept for restarts. The timer
// may be destroyed from its own function.
class Timer {
  public:
    explicit Timer(std::move_only_function<void()> on_expiry,
                   std::source_location where = std::source_location::current());
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void start(std::chrono::nanoseconds after);  // restarts a running one
    void stop();
    bool running() const { return previous_ != nullptr; }
    Instant expires() const { return expires_; }  // meaningful while running

  private:
    friend class TimerWheel;
    Timer** previous_ = nullptr;  // intrusive list of one wheel slot
    Timer* next_ = nullptr;
    Instant expires_{};
    std::move_only_function<void()> on_expiry_;
    Gate* gate_;  // of the module that made it
    std::source_location where_;
};

}  // namespace jackfield
