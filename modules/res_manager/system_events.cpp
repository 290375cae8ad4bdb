// FullyBooted, Reload, Shutdown, Load, Unload, LogChannel, DeviceStateChange, ExtensionStatus, MessageWaiting, UserEvent.
#include "modules/res_manager/system_events.hpp"

#include <cstring>

#include "core/channel/channel_events.hpp"
#include "core/channel/device_state.hpp"
#include "core/console/daemon_control.hpp"
#include "core/console/logger_file.hpp"
#include "core/channel/mailbox_state.hpp"
#include "core/dialplan/hints.hpp"
#include "core/module/module_events.hpp"
#include "core/runtime/test_event.hpp"
#include "modules/res_manager/classes.hpp"
#include "modules/res_manager/security_events.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

// "play_names" of "jackfield::Result<char> jackfield::Channel::play_names(const ...)".
std::string_view function_name(std::string_view signature) {
    const auto end = std::min(signature.find('('), signature.size());
    const auto begin = signature.find_last_of(" :*&", end == 0 ? 0 : end - 1);
    return signature.substr(begin == std::string_view::npos ? 0 : begin + 1, end - (begin == std::string_view::npos ? 0 : begin + 1));
}

ManagerFields booted_fields() {
    ManagerFields fields;
    const DaemonControl* daemon = DaemonControl::instance();
    if (!daemon) return fields;
    const auto seconds = [](Instant since) {
        return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since).count();
    };
    return fields.add("Uptime", seconds(daemon->started())).add("LastReload", seconds(daemon->last_reload()))
        .add("Status", "Fully Booted");
}

std::vector<Subscription> watch_daemon(Server& server) {
    std::vector<Subscription> list;
    list.push_back(subscribe<DaemonBooted>([&server](const DaemonBooted&) {
        server.publish("FullyBooted", manager_class::system, booted_fields());
    }));
    list.push_back(subscribe<DaemonReloaded>([&server](const DaemonReloaded& event) {
        ManagerFields fields;
        fields.add("Module", event.module.empty() ? "All" : event.module).add("Status", event.success ? 0 : 1);
        server.publish("Reload", manager_class::system, fields);
    }));
    list.push_back(subscribe<DaemonStopping>([&server](const DaemonStopping& event) {
        ManagerFields fields;
        fields.add("Shutdown", "Cleanly").add("Restart", event.restart ? "True" : "False");
        server.publish("Shutdown", manager_class::system, fields);
        server.flush();  // there may be no further turn
    }));
    list.push_back(subscribe<ModuleLoaded>([&server](const ModuleLoaded& event) {
        server.publish("Load", manager_class::system, ManagerFields().add("Module", event.name).add("Status", event.status));
    }));
    list.push_back(subscribe<ModuleUnloaded>([&server](const ModuleUnloaded& event) {
        server.publish("Unload", manager_class::system,
                       ManagerFields().add("Module", event.name).add("Status", event.success ? "Success" : "Failure"));
    }));
    list.push_back(subscribe<LogFileOpened>([&server](const LogFileOpened& event) {
        ManagerFields fields;
        fields.add("Channel", event.path).add("Enabled", event.error ? "No" : "Yes");
        if (event.error) fields.add("Reason", fmt::format("{} - {}", event.error, std::strerror(event.error)));
        server.publish("LogChannel", manager_class::system, fields);
    }));
    return list;
}

std::vector<Subscription> watch_states(Server& server) {
    std::vector<Subscription> list;
    list.push_back(subscribe<DeviceStateChange>([&server](const DeviceStateChange& event) {
        server.publish("DeviceStateChange", manager_class::call,
                       ManagerFields().add("Device", event.device).add("State", to_string(event.state)));
    }));
    list.push_back(subscribe<ExtensionStateChanged>([&server](const ExtensionStateChanged& event) {
        ManagerFields fields;
        fields.add("Exten", event.extension).add("Context", event.context).add("Hint", event.hint);
        fields.add("Status", static_cast<int>(event.state)).add("StatusText", to_string(event.state));
        server.publish("ExtensionStatus", manager_class::call, fields);
    }));
    list.push_back(subscribe<MailboxChanged>([&server](const MailboxChanged& event) {
        ManagerFields fields;
        fields.add("Mailbox", event.mailbox).add("Waiting", event.counts.fresh ? 1 : 0);
        fields.add("New", event.counts.fresh).add("Old", event.counts.old);
        server.publish("MessageWaiting", manager_class::call, fields);
    }));
    return list;
}

std::vector<Subscription> watch_user_events(Server& server) {
    std::vector<Subscription> list;
    list.push_back(subscribe<UserEventRaised>([&server](const UserEventRaised& event) {
        ManagerFields fields;
        if (event.channel) add_channel(fields, server, *event.channel);
        fields.add("UserEvent", event.name);
        for (const auto& [key, value] : event.fields) fields.add(key, value);
        server.publish("UserEvent", manager_class::user, fields);
    }));
    return list;
}

std::vector<Subscription> watch_tests(Server& server) {
    std::vector<Subscription> list;
    if (const DaemonControl* daemon = DaemonControl::instance(); !daemon || !daemon->settings().options.test_events) return list;
    list.push_back(subscribe<TestEvent>([&server](const TestEvent& event) {
        const std::string_view path = event.place.file_name();
        ManagerFields fields;
        fields.add("Type", "StateChange").add("State", event.state).add("AppFile", path.substr(path.rfind('/') + 1));
        fields.add("AppFunction", function_name(event.place.function_name())).add("AppLine", event.place.line());
        for (const auto& [key, value] : event.fields) fields.add(key, value);
        server.publish("TestEvent", manager_class::test, fields);
    }));
    return list;
}

}  // namespace

std::string fully_booted_event() {
    return fmt::format("Event: FullyBooted\r\nPrivilege: {}\r\n{}\r\n", class_names(manager_class::system),
                       booted_fields().text());
}

Result<void> add_system_events(Module& module, Server& server) {
    const auto add = [&](ManagerClasses privilege, std::vector<Subscription> (*watch)(Server&)) -> Result<void> {
        module.keep(JF_TRY(server.add(module, ManagerEventSource{privilege, [&server, watch] { return watch(server); }})));
        return {};
    };
    JF_TRY(add(manager_class::system, watch_daemon));
    JF_TRY(add(manager_class::call, watch_states));
    JF_TRY(add(manager_class::security, watch_security));
    JF_TRY(add(manager_class::test, watch_tests));
    return add(manager_class::user, watch_user_events);
}

}  // namespace jackfield::manager
