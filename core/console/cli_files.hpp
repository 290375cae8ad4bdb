// cli_permissions.conf and cli_aliases.conf.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/console/permissions.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {

// Pure.
CommandPermissions read_command_permissions(const ConfigFile& file, Diagnostics& findings);
// (alias, command) of the templates that [general] names. Pure.
std::vector<std::pair<std::string, std::string>> read_command_aliases(const ConfigFile& file, Diagnostics& findings);

ConfigFileSpec permissions_file();
ConfigFileSpec aliases_file();

}  // namespace jackfield
