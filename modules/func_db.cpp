// DB, DB_EXISTS, DB_DELETE, DB_KEYS, DB_KEYCOUNT and DBdeltree: the key/value database in the dialplan.
#include "core/dialplan/dialplan_only.hpp"
#include "core/module/database.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo db_info{.name = "DB",
                               .syntax = "DB(family/key)",
                               .synopsis = "A value of the database, to read and to set",
                               .text = "Reading also sets DB_RESULT. A value that is set survives a restart."};
constexpr FunctionInfo exists_info{.name = "DB_EXISTS",
                                   .syntax = "DB_EXISTS(family/key)",
                                   .synopsis = "1 when the database has the key, else 0",
                                   .text = "Sets DB_RESULT to the value when it does."};
constexpr FunctionInfo delete_info{.name = "DB_DELETE",
                                   .syntax = "DB_DELETE(family/key)",
                                   .synopsis = "Delete a key and return its value",
                                   .text = "Reading or setting it deletes. DB_RESULT gets the value too. Reading is for the dialplan only, "
                                           "unless live_dangerously is set."};
constexpr FunctionInfo keys_info{.name = "DB_KEYS",
                                 .syntax = "DB_KEYS(family)",
                                 .synopsis = "The next parts of all keys below a family",
                                 .text = "Separated by commas, each once."};
constexpr FunctionInfo count_info{.name = "DB_KEYCOUNT",
                                  .syntax = "DB_KEYCOUNT(family)",
                                  .synopsis = "How many keys there are below a family",
                                  .text = "Without a family, how many in all."};
constexpr ApplicationInfo deltree_info{.name = "DBdeltree",
                                       .syntax = "DBdeltree(family[/keytree])",
                                       .synopsis = "Delete a family or a part of it",
                                       .text = "With all keys below it."};

struct Key {
    std::string_view family, key;
};
Result<Key> parse_key(std::string_view text, std::string_view function) {
    while (text.starts_with('/')) text.remove_prefix(1);
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
        return fail(ErrorCode::invalid, "{} needs family/key, not '{}'", function, text);
    return Key{text.substr(0, slash), text.substr(slash + 1)};
}

Result<Database*> database() {
    if (Database* found = Database::instance()) return found;
    return fail(ErrorCode::not_found, "the database is not open");
}

Result<std::string> read_db(Channel* channel, const Arguments& arguments) {
    const Key key = JF_TRY(parse_key(arguments.raw(), "DB"));
    Database* db = JF_TRY(database());
    std::string value = db->get(key.family, key.key).value_or("");
    if (channel) channel->set_variable("DB_RESULT", value);
    return value;
}

Result<void> write_db(Channel*, const Arguments& arguments, std::string_view value) {
    const Key key = JF_TRY(parse_key(arguments.raw(), "DB"));
    Database* db = JF_TRY(database());
    return db->put(key.family, key.key, std::string(value));
}

Result<std::string> read_exists(Channel* channel, const Arguments& arguments) {
    const Key key = JF_TRY(parse_key(arguments.raw(), "DB_EXISTS"));
    Database* db = JF_TRY(database());
    const auto value = db->get(key.family, key.key);
    if (value && channel) channel->set_variable("DB_RESULT", *value);
    return value ? "1" : "0";
}

Result<std::string> read_delete(Channel* channel, const Arguments& arguments) {
    const Key key = JF_TRY(parse_key(arguments.raw(), "DB_DELETE"));
    Database* db = JF_TRY(database());
    std::string value = db->get(key.family, key.key).value_or("");
    if (channel) channel->set_variable("DB_RESULT", value);
    if (auto gone = db->del(key.family, key.key); !gone && gone.error().code != ErrorCode::not_found)
        return std::unexpected(std::move(gone).error());
    return value;
}

Result<void> write_delete(Channel* channel, const Arguments& arguments, std::string_view) {
    JF_TRY(read_delete(channel, arguments));
    return {};
}

std::string below(std::string_view family) {
    while (family.starts_with('/')) family.remove_prefix(1);
    while (family.ends_with('/')) family.remove_suffix(1);
    return std::string(family);
}

Result<std::string> read_keys(Channel*, const Arguments& arguments) {
    Database* db = JF_TRY(database());
    const std::string family = below(arguments.raw());
    std::string keys, last;
    for (const DatabaseEntry& entry : db->list(family)) {
        std::string path = entry.family + "/" + entry.key;
        path.erase(0, family.empty() ? 0 : family.size() + 1);
        const std::string part = path.substr(0, path.find('/'));
        if (part == last) continue;
        if (!keys.empty()) keys += ',';
        keys += last = part;
    }
    return keys;
}

Result<std::string> read_count(Channel*, const Arguments& arguments) {
    Database* db = JF_TRY(database());
    return std::to_string(db->list(below(arguments.raw())).size());
}

Result<void> delete_tree(Channel&, const Arguments& arguments) {
    Database* db = JF_TRY(database());
    const std::string text = below(arguments.raw());
    if (text.empty()) return fail(ErrorCode::invalid, "DBdeltree needs a family");
    const Halves parts = split_once(text, '/');
    JF_TRY(db->del_tree(parts.first, parts.second));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(db_info, FunctionBody{read_db, write_db}));
    JF_TRY(module.add(exists_info, FunctionBody{read_exists}));
    JF_TRY(module.add(delete_info, FunctionBody{read_delete, write_delete}));
    JF_TRY(module.add(DialplanOnly{"DB_DELETE", FunctionUse::read}));
    JF_TRY(module.add(keys_info, FunctionBody{read_keys}));
    JF_TRY(module.add(count_info, FunctionBody{read_count}));
    return module.add(deltree_info, delete_tree);
}

}  // namespace

JACKFIELD_MODULE("func_db", "Database functions", load)
