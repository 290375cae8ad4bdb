// Fibers: code that waits is an ordinary function on a stack of its own, all on the control thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

// Thrown by the runtime into a fiber that made 100 failed waits on something that has ended (a module that ignores
// hang-up). Only the fiber's entry catches it; never catch (...) without rethrowing.
struct FiberKilled {};

struct FiberOptions {
    std::string name;           // shown by `fiber show`, e.g. "SIP/6001-0000002a"
    CallId call_id = current_call_id();
    Gate::Pass pass = {};       // holds the module whose code the fiber runs
};

// Starts a fiber in a later turn. Control thread. Errors: limit (the cap of fibers is reached; a new call answers 503).
// The fiber belongs to nobody; use a TaskGroup for one that must be cancelled and joined.
Result<void> spawn(FiberOptions options, std::move_only_function<void()> body,
                   std::source_location where = std::source_location::current());

// True when the caller runs on a fiber (and so may wait).
bool on_fiber();
std::uint64_t fiber_id();  // of the running fiber, as `fiber show` numbers them; 0 outside fibers
// How often the running fiber has waited for something that was not ready yet; yield() does not count. 0 outside fibers.
std::uint64_t fiber_waits();

// Child fibers that end together: the destructor cancels those that run and waits for their end.
class TaskGroup {
  public:
    explicit TaskGroup(std::string name);
    ~TaskGroup();  // Waits (shielded) when a child still runs.
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Errors: limit, cancelled.
    Result<void> spawn(std::string name, std::move_only_function<void()> body,
                       std::source_location where = std::source_location::current());
    void cancel();  // waits of every child fail with `cancelled` from now on
    // Waits until every child has ended. Errors: timeout, interruption.
    Result<void> join(Timeout timeout = {}, std::source_location where = std::source_location::current());
    std::size_t running() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

struct FiberSummary {  // for `fiber show`
    std::uint64_t id;
    std::string name, module;
    std::string waits_at;  // file:line of the wait, empty when runnable
    std::chrono::milliseconds since;
    CallId call_id;
    // Fibers that wait for each other, this one first; empty when it is in no such circle. Only waits without a time limit
    // for one thing that knows its fibers count (TaskGroup, Latch::set_by), so a circle is certain and some are not found.
    std::vector<std::uint64_t> circle;
};
std::vector<FiberSummary> list_fibers();
std::size_t fiber_count();
std::size_t fiber_limit();

}  // namespace jackfield
