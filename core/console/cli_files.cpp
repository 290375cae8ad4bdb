// cli.conf, cli_permissions.conf and cli_aliases.conf.
#include "core/console/cli_files.hpp"

#include <algorithm>
#include <memory>

#include "core/base/log.hpp"
#include "core/console/command_line.hpp"
#include "core/console/command_registry.hpp"
#include "core/console/text_console.hpp"

namespace jackfield {
namespace {

struct PermissionDefaults {
    bool permit = true;
};

const Options<PermissionDefaults>& permission_options() {
    static const Options<PermissionDefaults> table{
        {"default_perm", &PermissionDefaults::permit, true, Words<bool>{{"permit", true}, {"deny", false}},
         "For users without a rule: permit or deny"},
    };
    return table;
}

void read_subject(const ConfigCategory& category, CommandPermissions& permissions, Diagnostics& findings) {
    PermissionSubject subject;
    subject.group = category.name().starts_with('@');
    subject.name = category.name().substr(subject.group ? 1 : 0);
    for (const ConfigEntry& entry : category.entries()) {
        const bool permit = equals_ignoring_case(entry.key, "permit");
        if (!permit && !equals_ignoring_case(entry.key, "deny"))
            findings.error(entry.place(), "unknown option \"{}\": expected permit or deny", entry.key);
        else if (entry.value.empty())
            findings.error(entry.place(), "{} needs a command, or all", entry.key);
        else
            subject.rules.push_back({permit, join(split_command_line(entry.value).words, " ")});
    }
    permissions.subjects.push_back(std::move(subject));
}

std::vector<std::string>& startup_commands() {
    static std::vector<std::string> commands;
    return commands;
}

// The aliases in force; replaced as a whole.
struct AliasTable {
    std::vector<Registration> registrations;
};

}  // namespace

CommandPermissions read_command_permissions(const ConfigFile& file, Diagnostics& findings) {
    CommandPermissions permissions;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "general"))
            permissions.permit_by_default = permission_options().read(category, findings).permit;
        else
            read_subject(category, permissions, findings);
    }
    return permissions;
}

std::vector<std::pair<std::string, std::string>> read_command_aliases(const ConfigFile& file, Diagnostics& findings) {
    std::vector<std::string> chosen;
    if (const ConfigCategory* general = file.find("general"))
        for (const ConfigEntry& entry : general->entries()) {
            if (!equals_ignoring_case(entry.key, "template"))
                findings.error(entry.place(), "unknown option \"{}\": expected template", entry.key);
            else if (!file.find(entry.value))
                findings.error(entry.place(), "there is no section [{}]", entry.value);
            else
                chosen.emplace_back(entry.value);
        }
    std::vector<std::pair<std::string, std::string>> aliases;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || std::ranges::find(chosen, category.name()) == chosen.end()) continue;
        for (const ConfigEntry& entry : category.entries()) {
            const CommandPattern pattern = CommandPattern::parse(entry.key);
            if (pattern.literal.empty() || !pattern.arguments.empty() || entry.value.empty())
                findings.error(entry.place(), "expected words = command, as in reload = core reload");
            else
                aliases.emplace_back(entry.key, entry.value);
        }
    }
    return aliases;
}

std::vector<std::string> read_startup_commands(const ConfigFile& file, Diagnostics& findings) {
    std::vector<std::string> commands;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (!equals_ignoring_case(category.name(), "startup_commands")) {
            unknown_section(category, {"startup_commands"}, findings);
            continue;
        }
        for (const ConfigEntry& entry : category.entries()) {
            const auto wanted = parse_bool(entry.value);
            if (!wanted)
                findings.error(entry.place(), "expected command = yes, as in core set verbose 3 = yes");
            else if (*wanted)
                commands.emplace_back(entry.key);
        }
    }
    return commands;
}

void run_startup_commands() {
    const std::vector<std::string> commands = startup_commands();
    for (const std::string& command : commands) {
        TextConsole console;
        if (const auto done = run_command(console, command); !done)
            log_error("cli.conf: '{}': {}", command, done.error().text);
        else
            log_verbose(2, "cli.conf: '{}': {}", command, trim(console.text()));
    }
}

ConfigFileSpec startup_commands_file() {
    ConfigFileSpec spec;
    spec.file = "cli.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [commands = read_startup_commands(file, findings)]() mutable { startup_commands() = std::move(commands); };
    };
    return spec;
}

ConfigFileSpec permissions_file() {
    ConfigFileSpec spec;
    spec.file = "cli_permissions.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [permissions = read_command_permissions(file, findings)]() mutable {
            set_command_permissions(std::move(permissions));
        };
    };
    return spec;
}

ConfigFileSpec aliases_file() {
    ConfigFileSpec spec;
    spec.file = "cli_aliases.conf";
    auto table = std::make_shared<AliasTable>();
    spec.prepare = [table](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [table, aliases = read_command_aliases(file, findings)] {
            table->registrations.clear();
            for (const auto& [alias, command] : aliases) {
                auto added = add_command_alias(alias, command);
                if (added)
                    table->registrations.push_back(std::move(*added));
                else
                    log_warning("cli_aliases.conf: {}", added.error().text);
            }
        };
    };
    return spec;
}

}  // namespace jackfield
