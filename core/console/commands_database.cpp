// database show|showkey|get|put|del|deltree|query
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/module/database.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace {

Result<Database*> database() {
    Database* present = Database::instance();
    if (!present) return fail(ErrorCode::closed, "Database unavailable.");
    return present;
}

// A family may be written as the listing prints it.
std::string without_slash(const std::string& text) { return text.starts_with('/') ? text.substr(1) : text; }

Result<void> print_entries(Console& console, const std::vector<DatabaseEntry>& entries) {
    for (const DatabaseEntry& entry : entries)
        JF_TRY(console.print("{:<50}: {:<25}\n", Database::path(entry.family, entry.key), entry.value));
    return {};
}

Result<void> show_entries(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() > 2) return fail(ErrorCode::invalid, "Usage: database show [family [keytree]]");
    std::string tree = words.empty() ? std::string() : without_slash(words[0]);
    if (words.size() == 2) tree += '/' + words[1];
    std::size_t count = 0;
    if (words.size() == 2)
        if (const auto value = db->get(without_slash(words[0]), words[1])) {
            JF_TRY(console.print("{:<50}: {:<25}\n", '/' + tree, *value));
            ++count;
        }
    std::string after;
    constexpr std::size_t slice = 200;
    for (;;) {
        const auto entries = db->list(tree, after, slice);
        JF_TRY(print_entries(console, entries));
        count += entries.size();
        if (entries.size() < slice) break;
        after = Database::path(entries.back().family, entries.back().key);
        JF_TRY(yield());
        db = JF_TRY(database());
    }
    return console.print("{} results found.\n", count);
}

Result<void> show_key(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: database showkey KEY");
    const auto entries = db->find_key(words[0]);
    JF_TRY(print_entries(console, entries));
    return console.print("{} results found.\n", entries.size());
}

Result<void> get(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: database get FAMILY KEY");
    const auto value = db->get(without_slash(words[0]), words[1]);
    if (!value) return fail(ErrorCode::not_found, "Database entry not found.");
    return console.print("Value: {}\n", *value);
}

Result<void> put(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() != 3) return fail(ErrorCode::invalid, "Usage: database put FAMILY KEY VALUE");
    JF_TRY(db->put(without_slash(words[0]), words[1], words[2]));
    return console.write("Updated database successfully\n");
}

Result<void> del(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: database del FAMILY KEY");
    auto deleted = db->del(without_slash(words[0]), words[1]);
    if (!deleted && deleted.error().code == ErrorCode::not_found)
        return fail(ErrorCode::not_found, "Database entry could not be removed: {}", deleted.error().text);
    JF_TRY(std::move(deleted));
    return console.write("Database entry removed.\n");
}

Result<void> del_tree(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.empty() || words.size() > 2) return fail(ErrorCode::invalid, "Usage: database deltree FAMILY [KEYTREE]");
    const std::size_t count =
        JF_TRY(db->del_tree(without_slash(words[0]), words.size() == 2 ? std::string_view(words[1]) : ""));
    if (count == 0) return console.write("Database entries do not exist.\n");
    return console.print("{} database entries removed.\n", count);
}

Result<void> query(Console& console, CommandWords words) {
    Database* db = JF_TRY(database());
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: database query \"SELECT ...\"");
    for (const std::string& row : JF_TRY(db->query(words[0]))) JF_TRY(console.print("{}\n", row));
    return {};
}

std::vector<std::string> complete_entry(CommandWords arguments, std::size_t index, std::string_view) {
    Database* db = Database::instance();
    std::vector<std::string> words;
    if (!db || index > 1) return words;
    constexpr std::size_t most = 500;
    for (const DatabaseEntry& entry :
         db->list(index == 0 ? std::string_view() : std::string_view(arguments[0]), {}, most))
        words.push_back(index == 0 ? entry.family : entry.key);
    return words;
}

}  // namespace

Result<void> add_database_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"database show [family] [keytree]", "List entries of the database",
                                "All of them, of a family and what is below it, or only what begins with a key."},
                    show_entries, complete_entry));
    JF_TRY(core.add(CommandInfo{"database showkey KEY", "List the entries with a key, of all families",
                                "Exactly this key."},
                    show_key));
    JF_TRY(core.add(CommandInfo{"database get FAMILY KEY", "Print a value", "Fails when there is no such entry."}, get,
                    complete_entry));
    JF_TRY(core.add(CommandInfo{"database put FAMILY KEY VALUE", "Set a value",
                                "Comes back when the disk has it. Quote a value with blanks.", true},
                    put, complete_entry));
    JF_TRY(core.add(CommandInfo{"database del FAMILY KEY", "Delete an entry", "Fails when there is no such entry.", true},
                    del, complete_entry));
    JF_TRY(core.add(CommandInfo{"database deltree FAMILY [keytree]", "Delete a family or a part of it",
                                "With all families below it.", true},
                    del_tree, complete_entry));
    return core.add(CommandInfo{"database query STATEMENT", "Run an SQL statement that reads",
                                "The table is astdb(key, value). Quote the statement.", true},
                    query);
}

}  // namespace jackfield
