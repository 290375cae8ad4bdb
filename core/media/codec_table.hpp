// The codecs that the core knows by itself.
#pragma once

#include <vector>

#include "core/media/format.hpp"

namespace jackfield {

// All of them, in the order in which `allow=all` takes them. Pure.
std::vector<Codec> built_in_codecs();

}  // namespace jackfield
