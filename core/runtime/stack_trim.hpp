// Gives memory of parked stacks back to the system.
#pragma once

#include <source_location>

#include "core/runtime/timer.hpp"

namespace jackfield {

// On a fiber, around a wait that may last as long as a call: when it has lasted a second, what earlier work used of the stack
// below the wait's depth goes back to the system. Short calls don't pay for the system call and the page faults after it.
class StackTrim {
  public:
    explicit StackTrim(std::source_location where = std::source_location::current());
    StackTrim(const StackTrim&) = delete;
    StackTrim& operator=(const StackTrim&) = delete;

  private:
    Timer timer_;
};

}  // namespace jackfield
