// MusicOnHold, StartMusicOnHold and StopMusicOnHold.
#pragma once

#include "core/base/result.hpp"

namespace jackfield {
class Module;
}

namespace jackfield::res_musiconhold {

// Registers the applications. Errors: exists.
Result<void> add_applications(Module& module);

}  // namespace jackfield::res_musiconhold
