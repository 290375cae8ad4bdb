// http.conf: the table of options.
#include "modules/res_http/settings.hpp"

namespace jackfield::http {

using namespace std::chrono_literals;

namespace {

Result<void> set_address(Settings& settings, std::string_view value, const ConfigEntry&) {
    auto address = SocketAddress::parse(value);
    if (!address) return fail(ErrorCode::invalid, "expected an address, such as 127.0.0.1 or ::");
    settings.address = *address;
    return {};
}

Result<void> set_prefix(Settings& settings, std::string_view value, const ConfigEntry&) {
    while (value.starts_with('/')) value.remove_prefix(1);
    while (value.ends_with('/')) value.remove_suffix(1);
    if (value.find_first_of(" \t?#%") != std::string_view::npos)
        return fail(ErrorCode::invalid, "expected a part of a path, such as asterisk");
    settings.prefix = value.empty() ? std::string() : "/" + std::string(value);
    return {};
}

// "/ /static/config/index.html"
Result<void> set_redirect(Settings& settings, std::string_view value, const ConfigEntry&) {
    const Halves halves = split_once(trim(value), ' ');
    const std::string_view to = trim(halves.second);
    if (!halves.first.starts_with('/') || to.empty() || to.find_first_of(" \t") != std::string_view::npos)
        return fail(ErrorCode::invalid, "expected two paths, such as / /static/index.html");
    settings.redirect_from = halves.first;
    settings.redirect_to = to;
    return {};
}

constexpr std::uint16_t tls_port = 8089;

}  // namespace

const Options<Settings>& general_options() {
    using O = Option<Settings>;
    static const Options<Settings> options(with_tls_server_options<Settings>({
        {"enabled", &Settings::enabled, false, "Whether the server listens at all"},
        {"bindaddr", set_address, "127.0.0.1", "Address to listen on; 0.0.0.0 or :: for all",
         [](const Settings& now) { return now.address.host(); }},
        {"bindport", &Settings::port, 8088, Range{1, 65535}, "TCP port to listen on"},
        {"prefix", set_prefix, "", "Put before every path: with asterisk, /asterisk/ari",
         [](const Settings& now) { return now.prefix; }},
        {"servername", &Settings::server_name, "Jackfield", "Name in the Server header; empty for none"},
        {"sessionlimit", &Settings::session_limit, 100, Range{1, 100000}, "Connections at a time"},
        {"addresslimit", &Settings::address_limit, 50, Range{1, 100000}, "Connections at a time from one address"},
        {"session_inactivity", &Settings::inactivity, 30000ms, Range{100ms, 3600000ms},
         "How long a client may take to send the head of a request, or its body, or to take a part of an answer"},
        {"session_keep_alive", &Settings::keep_alive, 15000ms, Range{0ms, 3600000ms},
         "How long a connection may be idle between requests; 0: one request each"},
        {"headerlimit", &Settings::header_limit, 16384, Range{512, 1048576},
         "Bytes of a request's first line and headers"},
        {"bodylimit", &Settings::body_limit, 1048576, Range{0, 1073741824}, "Bytes of a request's body"},
        {"enable_static", &Settings::static_files, false,
         "Serve the files below static-http in the data directory as /static"},
        O::alias("enablestatic", "enable_static"),
        {"enable_status", &Settings::status_page, true, "Show /httpstatus"},
        {"redirect", set_redirect, "", "Two paths: requests for the first are sent to the second",
         [](const Settings& now) {
             return now.redirect_from.empty() ? std::string() : now.redirect_from + " " + now.redirect_to;
         }},
    }, &Settings::tls, tls_port));
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
        if (equals_ignoring_case(category.name(), "post_mappings"))
            findings.error(category.place(), "uploads by [post_mappings] are not supported");
        else
            unknown_section(category, {"general"}, findings);
    }
    return settings;
}

}  // namespace jackfield::http
