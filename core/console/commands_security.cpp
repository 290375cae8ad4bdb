// login ...: failed log-ins and the limits on them (security.conf); acl ...: lists of addresses (acl.conf).
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/access_list.hpp"
#include "core/runtime/login_guard.hpp"

namespace jackfield {
namespace {

std::string whole_seconds(Clock::duration time) {
    return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(time).count());
}

Result<void> show_login_failures(Console& console, CommandWords) {
    const auto failures = LoginGuard::instance().list(Clock::now());
    Table table(console, {{"Account", 32}, {"Address", 40}, {"Failures", 8, true}, {"Latest", 8, true}, {"Refused for", 11, true}});
    JF_TRY(table.header());
    for (const LoginGuard::Failure& each : failures)
        JF_TRY(table.row({each.account.empty() ? "(all)" : each.account, each.address.empty() ? "(all)" : each.address,
                          std::to_string(each.failures), whole_seconds(each.ago),
                          each.refused_for > Clock::duration::zero() ? whole_seconds(each.refused_for) : std::string("-")}));
    return console.print("{} counts of failed log-ins\n", failures.size());
}

Result<void> clear_login_failures(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: login clear failures ACCOUNT|ADDRESS|all");
    const std::size_t cleared = LoginGuard::instance().clear(words[0] == "all" ? std::string_view() : std::string_view(words[0]));
    if (cleared == 0 && words[0] != "all")
        return fail(ErrorCode::not_found, "No failed log-ins of '{}' are remembered; `login show failures` lists them", words[0]);
    return console.print("{} counts of failed log-ins forgotten\n", cleared);
}

std::vector<std::string> failed_names(CommandWords, std::size_t index, std::string_view) {
    std::vector<std::string> names;
    if (index != 0) return names;
    names.push_back("all");
    for (const LoginGuard::Failure& each : LoginGuard::instance().list(Clock::now()))
        names.push_back(each.account.empty() ? each.address : each.account);
    return names;
}

Result<void> show_access_lists(Console& console, CommandWords words) {
    const auto& lists = AccessLists::instance().all();
    if (words.empty()) {
        JF_TRY(console.print("\nacl\n---\n"));
        for (const auto& [name, list] : lists) JF_TRY(console.print("{}\n", name));
        return {};
    }
    const AccessList* const list = AccessLists::instance().find(words[0]);
    if (!list) return fail(ErrorCode::not_found, "there is no list '{}' in acl.conf; `acl show` lists them", words[0]);
    JF_TRY(console.print("\nACL: {}\n---------------------------------------------\n", words[0]));
    std::size_t number = 0;
    for (const AccessList::Rule& rule : list->rules())
        JF_TRY(console.print("{:>3}: {} - {}\n", number++, rule.permit ? "allow" : " deny", rule.network.to_string()));
    return {};
}

std::vector<std::string> access_list_names(CommandWords, std::size_t index, std::string_view) {
    std::vector<std::string> names;
    if (index == 0)
        for (const auto& [name, list] : AccessLists::instance().all()) names.push_back(name);
    return names;
}

}  // namespace

ConfigFileSpec access_lists_file() {
    ConfigFileSpec spec;
    spec.file = "acl.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [lists = read_access_lists(file, findings)]() mutable { AccessLists::instance().set(std::move(lists)); };
    };
    return spec;
}

ConfigFileSpec login_limits_file() {
    static LoginLimits limits;
    return settings_file("security.conf", "login_limits", login_limit_options(), limits, [] { LoginGuard::instance().set(limits); });
}

Result<void> add_security_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"login show failures", "List failed log-ins",
                                "By account, by address, and by both, of all interfaces; and who is refused for how long yet "
                                "(security.conf)."},
                    show_login_failures));
    JF_TRY(core.add(CommandInfo{"acl show [NAME]", "Show the lists of acl.conf, or the rules of one",
                                "Of the rules that have an address the last one decides; an address that none has may."},
                    show_access_lists, access_list_names));
    return core.add(CommandInfo{"login clear failures WHAT", "Forget failed log-ins",
                                "Of an account (SIP/6001 or 6001), of an address, or `all`: whoever was refused may log in at once.", true},
                    clear_login_failures, failed_names);
}

}  // namespace jackfield
