// The commands of the core itself. Each group is one file, commands_<group>.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/console/command.hpp"
#include "core/module/module.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {

// Adds all groups to `core`, the part of the core that owns them. Control thread.
Result<void> add_core_commands(Module& core);

Result<void> add_bridge_commands(Module& core);
Result<void> add_channel_commands(Module& core);
Result<void> add_codec_commands(Module& core);
Result<void> add_config_commands(Module& core);
Result<void> add_daemon_commands(Module& core);
Result<void> add_database_commands(Module& core);
Result<void> add_dialplan_commands(Module& core);
Result<void> add_help_commands(Module& core);
Result<void> add_logger_commands(Module& core);
Result<void> add_module_commands(Module& core);
Result<void> add_originate_commands(Module& core);
Result<void> add_realtime_commands(Module& core);
Result<void> add_runtime_commands(Module& core);
Result<void> add_security_commands(Module& core);

// security.conf: the limits on failed log-ins.
ConfigFileSpec login_limits_file();
// acl.conf: lists of addresses by name.
ConfigFileSpec access_lists_file();

// Of a command's word: the channel of that name, or an error that names it. Control thread.
Result<Channel*> named_channel(const std::string& name);
// Completions of a command whose first word is a channel's name, or `all` as well. Control thread.
std::vector<std::string> channel_names(CommandWords words, std::size_t index, std::string_view word);
std::vector<std::string> channel_names_and_all(CommandWords words, std::size_t index, std::string_view word);

}  // namespace jackfield
