// DBGet, DBGetTree, DBPut, DBDel, DBDelTree.
#include <array>

#include "core/module/database.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"

namespace jackfield::manager {
namespace {

Result<Database*> database() {
    Database* found = Database::instance();
    if (!found) return fail(ErrorCode::failed, "There is no database");
    return found;
}

Result<void> get(const ManagerRequest& request, ManagerReply& reply) {
    const std::string family = JF_TRY(needed(request, "Family")), key = JF_TRY(needed(request, "Key"));
    const auto value = JF_TRY(database())->get(family, key);
    if (!value) return fail(ErrorCode::not_found, "Database entry not found");
    reply.begin_list("Result will follow");
    JF_TRY(reply.item("DBGetResponse", ManagerFields().add("Family", family).add("Key", key).add("Val", *value)));
    reply.end_list("DBGetComplete");
    return {};
}

Result<void> get_tree(const ManagerRequest& request, ManagerReply& reply) {
    const std::string family(request.get("Family")), key(request.get("Key"));
    constexpr std::size_t slice = 256;
    reply.begin_list("Result will follow");
    const std::string prefix = key.empty() ? std::string() : Database::path(family, key);
    std::string after;
    for (;;) {
        const std::vector<DatabaseEntry> entries = JF_TRY(database())->list(family, after, slice);
        for (const DatabaseEntry& entry : entries) {
            after = Database::path(entry.family, entry.key);
            if (!after.starts_with(prefix)) continue;
            JF_TRY(reply.item("DBGetTreeResponse", ManagerFields().add("Key", after).add("Val", entry.value)));
        }
        if (entries.size() < slice) break;
        JF_TRY(yield());
    }
    reply.end_list("DBGetTreeComplete");
    return {};
}

Result<void> put(const ManagerRequest& request, ManagerReply& reply) {
    const std::string family = JF_TRY(needed(request, "Family")), key = JF_TRY(needed(request, "Key"));
    JF_TRY(JF_TRY(database())->put(family, key, std::string(request.get("Val"))));
    reply.success("Updated database successfully");
    return {};
}

Result<void> del(const ManagerRequest& request, ManagerReply& reply) {
    const std::string family = JF_TRY(needed(request, "Family")), key = JF_TRY(needed(request, "Key"));
    auto done = JF_TRY(database())->del(family, key);
    if (!done && done.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "Database entry not found");
    JF_TRY(std::move(done));
    reply.success("Key deleted successfully");
    return {};
}

Result<void> del_tree(const ManagerRequest& request, ManagerReply& reply) {
    const std::string family = JF_TRY(needed(request, "Family"));
    if (JF_TRY(JF_TRY(database())->del_tree(family, request.get("Key"))) == 0)
        return fail(ErrorCode::not_found, "Database entry not found");
    reply.success("Key tree deleted successfully");
    return {};
}

using namespace manager_class;
constexpr std::array all_database_actions{
    ActionEntry{{"DBGet", system | reporting, "Read a value of the database", "Family, Key."}, get},
    ActionEntry{{"DBGetTree", system | reporting, "Read a part of the database",
                 "Family and Key may be left out."}, get_tree},
    ActionEntry{{"DBPut", system, "Write a value of the database", "Family, Key, Val. Answers when the disk has it."}, put},
    ActionEntry{{"DBDel", system, "Delete a key of the database", "Family, Key."}, del},
    ActionEntry{{"DBDelTree", system, "Delete a part of the database", "Family, and Key for what begins with it."}, del_tree},
};

}  // namespace

std::span<const ActionEntry> database_actions() { return all_database_actions; }

}  // namespace jackfield::manager
