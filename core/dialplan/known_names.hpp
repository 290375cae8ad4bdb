// Names of what is registered, for other threads than the control thread.
#pragma once

#include <string>
#include <vector>

namespace jackfield {

// Sorted copies, as things stand now. Any thread.
std::vector<std::string> known_applications();
std::vector<std::string> known_functions();

}  // namespace jackfield
