// The commands of the core itself. Each group is one file, commands_<group>.cpp.
#pragma once

#include "core/base/result.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// Adds all groups to `core`, the part of the core that owns them. Control thread.
Result<void> add_core_commands(Module& core);

Result<void> add_channel_commands(Module& core);
Result<void> add_codec_commands(Module& core);
Result<void> add_config_commands(Module& core);
Result<void> add_daemon_commands(Module& core);
Result<void> add_database_commands(Module& core);
Result<void> add_dialplan_commands(Module& core);
Result<void> add_help_commands(Module& core);
Result<void> add_logger_commands(Module& core);
Result<void> add_module_commands(Module& core);
Result<void> add_realtime_commands(Module& core);
Result<void> add_runtime_commands(Module& core);

}  // namespace jackfield
