// manager.conf: the tables of options and the users.
#include "modules/res_manager/settings.hpp"

#include "modules/res_manager/classes.hpp"

namespace jackfield::manager {

using namespace std::chrono_literals;

namespace {

Result<void> set_address(Settings& settings, std::string_view value, const ConfigEntry&) {
    settings.address = JF_TRY(SocketAddress::parse(value));
    return {};
}

constexpr std::uint16_t tls_port = 5039;

// Functions may wait, and an event must not.
Result<void> add_channel_variables(Settings& settings, std::string_view value, const ConfigEntry&) {
    for (const std::string_view name : split_list(value)) {
        if (name.contains('('))
            return fail(ErrorCode::unsupported, "'{}' is a function; only plain variables can stand in events", name);
        settings.channel_variables.emplace_back(name);
    }
    return {};
}

Result<void> read_classes_of(ManagerClasses& classes, std::string_view value) {
    classes |= JF_TRY(parse_classes(value));
    return {};
}

}  // namespace

const Options<Settings>& general_options() {
    static const Options<Settings> options(with_tls_server_options<Settings>({
        {"enabled", &Settings::enabled, false, "Whether clients are let in at all"},
        {"port", &Settings::port, 5038, Range{1, 65535}, "TCP port to listen on"},
        {"bindaddr", set_address, "127.0.0.1", "Address to listen on; 0.0.0.0 or :: for all",
         [](const Settings& now) { return now.address.host(); }},
        {"displayconnects", &Settings::display_connects, true, "Tell in the log who comes and goes"},
        {"timestampevents", &Settings::timestamps, false, "Put a Timestamp line into every event"},
        {"authtimeout", &Settings::login_time, 30s, Range{1s, 1h}, "Who has not logged in by then is disconnected"},
        {"authlimit", &Settings::login_limit, 50, Range{1, 100000}, "How many may be connected and not logged in"},
        {"sessionlimit", &Settings::session_limit, 1000, Range{1, 100000}, "How many may be connected"},
        {"outputlimit", &Settings::output_limit, 1048576, Range{16384, 1073741824},
         "Bytes that may wait for one client; one that reads more slowly is disconnected"},
        {"linelimit", &Settings::line_limit, 8192, Range{256, 1048576}, "Bytes that one line of a request may have"},
        {"headerlimit", &Settings::lines_limit, 128, Range{4, 10000}, "Lines that one request may have"},
        {"allowmultiplelogin", &Settings::multiple_login, true, "Whether a user may be logged in several times"},
        {"debug", &Settings::debug, false, "Number the events, and log requests at debug level 1"},
        {"channelvars", add_channel_variables, "", "Variables to be shown in every event of a channel"},
        {"disabledevents", &Settings::disabled_events, {}, "Names of events that are never sent"},
        {"brokeneventsaction", &Settings::broken_events_action, false,
         "No answer to Events with EventMask on, as before Asterisk 1.8"},
        {"webenabled", &Settings::web_enabled, false, "Serve /manager, /rawman, /mxml and their like by the HTTP server (http.conf)"},
        {"httptimeout", &Settings::http_time, 60s, Range{1s, 3600s}, "A session over HTTP ends after so long without a request"},
    }, &Settings::tls, tls_port));
    return options;
}

const Options<User>& user_options() {
    using O = Option<User>;
    static const Options<User> options{
        {"secret", &User::secret, "", "Password"},
        {"permit",
         [](User& user, std::string_view value, const ConfigEntry&) { return user.access.add(true, value); },
         "", "Networks that the user may come from; with deny, the last line that fits decides"},
        {"deny",
         [](User& user, std::string_view value, const ConfigEntry&) { return user.access.add(false, value); },
         "", "Networks that the user may not come from"},
        {"read",
         [](User& user, std::string_view value, const ConfigEntry&) { return read_classes_of(user.read, value); },
         "", "Classes of events that the user gets: system, call, log, verbose, ..., or all"},
        {"write",
         [](User& user, std::string_view value, const ConfigEntry&) { return read_classes_of(user.write, value); },
         "", "Classes of actions that the user may use, or all"},
        {"eventfilter",
         [](User& user, std::string_view value, const ConfigEntry&) { return user.filter.add(value); },
         "", "A regular expression over events: only those that match are sent, or with ! those that do not"},
        {"displayconnects", &User::display_connects, true, "Tell in the log when this user comes and goes"},
        {"allowmultiplelogin", &User::multiple_login, true, "Whether the user may be logged in several times"},
        {"setvar",
         [](User& user, std::string_view value, const ConfigEntry&) -> Result<void> {
             const Halves halves = split_once(value, '=');
             if (!halves.found || trim(halves.first).empty())
                 return fail(ErrorCode::invalid, "expected name=value");
             user.channel_variables.emplace_back(trim(halves.first), trim(halves.second));
             return {};
         },
         "", "name=value: a variable of the channels that this user originates"},
        O::ignored("writetimeout", "a slow client holds nobody up here; see outputlimit in [general]"),
        {"acl", &User::acl, {}, "Lists of acl.conf that the user must come from; with commas"},
    };
    return options;
}

Settings read_settings(const ConfigFile& file, Diagnostics& findings) {
    Settings settings = general_options().defaults();
    settings.address = *SocketAddress::parse("127.0.0.1");
    for (const ConfigCategory* general : file.find_all("general")) {
        general_options().apply(*general, settings, findings);
        if (settings.enabled) settings.tls.load(settings.address, tls_port, *general, findings);
    }
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
        User defaults = user_options().defaults();
        defaults.multiple_login = settings.multiple_login;
        auto user = std::make_shared<User>(std::move(defaults));
        user->name = category.name();
        user_options().apply(category, *user, findings);
        if (user->secret.empty())
            findings.error(category.place(), "user {} has no secret=; without one nobody can log in as {}", user->name, user->name);
        if (!settings.users.emplace(user->name, user).second)
            findings.error(category.place(), "user {} stands in this file twice", user->name);
    }
    return settings;
}

}  // namespace jackfield::manager
