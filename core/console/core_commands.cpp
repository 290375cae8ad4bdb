// The commands of the core itself.
#include "core/console/core_commands.hpp"

namespace jackfield {

Result<void> add_core_commands(Module& core) {
    JF_TRY(add_daemon_commands(core));
    JF_TRY(add_help_commands(core));
    JF_TRY(add_module_commands(core));
    JF_TRY(add_logger_commands(core));
    JF_TRY(add_database_commands(core));
    JF_TRY(add_config_commands(core));
    JF_TRY(add_realtime_commands(core));
    JF_TRY(add_runtime_commands(core));
    JF_TRY(add_channel_commands(core));
    JF_TRY(add_originate_commands(core));
    JF_TRY(add_bridge_commands(core));
    JF_TRY(add_codec_commands(core));
    JF_TRY(add_dialplan_commands(core));
    JF_TRY(add_security_commands(core));
    return {};
}

}  // namespace jackfield
