// What the daemon calls itself.
#pragma once

#include <string>

namespace jackfield {

std::string version();       // "Jackfield 0.1.0"
std::string build_details();  // "built Nov 21 2026 by g++ 12.2.0, ABI jackfield-1/..."

}  // namespace jackfield
