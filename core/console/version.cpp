// What the daemon calls itself.
#include "core/console/version.hpp"

#include <fmt/core.h>

#include "core/module/abi_tag.hpp"

#ifndef JACKFIELD_VERSION
#error "core/CMakeLists.txt defines the version"
#endif

namespace jackfield {

std::string version() { return "Jackfield " JACKFIELD_VERSION; }

std::string build_details() { return fmt::format("built by g++ {} for ABI {}", __VERSION__, own_abi_tag()); }

}  // namespace jackfield
