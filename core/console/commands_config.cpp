// config ...: looking at the configuration's files and their history, and changing them as transactions.
#include <pwd.h>

#include <algorithm>
#include <vector>

#include "core/base/strings.hpp"
#include "core/config/writer.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/date_text.hpp"
#include "core/module/config_edit.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {
namespace {

constexpr std::size_t most_bytes = 64ULL << 20;

// Who sits at the console. Waits for the user database.
std::string author_of(const Console& console) {
    const uid_t user = console.user();
    auto name = offload([user]() -> Result<std::string> {
        passwd entry{};
        passwd* found = nullptr;
        std::vector<char> buffer(16384);
        if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
            return std::to_string(user);
        return std::string(found->pw_name);
    });
    return fmt::format("console ({})", name ? *name : std::to_string(user));
}

Result<std::uint64_t> revision_number(const std::string& word) {
    if (const auto number = parse_number<std::uint64_t>(word)) return *number;
    return fail(ErrorCode::invalid, "'{}' is no revision; `config history` lists them", word);
}

Result<void> print_revision_made(Console& console, std::uint64_t number) {
    if (number == 0) return console.write("Nothing changed\n");
    return console.print("Revision {}\n", number);
}

Result<void> history(Console& console, CommandWords words) {
    std::size_t most = 20;
    if (!words.empty()) most = JF_TRY(revision_number(words[0]));
    const auto revisions = JF_TRY(with_config_history([&](ConfigHistory& kept) { return kept.list(most); }));
    Table table(console, {{"Revision", 8, true}, {"Time", 19}, {"Author", 24}, {"Files", 40}, {"What", 0}});
    JF_TRY(table.header());
    for (const ConfigRevision& revision : revisions) {
        std::string files;
        for (const ConfigFileChange& change : revision.changes) files += (files.empty() ? "" : " ") + change.file;
        JF_TRY(table.row({std::to_string(revision.number), date_text(revision.time), revision.author, files, revision.comment}));
    }
    return {};
}

Result<void> print_changes(Console& console, const std::vector<ConfigFileChange>& changes) {
    for (const ConfigFileChange& change : changes) {
        const auto text = JF_TRY(offload([&] { return to_diff(change); }));
        JF_TRY(console.write(text));
    }
    return {};
}

Result<void> diff(Console& console, CommandWords words) {
    if (words.size() > 1) return fail(ErrorCode::invalid, "Usage: config diff [REVISION]");
    if (words.empty())
        return print_changes(console, JF_TRY(with_config_history([](ConfigHistory& kept) { return kept.pending(); })));
    const std::uint64_t number = JF_TRY(revision_number(words[0]));
    const auto revision = JF_TRY(with_config_history([&](ConfigHistory& kept) { return kept.read(number); }));
    JF_TRY(console.print("Revision {}, {}, by {}: {}\n", number, date_text(revision.time), revision.author, revision.comment));
    return print_changes(console, revision.changes);
}

Result<void> rollback(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: config rollback REVISION");
    const std::uint64_t number = JF_TRY(revision_number(words[0]));
    auto changes = JF_TRY(with_config_history([&](ConfigHistory& kept) { return kept.changes_back_to(number); }));
    std::vector<ConfigEdit> edits;
    for (ConfigFileChange& change : changes) edits.push_back({change.file, std::move(change.after)});
    if (edits.empty()) return console.print("The configuration is that of revision {}\n", number);
    const std::uint64_t made =
        JF_TRY(edit_configuration(std::move(edits), author_of(console), fmt::format("rollback to {}", number)));
    return print_revision_made(console, made);
}

Result<void> validate(Console& console, CommandWords) {
    const Diagnostics findings = check_configuration();
    for (const Diagnostic& finding : findings.list()) JF_TRY(console.print("{}\n", finding.to_string()));
    JF_TRY(console.print("{} errors, {} warnings\n", findings.errors(), findings.warnings()));
    return findings.to_result();
}

Result<std::string> text_of(const std::string& file) {
    JF_TRY(check_config_name(file));
    ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "there is no configuration");
    const std::string path = manager->options().folder + '/' + file;
    return offload([&]() -> Result<std::string> {
        auto content = DiskFiles().read(path, most_bytes);
        if (!content) return fail(content.error().code, "can't read {}", file);
        return std::move(content->text);
    });
}

Result<void> show_config(Console& console, CommandWords words) {
    if (words.empty() || words.size() > 2) return fail(ErrorCode::invalid, "Usage: config show FILE [REVISION]");
    std::string text = JF_TRY(text_of(words[0]));
    if (words.size() == 2) {
        const std::uint64_t number = JF_TRY(revision_number(words[1]));
        auto back = JF_TRY(with_config_history([&](ConfigHistory& kept) { return kept.changes_back_to(number); }));
        const auto changed = std::ranges::find(back, words[0], &ConfigFileChange::file);
        if (changed != back.end() && !changed->after)
            return fail(ErrorCode::not_found, "{} was not there at revision {}", words[0], number);
        if (changed != back.end()) text = *std::move(changed->after);
    }
    return console.write(text);
}

// A document changed by `change`, as one transaction.
Result<void> edit(Console& console, const std::string& file, const std::string& comment,
                  const std::function<Result<void>(ConfigDocument&)>& change) {
    auto text = text_of(file);
    if (!text && text.error().code != ErrorCode::not_found) return std::unexpected(std::move(text).error());
    ConfigDocument document = ConfigDocument::parse(text ? *std::move(text) : std::string());
    JF_TRY(change(document));
    std::vector<ConfigEdit> edits;
    edits.push_back({file, document.text()});
    const std::uint64_t number = JF_TRY(edit_configuration(std::move(edits), author_of(console), comment));
    return print_revision_made(console, number);
}

// "6001(type=endpoint)" is the section of that name with that setting.
ConfigDocument::Section section_of(std::string_view text) {
    const auto open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) return {std::string(text), {}};
    return {std::string(text.substr(0, open)), std::string(text.substr(open + 1, text.size() - open - 2))};
}

// Errors: invalid, when it fits several.
Result<void> require_one(const ConfigDocument& document, const ConfigDocument::Section& section) {
    const std::size_t count = document.count(section);
    if (count < 2) return {};
    return fail(ErrorCode::invalid, "there are {} sections [{}] to choose from; add a setting that the wanted one has, as in {}(type={})", count, section.name,
                section.name, document.value(section, "type").value_or("endpoint"));
}

Result<void> set(Console& console, CommandWords words) {
    if (words.size() != 4) return fail(ErrorCode::invalid, "Usage: config set FILE SECTION KEY VALUE");
    const ConfigDocument::Section section = section_of(words[1]);
    return edit(console, words[0], fmt::format("set [{}] {}", words[1], words[2]), [&](ConfigDocument& document) -> Result<void> {
        JF_TRY(require_one(document, section));
        if (!document.has(section) && !section.filter.empty()) return fail(ErrorCode::not_found, "there is no section [{}] with {}", section.name, section.filter);
        if (!document.has(section)) JF_TRY(document.add_section(section.name));
        return document.set(section, words[2], words[3]);
    });
}

Result<void> unset(Console& console, CommandWords words) {
    if (words.size() != 2 && words.size() != 3) return fail(ErrorCode::invalid, "Usage: config unset FILE SECTION [KEY]");
    const ConfigDocument::Section section = section_of(words[1]);
    return edit(console, words[0], fmt::format("unset [{}] {}", words[1], words.size() == 3 ? words[2] : std::string()),
                [&](ConfigDocument& document) -> Result<void> {
                    JF_TRY(require_one(document, section));
                    return words.size() == 3 ? document.remove(section, words[2]) : document.remove_section(section);
                });
}

Result<void> reload_config(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: config reload FILE");
    JF_TRY(reload_configuration({words[0]}));
    return console.print("{} is in force\n", words[0]);
}

std::vector<std::string> file_names(CommandWords, std::size_t index, std::string_view) {
    std::vector<std::string> names;
    if (index == 0 && config_manager())
        for (const auto& [module, file] : config_manager()->users()) names.push_back(file);
    return names;
}

}  // namespace

Result<void> add_config_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"config history [COUNT]", "List the latest changes of the configuration",
                                "With time, author, files and what was ordered; 20 unless COUNT says otherwise."},
                    history));
    JF_TRY(core.add(CommandInfo{"config diff [REVISION]", "Show what a change did",
                                "Without REVISION: what stands in the files and is not in the history yet, because no reload "
                                "has taken it.",
                                true},
                    diff));
    JF_TRY(core.add(CommandInfo{"config rollback REVISION", "Go back to an earlier configuration",
                                "All files as they were after REVISION, as one transaction, which is a revision itself.", true},
                    rollback));
    JF_TRY(core.add(CommandInfo{"config validate", "Check all configuration files", "The same as `core check`."}, validate));
    JF_TRY(core.add(CommandInfo{"config show FILE [REVISION]", "Print a configuration file",
                                "As it is, or as it was after REVISION.", true},
                    show_config, file_names));
    JF_TRY(core.add(CommandInfo{"config set FILE SECTION KEY VALUE", "Change a setting in a file and put it into force",
                                "Of several sections of one name SECTION is NAME(key=value,...), the one with these settings. The rest "
                                "of the file stays as it was typed. When the configuration would not be valid "
                                "nothing changes.",
                                true},
                    set, file_names));
    JF_TRY(core.add(CommandInfo{"config unset FILE SECTION [KEY]", "Remove a setting or a section",
                                "As `config set` does.", true},
                    unset, file_names));
    return core.add(CommandInfo{"config reload FILE", "Read one configuration file anew",
                                "In one transaction of all who read it.", true},
                    reload_config, file_names);
}

}  // namespace jackfield
