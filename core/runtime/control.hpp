// The control thread: one event loop that owns every call-control object.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/result.hpp"

namespace jackfield {

// True on the control thread (and in unit tests that run a ControlLoop on their own thread).
bool on_control_thread();

// Runs `job` on the control thread in a later turn. Any thread, never waits. For work that the core itself bounds;
// media threads use Posted instead, which allocates nothing.
void post(std::move_only_function<void()> job);

// Runs `job` at the end of the present turn, before the loop sleeps: used to flush what many calls of one turn
// gathered (commands to media threads, AMI events). Control thread only.
void at_end_of_turn(std::move_only_function<void()> job);

// A node that another thread hands to the control thread without allocating. The owner embeds it in a long-lived object;
// posting it again before it has run is a no-op, so state-like events coalesce.
class Posted {
  public:
    Posted() = default;
    Posted(const Posted&) = delete;
    Posted& operator=(const Posted&) = delete;

    void post();  // any thread; never waits

  protected:
    ~Posted() = default;  // the owner makes sure (by closing its media object first) that it is not queued any more

    // Control thread. A post() that comes while this runs queues it once more.
    virtual void posted() = 0;

  private:
    friend class ControlLoop;
    std::atomic<bool> queued_{false};
    Posted* next_ = nullptr;
};

struct RuntimeSettings {
    std::size_t stack_size = 256 * 1024;     // bytes of address space per fiber
    std::size_t max_fibers = 0;              // 0: 40 % of vm.max_map_count
    bool shuffle = false;                    // debug: random run queue order, and every wait yields
    std::uint64_t shuffle_seed = 0;          // 0: from the clock; logged, so that a failure can be repeated
    unsigned pool_threads = 8;               // threads of the default offload lane
    std::chrono::milliseconds warn_turn{10};   // watchdog: one turn this long is logged
    std::chrono::milliseconds report_turn{50};  // and this long is reported with module, line and back trace
};

// The loop itself; core/main makes the only one (unit tests make their own, with ManualClock if they like).
class ControlLoop {
  public:
    explicit ControlLoop(RuntimeSettings settings = {});
    ~ControlLoop();  // every fiber must have ended
    ControlLoop(const ControlLoop&) = delete;
    ControlLoop& operator=(const ControlLoop&) = delete;

    void run();          // until stop(); the calling thread becomes the control thread
    void run_until_idle();  // tests: all that can run without waiting for time, sockets or other threads
    bool run_for(std::chrono::milliseconds limit, const std::function<bool()>& until);  // tests: true when `until` holds
    void stop();         // any thread

    const RuntimeSettings& settings() const;
    static ControlLoop* instance();  // null when there is none

    struct Private;  // Asio and the run queue, core/runtime/*.cpp only
    Private& internals() { return *private_; }

  private:
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
