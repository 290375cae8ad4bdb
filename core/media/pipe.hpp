// Two ports back to back: what is written to one is received by the other. For Local channels and for joining groups of
// streams that live on different media threads; the only way of media across threads.
#pragma once

#include <memory>

#include "core/media/port.hpp"

namespace jackfield {

struct PipePair {
    std::unique_ptr<Port> first, second;
};

// Control thread. Either end may live on any media thread, move, and go before the other. On one thread a frame passes
// by a call; between two by a ring of 32 places, of which a reader that is late leaves the older frames out, so that no
// delay builds up. Errors: limit (descriptors).
Result<PipePair> make_pipe();

}  // namespace jackfield
