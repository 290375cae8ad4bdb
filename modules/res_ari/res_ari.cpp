// res_ari - the REST interface (ARI) and the application Stasis, which hands channels to it.
#include "core/channel/device_state.hpp"
#include "core/console/command.hpp"
#include "core/dialplan/executor.hpp"
#include "core/module/database.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"

using namespace jackfield;

namespace jackfield::ari {
namespace {

constexpr ApplicationInfo stasis_info{
    .name = "Stasis",
    .syntax = "Stasis(app_name[,args])",
    .synopsis = "Hand the channel to an application that is connected by the REST interface",
    .text =
        "The dialplan goes on when the application lets the channel go by `continue`. STASISSTATUS is then SUCCESS; it "
        "is "
        "FAILED, and the dialplan goes on at once, when no client has connected the application."};

Result<void> stasis(Ari& ari, Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "Stasis needs the name of an application");
    channel.set_variable("STASISSTATUS", "");
    std::vector<std::string> rest;
    for (std::size_t i = 1; i < arguments.size(); ++i) rest.emplace_back(arguments[i]);
    auto left = ari.run(channel, std::string(arguments[0]), std::move(rest));
    if (!left && ends_application(left.error().code)) return std::unexpected(std::move(left).error());
    if (!left) log_warning("{}: {}", channel.name(), left.error().text);
    channel.set_variable("STASISSTATUS", left ? "SUCCESS" : "FAILED");
    if (left && *left) go_to(channel, *std::move(*left));
    return {};
}

DeviceState stored_state(std::string_view name) {
    const auto saved = Database::instance() ? Database::instance()->get(device_family, name) : std::nullopt;
    return saved ? parse_device_state(*saved).value_or(DeviceState::unknown) : DeviceState::unknown;
}

Result<void> show_applications(Console& console, Ari& ari) {
    Table table(console, {{"Application Name", 25}, {"Connected", 9}, {"Channels", 8}});
    JF_TRY(table.header());
    std::vector<std::vector<std::string>> rows;  // printing may wait
    for (const auto& [name, application] : ari.applications().all())
        rows.push_back({name, application->session ? "yes" : "no", std::to_string(application->channels.size())});
    for (auto& row : rows) JF_TRY(table.row(std::move(row)));
    return {};
}

Result<void> show_users(Console& console, Ari& ari) {
    std::string text = "r/o?  Username\n----  --------\n";
    for (const auto& [name, user] : ari.settings().users)
        text += fmt::format("{:<4}  {}\n", user->read_only ? "yes" : "no", name);
    return console.write(text);
}

Result<void> show_status(Console& console, Ari& ari) {
    return console.print(
        "ARI Status:\nEnabled: {}\nOutput format: {}\nAuth realm: {}\nAllowed Origins: {}\nUser count: {}\n",
        ari.settings().enabled ? "Yes" : "No", ari.settings().pretty ? "pretty" : "compact", ari.settings().realm,
        join(ari.settings().allowed_origins, ","), ari.settings().users.size());
}

Result<void> add_commands(Module& module, Ari& ari) {
    JF_TRY(module.add(CommandInfo{.words = "ari show apps",
                                  .synopsis = "List Stasis applications",
                                  .text = "Usage: ari show apps\n       Applications that are or were connected."},
                      [&ari](Console& console, CommandWords) { return show_applications(console, ari); }));
    JF_TRY(module.add(CommandInfo{.words = "ari show users",
                                  .synopsis = "List the users of the REST interface",
                                  .text = "Usage: ari show users\n       The users of ari.conf."},
                      [&ari](Console& console, CommandWords) { return show_users(console, ari); }));
    return module.add(CommandInfo{.words = "ari show status",
                                  .synopsis = "Show the REST interface's settings",
                                  .text = "Usage: ari show status\n       What ari.conf says."},
                      [&ari](Console& console, CommandWords) { return show_status(console, ari); });
}

// stasis.conf: all that it has in Asterisk tunes threads and message types that do not exist here.
ConfigFileSpec stasis_file() {
    return {.file = "stasis.conf", .prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
                for (const ConfigCategory& category : file.categories()) {
                    if (category.is_template() || equals_ignoring_case(category.name(), "threadpool")) continue;
                    if (!equals_ignoring_case(category.name(), "declined_message_types")) {
                        unknown_section(category, {"threadpool", "declined_message_types"}, findings);
                        continue;
                    }
                    for (const ConfigEntry& entry : category.entries())
                        findings.notice(entry.place(),
                                        "{} has no effect: an event costs nothing here while nobody has subscribed; "
                                        "see eventFilter for what clients get",
                                        entry.key);
                }
                return [] {};
            }};
}

Result<void> load(Module& module) {
    auto& ari = module.own<Ari>();
    JF_TRY(module.add(
        stasis_info, [&ari](Channel& channel, const Arguments& arguments) { return stasis(ari, channel, arguments); }));
    JF_TRY(module.add(DeviceStateProvider{"Stasis", stored_state}));
    add_events(ari, module);
    JF_TRY(add_commands(module, ari));
    JF_TRY(module.add(HttpRoute{.path = "/ari", .text = "The REST interface", .methods = "", .below = true},
                      [&ari](HttpExchange& exchange) { return serve(ari, exchange); }));
    module.on_unload([&ari] { return ari.stop(); });
    module.on_reload([&ari]() -> Result<void> {
        ari.restart();  // when an unload was refused
        return {};
    });
    JF_TRY(module.add(stasis_file()));
    return module.add(ConfigFileSpec{
        .file = "ari.conf", .prepare = [&ari](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&ari, settings = read_settings(file, findings)]() mutable { ari.set(std::move(settings)); };
        }});
}

}  // namespace
}  // namespace jackfield::ari

JACKFIELD_MODULE("res_ari", "REST interface (ARI) and Stasis", jackfield::ari::load, "res_http");
