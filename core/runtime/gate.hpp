// The unload gate of a module: counts what is inside the module's code, so that it can be closed and emptied.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "core/base/result.hpp"

namespace jackfield {

// Something that runs or holds code of a module keeps a Pass: fibers in it, jobs in the pool, objects with its vtable,
// queued callbacks. The core takes the passes; module code rarely needs to.
class Gate {
  public:
    explicit Gate(std::string name) : name_(std::move(name)) {}
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    class Pass {
      public:
        Pass() = default;
        Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Pass& operator=(Pass&& other) noexcept {
            if (this != &other) {
                leave();
                gate_ = std::exchange(other.gate_, nullptr);
            }
            return *this;
        }
        ~Pass() { leave(); }
        Gate* gate() const { return gate_; }

      private:
        friend class Gate;
        explicit Pass(Gate* gate) : gate_(gate) {}
        void leave() {
            if (gate_) std::exchange(gate_, nullptr)->inside_.fetch_sub(1, std::memory_order_release);
        }
        Gate* gate_ = nullptr;
    };

    // Any thread. Fails with `unloading` when the gate is closed.
    Result<Pass> enter() {
        inside_.fetch_add(1, std::memory_order_acquire);
        Pass pass(this);
        if (closed_.load(std::memory_order_acquire))
            return fail(ErrorCode::unloading, "module {} is being unloaded", name_);
        return pass;
    }
    // A pass although the gate may be closed: for objects made by code that is inside already.
    Pass hold() {
        inside_.fetch_add(1, std::memory_order_acquire);
        return Pass(this);
    }

    void close() { closed_.store(true, std::memory_order_release); }
    void open() { closed_.store(false, std::memory_order_release); }
    bool closed() const { return closed_.load(std::memory_order_acquire); }
    std::uint64_t inside() const { return inside_.load(std::memory_order_acquire); }
    const std::string& name() const { return name_; }  // the module's, e.g. "app_echo"

  private:
    std::string name_;
    std::atomic<std::uint64_t> inside_{0};
    std::atomic<bool> closed_{false};
};

// Names the module whose code the running thread is in, for the watchdog, the overflow handler and the log. The
// runtime swaps it with the fiber. Null: the core itself.
Gate* running_gate();
class RunningGate {
  public:
    explicit RunningGate(Gate* gate);
    ~RunningGate();
    RunningGate(const RunningGate&) = delete;
    RunningGate& operator=(const RunningGate&) = delete;

  private:
    Gate* previous_;
};

}  // namespace jackfield
