// func_dialgroup: DIALGROUP, lists of dial strings that survive a restart.
#include <algorithm>

#include "core/module/database.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "DIALGROUP",
                            .syntax = "DIALGROUP(group[,op])",
                            .synopsis = "A list of devices for Dial, to read and to change",
                            .text = "Reading gives its members separated by `&`. Setting replaces them, with the operation `add` or `del` it "
                                    "adds or removes one. Groups are kept in the database."};

constexpr std::string_view family = "dialgroup";

Result<Database*> database() {
    if (Database* found = Database::instance()) return found;
    return fail(ErrorCode::failed, "DIALGROUP needs the database");
}

Result<std::string> read_group(Channel*, const Arguments& arguments) {
    Database* kept = JF_TRY(database());
    return kept->get(family, arguments[0]).value_or(std::string());
}

Result<void> write_group(Channel*, const Arguments& arguments, std::string_view value) {
    Database* kept = JF_TRY(database());
    const std::string group(arguments[0]);
    if (group.empty()) return fail(ErrorCode::invalid, "DIALGROUP needs the name of a group");
    const std::string before = kept->get(family, group).value_or(std::string());
    std::vector<std::string> members;
    const auto put = [&](std::string_view list) {  // each member once, in order
        for (const std::string_view member : split_list(list, '&'))
            if (std::find(members.begin(), members.end(), member) == members.end()) members.emplace_back(member);
    };
    if (!arguments.has(1)) {
        put(value);
    } else if (equals_ignoring_case(arguments[1], "add")) {
        put(before);
        put(value);
    } else if (equals_ignoring_case(arguments[1], "del")) {
        put(before);
        std::erase(members, trim(value));
    } else {
        return fail(ErrorCode::invalid, "DIALGROUP: '{}' is neither add nor del", arguments[1]);
    }
    if (!members.empty()) return kept->put(family, group, join(members, "&"));
    if (before.empty()) return {};
    return kept->del(family, group);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read_group, write_group}); }

}  // namespace

JACKFIELD_MODULE("func_dialgroup", "Groups of devices to dial", load)
