// The running gate of each thread.
#include "core/runtime/gate.hpp"

#include "core/runtime/running_state.hpp"

namespace jackfield {
namespace {

thread_local RunningState state_of_this_thread;

}  // namespace

RunningState& running_state() { return state_of_this_thread; }

Gate* running_gate() { return state_of_this_thread.gate; }

RunningGate::RunningGate(Gate* gate) : previous_(std::exchange(state_of_this_thread.gate, gate)) {}
RunningGate::~RunningGate() { state_of_this_thread.gate = previous_; }

}  // namespace jackfield
