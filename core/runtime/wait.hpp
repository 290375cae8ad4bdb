// Waiting: what a fiber can wait for, what interrupts a wait, and the one function that waits.
//
// Every wait of the framework is a select(). A fiber waits for Waitables (queues, timers, ends of other fibers) and is
// interrupted by the Interrupters that are in scope: the custody of its channel, the task group that it belongs to.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <source_location>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/ring.hpp"

namespace jackfield {

class Fiber;

namespace detail {
// One fiber waiting for one Waitable; lives on the waiting fiber's stack.
struct WaitNode {
    Fiber* fiber = nullptr;
    WaitNode** previous = nullptr;
    WaitNode* next = nullptr;
};
}  // namespace detail

// Something that can become ready. Level-triggered: select() asks ready(), so that nothing that came early is lost.
// Control thread only. May be destroyed while fibers wait for it: they then wait for the rest of their list.
class Waitable {
  public:
    Waitable(const Waitable&) = delete;
    Waitable& operator=(const Waitable&) = delete;
    virtual bool ready() const = 0;
    // The fibers (by id) without which this can't become ready, as far as that is known: `fiber show` finds circles by it.
    virtual std::vector<std::uint64_t> needed_fibers() const { return {}; }

  protected:
    Waitable() = default;
    virtual ~Waitable();
    // Makes every fiber that waits for this runnable; it looks at ready() again when it runs.
    void notify();

  private:
    friend struct WaitAccess;
    detail::WaitNode* waiters_ = nullptr;
};

using Timeout = std::optional<std::chrono::nanoseconds>;  // empty: for ever

// Waits. Returns the position of the first ready Waitable in the order given. Errors: timeout, and the reason of an
// interrupter in scope, which wins over a Waitable that is ready as well. Even a wait that fails at once passes through
// the loop. Only on a fiber and not under a NoWait.
Result<std::size_t> select(std::span<Waitable* const> what, Timeout timeout = {},
                           std::source_location where = std::source_location::current());
inline Result<std::size_t> select(std::initializer_list<Waitable*> what, Timeout timeout = {},
                                  std::source_location where = std::source_location::current()) {
    return select(std::span<Waitable* const>(what.begin(), what.size()), timeout, where);
}
// Waits for the time given; fails only when interrupted.
Result<void> sleep_for(std::chrono::nanoseconds time, std::source_location where = std::source_location::current());
// Waits until everything else that is runnable now has run; for work longer than 1 ms.
Result<void> yield(std::source_location where = std::source_location::current());

// A reason for waits to end. interrupt() is remembered: every later wait under it fails too, until reset().
class Interrupter : public Waitable {
  public:
    ~Interrupter() override = default;
    void interrupt(ErrorCode reason);  // the first reason stays; hangup replaces redirected
    void reset() { reason_.reset(); }
    std::optional<ErrorCode> reason() const { return reason_; }
    bool ready() const override { return reason_.has_value(); }

  private:
    std::optional<ErrorCode> reason_;
};

// While it exists, waits of the running fiber are interrupted by `interrupter` too. Strictly nested, on the stack.
class InterruptScope {
  public:
    explicit InterruptScope(Interrupter& interrupter);
    ~InterruptScope();
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

  private:
    friend struct WaitAccess;
    Interrupter* interrupter_;
    InterruptScope* outer_;
};

// While it exists, waits of the running fiber are not interrupted by the scopes outside of it (scopes opened inside
// still count). For the h extension, hang-up handlers, dead AGI, and clean-up that must wait.
class Shield {
  public:
    Shield();
    ~Shield();
    Shield(const Shield&) = delete;
    Shield& operator=(const Shield&) = delete;

  private:
    InterruptScope* hidden_;
};

// Asserts (in every build: logs and aborts only in debug, fails the wait with `invalid` in release) that nothing waits
// while it exists.
class NoWait {
  public:
    NoWait();
    ~NoWait();
    NoWait(const NoWait&) = delete;
    NoWait& operator=(const NoWait&) = delete;
};

// A bounded first-in-first-out queue: the way in which one fiber or callback tells another something.
template <class T>
class Queue final : public Waitable {
  public:
    explicit Queue(std::size_t limit = 1024) : limit_(limit) {}
    ~Queue() override = default;

    // False when full (the value is dropped) or closed.
    bool push(T value) {
        if (closed_ || values_.size() >= limit_) return false;
        values_.push_back(std::move(value));
        notify();
        return true;
    }
    void close() {  // pop() then returns what is left, and after that fails with `closed`
        closed_ = true;
        notify();
    }
    bool ready() const override { return !values_.empty() || closed_; }
    bool empty() const { return values_.empty(); }
    std::size_t size() const { return values_.size(); }
    std::optional<T> try_pop() {
        if (values_.empty()) return {};
        std::optional<T> value(std::move(values_.front()));
        values_.pop_front();
        return value;
    }
    // Waits for a value. Errors: timeout, closed, interruption.
    Result<T> pop(Timeout timeout = {}, std::source_location where = std::source_location::current()) {
        for (;;) {
            JF_TRY(select({this}, timeout, where));
            if (!values_.empty()) return std::move(*try_pop());
            if (closed_) return fail(ErrorCode::closed);
        }
    }
    void clear() { values_.clear(); }

  private:
    Ring<T> values_;
    std::size_t limit_;
    bool closed_ = false;
};

// A condition that stays true once it is set.
class Latch final : public Waitable {
  public:
    ~Latch() override = default;
    void set() {
        set_ = true;
        notify();
    }
    bool is_set() const { return set_; }
    bool ready() const override { return set_; }
    void set_by(std::uint64_t fiber) { setter_ = fiber; }  // tells `fiber show` who is going to set it (see fiber_id())
    std::vector<std::uint64_t> needed_fibers() const override {
        return setter_ ? std::vector{setter_} : std::vector<std::uint64_t>{};
    }
    // Waits until it is set.
    Result<void> wait(Timeout timeout = {}, std::source_location where = std::source_location::current()) {
        JF_TRY(select({this}, timeout, where));
        return {};
    }

  private:
    bool set_ = false;
    std::uint64_t setter_ = 0;
};

}  // namespace jackfield
