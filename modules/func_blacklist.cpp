// func_blacklist: BLACKLIST, callers that the database's family `blacklist` names.
#include "core/module/database.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "BLACKLIST",
                            .syntax = "BLACKLIST()",
                            .synopsis = "1 when the caller is on the black list, else 0",
                            .text = "By number or by name: the keys of family `blacklist` in the database."};

Result<std::string> blacklist(Channel* channel, const Arguments&) {
    if (!channel) return fail(ErrorCode::invalid, "BLACKLIST needs a channel");
    const Database* database = Database::instance();
    if (!database) return fail(ErrorCode::failed, "BLACKLIST needs the database");
    const PartyId& caller = channel->caller().id;
    const auto listed = [&](const auto& field) {
        return field.valid && !field.text.empty() && database->get("blacklist", field.text);
    };
    return listed(caller.number) || listed(caller.name) ? "1" : "0";
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{blacklist}); }

}  // namespace

JACKFIELD_MODULE("func_blacklist", "Callers who are not wanted", load)
