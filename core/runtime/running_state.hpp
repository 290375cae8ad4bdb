// What belongs to the code that runs now and is swapped with the fiber: running gate and NoWait count. Private.
#pragma once

namespace jackfield {

class Gate;

struct RunningState {
    Gate* gate = nullptr;
    unsigned no_wait = 0;
};
RunningState& running_state();  // of the calling thread

}  // namespace jackfield
