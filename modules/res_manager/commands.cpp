// manager show ..., manager reload
#include <algorithm>

#include "core/console/command.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/classes.hpp"
#include "modules/res_manager/event_names.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

// What is printed may wait for its reader, so that lists are copied first.

Result<void> show_commands(Console& console, Server& server) {
    Table table(console, {{"Action", 26}, {"Synopsis", 0}});
    JF_TRY(table.header());
    std::vector<std::vector<std::string>> rows;
    for (const auto* slot : server.actions().list()) rows.push_back({slot->value->name, slot->value->synopsis});
    for (auto& row : rows) JF_TRY(table.row(std::move(row)));
    return {};
}

Result<void> show_command(Console& console, Server& server, CommandWords words) {
    if (words.empty()) return fail(ErrorCode::invalid, "Usage: manager show command ACTION...");
    for (const std::string& word : words) {
        const auto* slot = server.actions().find(word);
        if (!slot) return fail(ErrorCode::not_found, "There is no manager action {}", word);
        const Action action = *slot->value;
        JF_TRY(console.print("[Syntax]\nAction: {}\n\n[Synopsis]\n{}\n\n[Description]\n{}\n\n[Privilege]\n{}\n", action.name,
                             action.synopsis, action.text, class_names(action.privilege)));
    }
    return {};
}

Result<void> show_connected(Console& console, Server& server) {
    JF_TRY(console.print("  {:<15}  {:<55}  {:<10}  {:<10}  {:<8}  {:<8}  {}\n", "Username", "IP Address", "Start", "Elapsed",
                         "FileDes", "Queued", "ReadPerms"));
    std::vector<std::string> lines;
    for (const auto& session : server.sessions()) {
        if (!session->user) continue;
        const auto start = std::chrono::duration_cast<std::chrono::seconds>(session->began.time_since_epoch()).count();
        const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(wall_now() - session->began).count();
        lines.push_back(fmt::format("  {:<15}  {:<55}  {:<10}  {:<10}  {:<8}  {:<8}  {}\n", session->user->name,
                                    session->remote.host(), start, elapsed, session->stream ? session->stream->descriptor() : -1,
                                    session->stream ? session->stream->queued() : session->held->text.size(), class_names(session->read & session->mask)));
    }
    for (const std::string& line : lines) JF_TRY(console.write(line));
    return console.print("{} users connected.\n", lines.size());
}

Result<void> show_users(Console& console, Server& server) {
    std::vector<std::string> names;
    for (const auto& [name, user] : server.settings().users) names.push_back(name);
    JF_TRY(console.write("\nusername\n--------\n"));
    for (const std::string& name : names) JF_TRY(console.print("{}\n", name));
    return console.print("-------------------\n{} manager users configured.\n", names.size());
}

Result<void> show_user(Console& console, Server& server, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: manager show user NAME");
    const auto found = server.settings().users.find(words[0]);
    if (found == server.settings().users.end()) return fail(ErrorCode::not_found, "There is no manager user called {}", words[0]);
    const auto user = found->second;
    return console.print("\n        username: {}\n          secret: {}\n             ACL: {}\n       read perm: {}\n"
                         "      write perm: {}\n displayconnects: {}\nallowmultiplelogin: {}\n   event filters: {}\n",
                         user->name, user->secret.empty() ? "<Not set>" : "<Set>", user->access.rules().empty() && user->acl.empty() ? "no" : "yes",
                         class_names(user->read), class_names(user->write), user->display_connects ? "yes" : "no",
                         user->multiple_login ? "yes" : "no", user->filter.size());
}

Result<void> show_events(Console& console, CommandWords words) {
    if (!words.empty()) {
        for (const EventName& event : event_names())
            if (equals_ignoring_case(event.name, words[0]))
                return console.print("Event: {}\nPrivilege: {}\n{}\n", event.name, class_names(event.privilege), event.synopsis);
        return fail(ErrorCode::not_found, "There is no manager event {}", words[0]);
    }
    Table table(console, {{"Event", 26}, {"Class", 12}, {"Synopsis", 0}});
    for (const EventName& event : event_names()) {
        std::string classes = class_names(event.privilege);
        JF_TRY(table.row({std::string(event.name), classes.substr(0, classes.rfind(',')), std::string(event.synopsis)}));
    }
    return {};
}

Result<void> show_queues(Console& console, Server& server) {
    std::vector<std::string> lines;
    for (const auto& session : server.sessions())
        lines.push_back(fmt::format("{:<20} {:<40} {} bytes wait\n", session->user ? session->user->name : "(not logged in)",
                                    session->remote.to_string(), session->stream->queued()));
    for (const std::string& line : lines) JF_TRY(console.write(line));
    return console.print("{} sessions; outputlimit is {} bytes\n", lines.size(), server.settings().output_limit);
}

Result<void> show_settings(Console& console, Server& server) {
    const Settings settings = server.settings();
    JF_TRY(console.write("\nGlobal Settings:\n----------------\n"));
    for (const OptionHelp& option : general_options().help(&settings)) {
        if (option.value.empty()) continue;
        JF_TRY(console.print("  {:<20} {}\n", option.name + ":", option.value));
    }
    const SocketAddress address = server.address();
    return console.print("  {:<20} {}\n", "listens on:", address.valid() ? address.to_string() : "nothing");
}

using Show = Result<void> (*)(Console&, Server&);
struct Listing {
    CommandInfo info;
    Show show;
};
constexpr Listing listings[]{
    {{"manager show commands", "List the manager's actions", "Those of every module."}, show_commands},
    {{"manager show connected", "List who is logged in to the manager", "With bytes that wait for a slow reader."}, show_connected},
    {{"manager show users", "List the users of manager.conf", "By name."}, show_users},
    {{"manager show eventq", "Show what waits for the manager's clients", "One line a session."}, show_queues},
    {{"manager show settings", "Show the manager's settings", "[general] of manager.conf as it is in force."}, show_settings},
};

}  // namespace

Result<void> add_commands(Module& module, Server& server) {
    for (const Listing& listing : listings)
        JF_TRY(module.add(listing.info, [&server, show = listing.show](Console& console, CommandWords) { return show(console, server); }));
    JF_TRY(module.add(CommandInfo{"manager show command ACTION...", "Show one of the manager's actions", "With what it takes."},
                      [&server](Console& console, CommandWords words) { return show_command(console, server, words); },
                      [&server](CommandWords, std::size_t, std::string_view) {
                          std::vector<std::string> names;
                          for (const auto* slot : server.actions().list()) names.push_back(slot->name);
                          return names;
                      }));
    JF_TRY(module.add(CommandInfo{"manager show user NAME", "Show a user of manager.conf", "Never the secret."},
                      [&server](Console& console, CommandWords words) { return show_user(console, server, words); }));
    JF_TRY(module.add(CommandInfo{"manager show events", "List the manager's events", "Those of res_manager itself."},
                      [](Console& console, CommandWords) { return show_events(console, {}); }));
    JF_TRY(module.add(CommandInfo{"manager show event NAME", "Show one of the manager's events", "Its class and when it comes."},
                      [](Console& console, CommandWords words) { return show_events(console, words); }));
    return module.add(CommandInfo{"manager reload", "Read manager.conf anew", "Sessions go on with what they had at login."},
                      [](Console& console, CommandWords) -> Result<void> {
                          JF_TRY(reload_configuration({"manager.conf"}));
                          return console.write("Reloaded.\n");
                      });
}

}  // namespace jackfield::manager
