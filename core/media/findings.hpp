// What a tap on a media thread finds (a tone, a digit), told to the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/result.hpp"

namespace jackfield {

// The tap keeps a share of it and calls tell(); who made it gets each finding in order. Up to 32 may wait for the control
// thread; more than that are lost, so it is for what people and signalling do, and not for every frame.
class Findings {
  public:
    using Function = std::move_only_function<void(std::uint32_t finding)>;
    // Control thread. `function` runs there, not on a fiber, until end().
    static std::shared_ptr<Findings> make(Function function);
    virtual ~Findings() = default;
    virtual void tell(std::uint32_t finding) = 0;  // media thread; allocates nothing, never waits
    virtual void end() = 0;                        // control thread: `function` is destroyed, what comes later is dropped

  protected:
    Findings() = default;
};

// Ends them when destroyed.
class FindingsGuard {
  public:
    explicit FindingsGuard(std::shared_ptr<Findings> findings) : findings_(std::move(findings)) {}
    ~FindingsGuard() {
        if (findings_) findings_->end();
    }
    FindingsGuard(FindingsGuard&&) noexcept = default;
    FindingsGuard& operator=(FindingsGuard&&) = delete;

  private:
    std::shared_ptr<Findings> findings_;
};

}  // namespace jackfield
