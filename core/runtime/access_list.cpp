// Lists of addresses that may and may not (acl.conf).
#include "core/runtime/access_list.hpp"

#include <algorithm>

namespace jackfield {

Result<void> AccessList::add(bool permit, std::string_view value) {
    for (std::string_view part : split_list(value)) {
        const bool turned = part.starts_with('!');
        if (turned) part = trim(part.substr(1));
        rules_.push_back({permit != turned, JF_TRY(Subnet::parse(part))});
    }
    return {};
}

bool AccessList::allows(const SocketAddress& address) const {
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
        if (rule->network.contains(address)) return rule->permit;
    return true;
}

AccessLists& AccessLists::instance() {
    static AccessLists lists;
    return lists;
}

const AccessList* AccessLists::find(std::string_view name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? nullptr : &found->second;
}

bool AccessLists::allow(const std::vector<std::string>& names, const SocketAddress& address) const {
    return std::ranges::all_of(names, [&](const std::string& name) {
        const AccessList* const list = find(name);
        return list && list->allows(address);
    });
}

AccessLists::ByName read_access_lists(const ConfigFile& file, Diagnostics& findings) {
    AccessLists::ByName lists;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        AccessList list;
        for (const ConfigEntry& entry : category.entries()) {
            const bool permit = equals_ignoring_case(entry.key, "permit");
            if (!permit && !equals_ignoring_case(entry.key, "deny")) {
                findings.error(entry.place(), "[{}] has permit = and deny = only, not '{}'", category.name(), entry.key);
                continue;
            }
            if (auto added = list.add(permit, entry.value); !added) findings.error(entry.place(), "{}: {}", entry.key, added.error().text);
        }
        lists.insert_or_assign(std::string(category.name()), std::move(list));
    }
    return lists;
}

}  // namespace jackfield
