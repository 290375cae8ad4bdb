// The stack's timers: state machines arm them, whoever owns the clock advances them. No I/O, no clock of their own, so
// that tests run on any time they like; the user agent drives one set of them with one core timer. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/clock.hpp"

namespace jackfield::sip {

class StackTimers;

// Whose clock the timers run by. Without one they count from the last advance().
class StackClock {
  public:
    virtual Instant now() = 0;
    virtual void timer_started(Instant due) = 0;  // advance() has to be called then, or before

  protected:
    ~StackClock() = default;
};

// An intrusive entry that calls one function of its owner. Destroying it cancels it; it may be destroyed or restarted
// from its own function.
class StackTimer {
  public:
    using Expired = void (*)(void* owner);
    StackTimer(void* owner, Expired expired) : owner_(owner), expired_(expired) {}
    ~StackTimer() { stop(); }
    StackTimer(const StackTimer&) = delete;
    StackTimer& operator=(const StackTimer&) = delete;

    void stop();
    bool running() const { return place_ != nullptr; }

    // StackTimer::calls<&Transaction::timeout>: calls this member function of the owner.
    template <auto Member>
    static void calls(void* owner) {
        call(Member, owner);
    }

  private:
    friend class StackTimers;
    template <class Owner>
    static void call(void (Owner::*member)(), void* owner) {
        (static_cast<Owner*>(owner)->*member)();
    }

    StackTimer** place_ = nullptr;  // what points to this one
    StackTimer* next_ = nullptr;
    StackTimer*** tail_ = nullptr;  // the queue's end, to be moved back when the last one leaves
    Instant when_{};
    void* owner_;
    Expired expired_;
};

// Timers that run equally long expire in the order in which they were started: one queue for each length, and all is
// O(1). Lengths come from configuration (T1 doubled, T2, T4, ...), so there are few; beyond 48 at a time they are
// rounded up to the next one there is.
class StackTimers {
  public:
    explicit StackTimers(Instant now, StackClock* clock = nullptr) : now_(now), clock_(clock) {}
    ~StackTimers();
    StackTimers(const StackTimers&) = delete;
    StackTimers& operator=(const StackTimers&) = delete;

    Instant now() const { return now_; }                             // as of the last advance() or start()
    void start(StackTimer& timer, std::chrono::milliseconds after);  // restarts a running one; at least 1 ms
    // Runs what is due, earliest first. What is started meanwhile counts from `now` and waits for a later call.
    void advance(Instant now);
    // When advance() has to be called next; nothing when no timer runs.
    std::optional<Instant> next() const;

  private:
    struct Queue {
        std::chrono::milliseconds length{};
        StackTimer* head = nullptr;
        StackTimer** tail = &head;
    };
    static constexpr std::size_t most_queues = 48;
    Queue& queue_of(std::chrono::milliseconds length);
    Queue* earliest() const;

    Instant now_;
    StackClock* clock_;
    std::vector<std::unique_ptr<Queue>> queues_;
};

}  // namespace jackfield::sip
