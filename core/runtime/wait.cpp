// Waiting: select() and what may interrupt it.
#include "core/runtime/wait.hpp"

#include <array>
#include <cstdlib>
#include <exception>
#include <vector>

#include "core/runtime/fiber_private.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

using detail::WaitNode;
using namespace std::chrono_literals;

struct WaitAccess {
    static void link(Waitable& waitable, WaitNode& node) {
        node.next = waitable.waiters_;
        node.previous = &waitable.waiters_;
        if (node.next) node.next->previous = &node.next;
        waitable.waiters_ = &node;
    }
    static InterruptScope* outer(const InterruptScope& scope) { return scope.outer_; }
    static Interrupter& interrupter(const InterruptScope& scope) { return *scope.interrupter_; }
};

namespace {

constexpr unsigned kFailedWaits = 100;      // then the fiber is killed
constexpr std::uint16_t kQuickWaits = 100;  // waits that succeed at once before others get their turn

void unlink(WaitNode& node) {
    if (!node.previous) return;
    *node.previous = node.next;
    if (node.next) node.next->previous = node.previous;
    node.previous = nullptr;
}

// The fiber's nodes in the lists of all that it waits for. Room for the usual case on the stack.
class Links {
  public:
    Links(Fiber& fiber, std::span<Waitable* const> what) : wanted_(what.size()) {
        std::size_t count = what.size();
        for (const InterruptScope* scope = fiber.scopes; scope; scope = WaitAccess::outer(*scope)) ++count;
        if (count > few_.size()) {
            many_.resize(count);
            nodes_ = many_.data();
        }
        for (Waitable* waitable : what) add(fiber, *waitable);
        for (const InterruptScope* scope = fiber.scopes; scope; scope = WaitAccess::outer(*scope))
            add(fiber, WaitAccess::interrupter(*scope));
    }
    ~Links() {
        for (std::size_t i = 0; i < count_; ++i) unlink(nodes_[i]);
    }
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;

    // False: the Waitable was destroyed meanwhile.
    bool exists(std::size_t position) const { return nodes_[position].previous != nullptr; }
    // True when there was something to wait for, and all of it was destroyed.
    bool all_gone() const {
        for (std::size_t i = 0; i < wanted_; ++i)
            if (exists(i)) return false;
        return wanted_ != 0;
    }

  private:
    void add(Fiber& fiber, Waitable& waitable) {
        WaitNode& node = nodes_[count_++];
        node.fiber = &fiber;
        WaitAccess::link(waitable, node);
    }

    std::array<WaitNode, 5> few_;  // what a call waits for as long as people talk: small, for its stack's sake
    std::vector<WaitNode> many_;
    WaitNode* nodes_ = few_.data();
    std::size_t count_ = 0;
    std::size_t wanted_;  // the first ones; the rest are interrupters
};

Result<Fiber*> waiting_fiber(std::source_location where) {
    Fiber* fiber = on_control_thread() ? fiber_scheduler->running() : nullptr;
    if (fiber && running_state().no_wait == 0) return fiber;
    const Gate* gate = running_gate();
    detail::log(
        LogLevel::error, 0, where, "module {} waits {}",
        fmt::make_format_args(gate ? gate->name() : "core", fiber ? "under a NoWait guard" : "outside of a fiber"));
#ifndef NDEBUG
    std::abort();
#endif
    return fail(ErrorCode::invalid, "a wait where nothing may wait ({}:{})", where.file_name(), where.line());
}

std::optional<ErrorCode> interruption(const Fiber& fiber) {
    for (const InterruptScope* scope = fiber.scopes; scope; scope = WaitAccess::outer(*scope))
        if (const auto reason = WaitAccess::interrupter(*scope).reason()) return reason;
    return {};
}

// Counts a wait that was interrupted; kills the fiber of a module that does not listen.
std::unexpected<Error> interrupted(Fiber& fiber, ErrorCode reason, std::source_location where) {
    // A destructor that waits during unwinding must get its error: a second exception would end the process.
    if (++fiber.failed_waits >= kFailedWaits && std::uncaught_exceptions() == 0) {
        if (!std::exchange(fiber.kill_logged, true)) {
            const Gate* gate = running_gate();
            detail::log(
                LogLevel::error, 0, where,
                "module {} goes on after {} failed waits ({}) on fiber {}: the fiber is ended",
                fmt::make_format_args(gate ? gate->name() : "core", fiber.failed_waits, to_string(reason), fiber.name));
        }
        throw FiberKilled{};
    }
    return fail(reason);
}

void succeeded(Fiber& fiber) {
    if (fiber.shields == 0) fiber.failed_waits = 0;  // nothing in scope has ended
}

std::optional<std::size_t> first_ready(std::span<Waitable* const> what, const Links* links) {
    for (std::size_t i = 0; i < what.size(); ++i)
        if ((!links || links->exists(i)) && what[i]->ready()) return i;
    return {};
}

// Passes through the loop once, and then until something is ready, the time has passed or nothing is left.
Result<std::size_t> wait_linked(Fiber& fiber, std::span<Waitable* const> what, Timeout timeout, bool at_once,
                                std::source_location where) {
    FiberScheduler& scheduler = *fiber_scheduler;
    const Links links(fiber, what);
    bool timed_out = timeout && *timeout <= 0ns;
    std::optional<Timer> timer;
    if (timeout && !timed_out) {
        timer.emplace(
            [&timed_out, &fiber] {  // two references fit into the function without allocating
                timed_out = true;
                fiber_scheduler->wake(fiber);
            },
            where);
        timer->start(*timeout);
    }
    fiber.waits_for = what.size() == 1 && !timeout ? what.front() : nullptr;
    if (at_once || timed_out)
        scheduler.yield(where);
    else
        scheduler.suspend(where);
    for (;;) {
        if (const auto reason = interruption(fiber)) return interrupted(fiber, *reason, where);
        const auto ready = first_ready(what, &links);
        if (ready || timed_out) {
            succeeded(fiber);
            if (ready) return *ready;
            return fail(ErrorCode::timeout);
        }
        if (links.all_gone()) return fail(ErrorCode::closed, "all that it waited for is gone");
        scheduler.suspend(where);
    }
}

}  // namespace

Result<void> check_may_wait(std::source_location where) {
    JF_TRY(waiting_fiber(where));
    return {};
}

Waitable::~Waitable() {
    while (WaitNode* node = waiters_) {
        unlink(*node);
        fiber_scheduler->wake(*node->fiber);
    }
}

void Waitable::notify() {
    for (WaitNode* node = waiters_; node; node = node->next) fiber_scheduler->wake(*node->fiber);
}

Result<std::size_t> select(std::span<Waitable* const> what, Timeout timeout, std::source_location where) {
    Fiber& fiber = *JF_TRY(waiting_fiber(where));
    if (const auto reason = interruption(fiber)) {
        fiber_scheduler->yield(where);
        return interrupted(fiber, *reason, where);
    }
    const auto ready = first_ready(what, nullptr);
    if (ready && !fiber_scheduler->shuffles() && fiber.quick_waits < kQuickWaits) {
        ++fiber.quick_waits;
        succeeded(fiber);
        return *ready;
    }
    return wait_linked(fiber, what, timeout, ready.has_value(), where);
}

Result<void> sleep_for(std::chrono::nanoseconds time, std::source_location where) {
    auto end = select(std::span<Waitable* const>{}, time, where);
    if (end.error().code != ErrorCode::timeout) return std::unexpected(std::move(end).error());
    return {};
}

Result<void> yield(std::source_location where) {
    Fiber& fiber = *JF_TRY(waiting_fiber(where));
    fiber_scheduler->yield(where);
    if (const auto reason = interruption(fiber)) return interrupted(fiber, *reason, where);
    succeeded(fiber);
    return {};
}

void Interrupter::interrupt(ErrorCode reason) {
    if (!reason_ || (reason == ErrorCode::hangup && *reason_ == ErrorCode::redirected)) reason_ = reason;
    notify();
}

InterruptScope::InterruptScope(Interrupter& interrupter) : interrupter_(&interrupter), outer_(nullptr) {
    if (!on_fiber()) return;  // nothing can wait here
    Fiber& fiber = *fiber_scheduler->running();
    outer_ = std::exchange(fiber.scopes, this);
}

InterruptScope::~InterruptScope() {
    if (on_fiber()) fiber_scheduler->running()->scopes = outer_;
}

Shield::Shield() : hidden_(nullptr) {
    if (!on_fiber()) return;
    Fiber& fiber = *fiber_scheduler->running();
    hidden_ = std::exchange(fiber.scopes, nullptr);
    ++fiber.shields;
}

Shield::~Shield() {
    if (!on_fiber()) return;
    Fiber& fiber = *fiber_scheduler->running();
    fiber.scopes = hidden_;
    --fiber.shields;
}

NoWait::NoWait() { ++running_state().no_wait; }
NoWait::~NoWait() { --running_state().no_wait; }

}  // namespace jackfield
