// The control loop from inside: what one turn consists of. Private to core/runtime/*.cpp.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/runtime/control.hpp"
#include "core/runtime/fiber_private.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/reactor.hpp"
#include "core/runtime/timer_wheel.hpp"
#include "core/runtime/watchdog_private.hpp"

namespace jackfield {

// A turn: what other threads posted, timers that are due, a batch of fibers, and what was put off to its end. The
// handlers of descriptors run between turns.
struct ControlLoop::Private {
    explicit Private(const RuntimeSettings& wanted);
    ~Private();

    void turn();
    bool busy() const;  // work is left that waits neither for time nor for descriptors
    void step(std::optional<std::chrono::nanoseconds> limit = {});  // sleeps when nothing is to do, then a turn
    Lane& default_lane();
    void end_background_work();  // before the last turns

    RuntimeSettings settings;
    Watchdog watchdog;
    Reactor reactor;
    TimerWheel wheel;
    FiberScheduler fibers;
    std::vector<std::move_only_function<void()>> end_of_turn, ending;  // to be run, and those that run now
    std::atomic<bool> stopping{false};
    std::unique_ptr<DescriptorWatch> wake_up;  // of the inbox's eventfd
    // Background work of the runtime that outlives its object (children to be reaped); destroyed with the loop.
    std::vector<std::shared_ptr<void>> lingering;
    std::shared_ptr<void> resolver, tls_handshakes;  // made on first use

  private:
    void serve_inbox();
    bool dense();

    // Of the present window, see dense().
    std::chrono::steady_clock::time_point window_begin_;
    std::chrono::nanoseconds worked_before_{};
    bool dense_ = false;

    std::once_flag lane_made_;
    std::unique_ptr<Lane> lane_;
};

}  // namespace jackfield
