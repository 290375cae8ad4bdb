// The watchdog's thread and what the control thread tells it. Private.
#pragma once

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "core/runtime/control.hpp"
#include "core/runtime/watchdog.hpp"

namespace jackfield {

class Watchdog {
  public:
    explicit Watchdog(const RuntimeSettings& settings);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // Control thread.
    void start();        // the thread that looks after the calling thread; a second call does nothing
    void begin_turn() {  // also for the second time in a turn
        if (started_.load(std::memory_order_relaxed) == 0) started_.store(nanoseconds_now(), std::memory_order_relaxed);
    }
    void end_turn() {
        const std::int64_t started = started_.load(std::memory_order_relaxed);
        if (started == 0) return;
        started_.store(0, std::memory_order_relaxed);
        const std::chrono::nanoseconds length(nanoseconds_now() - started);
        worked_ += length;
        if (length >= warn_limit_) finish_long_turn(started, length);
    }
    std::chrono::nanoseconds worked() const { return worked_; }  // in all turns that ended
    std::chrono::nanoseconds warn_limit() const { return warn_limit_; }
    // One fiber ran for `length` without a wait.
    void note_slow(std::string_view fiber, std::string_view module, std::chrono::nanoseconds length);

    WatchdogStatus status() const;  // any thread

  private:
    static std::int64_t nanoseconds_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
    void finish_long_turn(std::int64_t started, std::chrono::nanoseconds length);
    void watch();
    void report(std::int64_t started);
    void keep(Stall stall);

    std::chrono::nanoseconds warn_limit_, report_limit_;
    std::atomic<std::int64_t> started_{
        0};  // of the present turn, in nanoseconds of the steady clock; 0: the loop sleeps
    pthread_t control_thread_{};

    std::chrono::nanoseconds worked_{};  // control thread only

    // Of the present turn; control thread only.
    std::string slow_fiber_, slow_module_;
    std::int64_t last_warning_ = 0;
    std::uint64_t unlogged_warnings_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable wanted_;
    bool ending_ = false;
    std::int64_t reported_ = 0;  // the turn of the newest entry of status_.latest that was reported while it lasted
    WatchdogStatus status_;
    std::thread thread_;
};

}  // namespace jackfield
