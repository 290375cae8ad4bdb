// Fibers from inside: the object at the top of each stack and the scheduler that runs them. Private.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstdint>
#include <random>

#include "core/base/clock.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/running_state.hpp"
#include "core/runtime/sanitizer.hpp"
#include "core/runtime/stack_pool.hpp"

namespace jackfield {

// The C++ runtime's state of one thread of execution (Itanium C++ ABI 2.2.2): swapped with the stack, so that a fiber
// may wait inside a catch block.
struct ExceptionState {
    void* caught = nullptr;
    unsigned uncaught = 0;
};

class Fiber;

// The part of a fiber that a debugger reads too; standard layout, so that its offsets are defined.
struct FiberRecord {
    enum class State : std::uint8_t { runnable, running, waiting, ended };

    std::uint64_t id = 0;
    State state = State::runnable;
    std::string name;
    Gate::Pass pass;
    std::source_location started_at;
    std::source_location waits_at;
    Instant since;                                         // of the present wait
    boost::context::detail::fcontext_t context = nullptr;  // while it does not run
    Fiber* previous = nullptr;                             // of all
    Fiber* next = nullptr;
};

// Lives at the top of its own stack, so that a parked fiber costs one page and no heap.
class Fiber : public FiberRecord {
  public:
    Fiber(FiberOptions&& options, std::move_only_function<void()> function, std::source_location where);

    bool kill_logged = false;
    std::uint16_t quick_waits = 0;  // that succeeded at once since the fiber was resumed
    unsigned failed_waits = 0;      // on something that has ended, in a row
    unsigned shields = 0;
    unsigned outside_scopes = 0;
    std::uint64_t waits = 0;           // see fiber_waits()
    const Waitable* waits_for = nullptr;  // while it waits, when that is all, and for ever
    InterruptScope* scopes = nullptr;  // innermost first
    std::move_only_function<void()> body;
    Fiber* next_runnable = nullptr;

    // What is swapped with the stack.
    char* stack = nullptr;
    ExceptionState exceptions;
    RunningState running;
    CallId call_id;
    sanitizer::Side side;
};

class FiberScheduler {
  public:
    explicit FiberScheduler(const RuntimeSettings& settings);
    ~FiberScheduler();
    FiberScheduler(const FiberScheduler&) = delete;
    FiberScheduler& operator=(const FiberScheduler&) = delete;

    Result<void> spawn(FiberOptions options, std::move_only_function<void()> body, std::source_location where);

    // Runs fibers until none is runnable, or for about 2 ms; shuffled: once those that are runnable now.
    void run_batch();
    bool runnable() const { return first_runnable_ != nullptr; }
    Fiber* running() const { return running_; }
    Fiber* first() const { return all_; }
    std::size_t count() const { return count_; }
    std::size_t limit() const { return limit_; }
    bool shuffles() const { return shuffle_; }

    void wake(Fiber& fiber) {
        if (fiber.state == Fiber::State::waiting) make_runnable(fiber);
    }
    // On a fiber: suspends it until wake(), or until all that is runnable now has run.
    void suspend(std::source_location where);
    void yield(std::source_location where);

  private:
    void make_runnable(Fiber& fiber);
    void shuffle_queue();
    static void prefetch(const Fiber& fiber);
    void resume(Fiber& fiber);
    void leave(Fiber& fiber, bool last);
    void arrive(Fiber& fiber, boost::context::detail::transfer_t from);
    void destroy(Fiber& fiber);
    static void entry(boost::context::detail::transfer_t from);
    static void run_body(Fiber& fiber);

    StackPool stacks_;
    std::size_t limit_;
    std::size_t count_ = 0;
    std::uint64_t last_id_ = 0;
    bool shuffle_;
    std::mt19937_64 random_;

    Fiber* running_ = nullptr;
    Fiber* first_runnable_ = nullptr;
    Fiber* last_runnable_ = nullptr;
    Fiber* all_ = nullptr;

    // The loop's side of a switch.
    boost::context::detail::fcontext_t loop_context_ = nullptr;
    ExceptionState loop_exceptions_;
    sanitizer::Side loop_side_;
};

// Fails (in debug builds: aborts) where nothing may wait: outside of a fiber and under a NoWait.
Result<void> check_may_wait(std::source_location where);

extern FiberScheduler* fiber_scheduler;  // of this process

// Where contrib/gdb/fibers.py finds what it prints. Builds carry no type information (-g1), so it reads raw memory.
struct FiberLayout {
    std::uint64_t version = 1;  // of this table
    Fiber* const* first = nullptr;
    std::uint64_t next, id, state, name, gate, started_at, waits_at, context;  // offsets in FiberRecord
};
extern "C" FiberLayout jackfield_fiber_layout;

}  // namespace jackfield
