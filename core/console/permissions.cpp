// Who may run which command: cli_permissions.conf.
#include "core/console/permissions.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/console/command_registry.hpp"

namespace jackfield {
namespace {

CommandPermissions& current() {
    static CommandPermissions permissions;
    return permissions;
}

// "core show" covers "core show channels", not "core shows".
bool covers(std::string_view rule, std::string_view command) {
    if (equals_ignoring_case(rule, "all")) return true;
    return starts_with_ignoring_case(command, rule) && (command.size() == rule.size() || command[rule.size()] == ' ');
}

struct Person {
    std::string name;
    std::vector<std::string> groups;
};

Person look_up(uid_t user) {
    Person person;
    std::vector<char> space(16 * 1024);
    passwd entry, *found = nullptr;
    if (::getpwuid_r(user, &entry, space.data(), space.size(), &found) != 0 || !found) {
        person.name = std::to_string(user);
        return person;
    }
    person.name = entry.pw_name;
    std::vector<gid_t> ids(256);
    int count = static_cast<int>(ids.size());
    if (::getgrouplist(entry.pw_name, entry.pw_gid, ids.data(), &count) < 0) count = static_cast<int>(ids.size());
    for (int i = 0; i < count; ++i) {
        group line, *line_found = nullptr;
        std::vector<char> line_space(64 * 1024);
        if (::getgrgid_r(ids[i], &line, line_space.data(), line_space.size(), &line_found) == 0 && line_found)
            person.groups.emplace_back(line.gr_name);
    }
    return person;
}

}  // namespace

bool CommandPermissions::allows(std::string_view user, const std::vector<std::string>& groups,
                                std::string_view command, bool needs_root) const {
    bool allowed = permit_by_default && !needs_root;
    for (const bool group : {true, false})
        for (const PermissionSubject& subject : subjects) {
            if (subject.group != group) continue;
            if (group ? std::ranges::find(groups, subject.name) == groups.end() : subject.name != user) continue;
            for (const PermissionRule& rule : subject.rules)
                if (covers(rule.command, command)) allowed = rule.permit;
        }
    return allowed;
}

Result<void> CommandPermissions::check(uid_t user, const RegisteredCommand& command) const {
    if (user == 0 || user == ::geteuid()) return {};
    const Person person = look_up(user);
    if (allows(person.name, person.groups, command.name, command.needs_root)) return {};
    return fail(ErrorCode::refused, "{} may not run '{}' (cli_permissions.conf)", person.name, command.name);
}

const CommandPermissions& command_permissions() { return current(); }

void set_command_permissions(CommandPermissions permissions) { current() = std::move(permissions); }

}  // namespace jackfield
