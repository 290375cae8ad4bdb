// The edge between the loop and the functions it calls that are not fibers: exceptions end here. Private.
#pragma once

#include <exception>
#include <functional>
#include <string_view>

#include "core/runtime/gate.hpp"

namespace jackfield {

// Logs the exception in flight: which kind of function, of which module, and what it said. Only in a catch block.
void log_stray_exception(std::string_view what, std::string_view name, const Gate* gate);

// Runs a callback of the module of `gate` (null: the core); an exception is logged and ends there.
template <class F>
void call_guarded(std::string_view what, Gate* gate, F&& function) {
    const RunningGate running(gate);
    try {
        function();
    } catch (...) {
        log_stray_exception(what, {}, gate);
    }
}

}  // namespace jackfield
