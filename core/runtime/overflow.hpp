// Names the fiber, call and module whose stack overflowed, before the process ends. Private.
#pragma once

namespace jackfield {

// Gives the calling thread a signal stack and installs the handler once per process. Other faults go to whoever
// handled them before.
void install_overflow_handler();

}  // namespace jackfield
