// cli.conf, cli_permissions.conf and cli_aliases.conf.
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
// The commands that [startup_commands] of cli.conf switches on, in order. Pure.
std::vector<std::string> read_startup_commands(const ConfigFile& file, Diagnostics& findings);

// Runs the commands of cli.conf that were read last; their answers go to the log as verbose lines. Once, at the end of
// the start. Waits.
void run_startup_commands();

ConfigFileSpec startup_commands_file();
ConfigFileSpec permissions_file();
ConfigFileSpec aliases_file();

}  // namespace jackfield
