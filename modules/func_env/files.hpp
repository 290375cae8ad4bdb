// FILE, FILE_COUNT_LINE and FILE_FORMAT.
#pragma once

#include "core/sdk.hpp"

namespace jackfield::func_env {

Result<void> add_files(Module& module);

}  // namespace jackfield::func_env
