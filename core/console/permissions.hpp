// Who may run which command: cli_permissions.conf. Control thread only.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct RegisteredCommand;

struct PermissionRule {
    bool permit = true;
    std::string command;  // leading words, "core show"; "all": any
};
struct PermissionSubject {
    bool group = false;   // written "@name"
    std::string name;
    std::vector<PermissionRule> rules;  // later ones override
};

// Root and the user that the daemon runs as may do everything. Of others, every rule that fits their name or one of
// their groups counts, groups first, the last one decides; without any, `permit_by_default` does, except for commands
// that need root: those must be permitted by a rule.
class CommandPermissions {
  public:
    bool permit_by_default = true;
    std::vector<PermissionSubject> subjects;

    // Looks users and groups up in the system's lists, once for each user. Errors: refused.
    Result<void> check(uid_t user, const RegisteredCommand& command) const;
    // The rules alone, for a user with that name and those groups.
    bool allows(std::string_view user, const std::vector<std::string>& groups, std::string_view command,
                bool needs_root) const;
};

const CommandPermissions& command_permissions();
void set_command_permissions(CommandPermissions permissions);

}  // namespace jackfield
