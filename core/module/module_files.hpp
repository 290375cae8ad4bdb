// What the loader asks of the configuration files that modules declared. Private to core/module.
#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// Reads the files of that module anew (of all modules when the name is empty) in one transaction: an error in any of
// them changes nothing. Waits. Errors: invalid, with the first finding.
Result<void> reload_module_files(std::string_view module);

}  // namespace jackfield
