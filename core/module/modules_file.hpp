// modules.conf: which modules are loaded at start.
#pragma once

#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"
#include "core/module/loader.hpp"

namespace jackfield {

// Reads [modules]. Without the file or the section: autoload. Pure.
ModuleSettings read_module_settings(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield
