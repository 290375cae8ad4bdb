// What the server does: a page and a command.
#include "core/console/command.hpp"
#include "modules/res_http/server.hpp"

namespace jackfield::http {
namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

Result<void> show_status(Console& console, const Server& server) {
    const Settings& settings = server.settings();
    std::string text = "HTTP Server Status:\n";
    text += fmt::format("Prefix: {}\nServer: {}\n", settings.prefix, settings.server_name);
    text += server.address().empty() ? std::string("Server Disabled\n\n")
                                     : fmt::format("Server Enabled and Bound to {}\n\n", server.address());
    if (!server.tls_address().empty()) text += fmt::format("HTTPS Server Enabled and Bound to {}\n\n", server.tls_address());
    text += fmt::format("Connections: {} of {}\nRequests: {}\n\nEnabled URI's:\n", server.connections(),
                        settings.session_limit, server.requests());
    for (const RouteSummary& route : server.routes()) text += fmt::format("{} => {}\n", route.path, route.text);
    text += "\nEnabled Redirects:\n";
    text += settings.redirect_from.empty() ? std::string("  None.\n")
                                           : fmt::format("  {} => {}\n", settings.redirect_from, settings.redirect_to);
    return console.write(text);
}

}  // namespace

Result<void> serve_status(HttpExchange& exchange, const Server& server) {
    const Settings& settings = server.settings();
    if (!settings.status_page) return exchange.respond({.status = 404, .body = "There is nothing here.\n"});
    std::string rows;
    const auto row = [&](std::string_view name, std::string_view value) {
        rows += fmt::format("<tr><td><i>{}</i></td><td><b>{}</b></td></tr>\n", escaped(name), escaped(value));
    };
    row("Server", settings.server_name);
    row("Prefix", settings.prefix);
    row("Bind Address", settings.address.host());
    row("Bind Port", std::to_string(settings.port));
    if (settings.tls.enabled) row("SSL Bind Port", std::to_string(settings.tls.address.port()));
    for (const auto& [name, value] : exchange.request().parameters()) row("Variable '" + name + "'", value);
    return exchange.respond(
        {.headers = {{"Content-Type", "text/html; charset=utf-8"}},
         .body = "<html><head><title>HTTP Status</title></head>\n<body>\n<h1>HTTP Status</h1>\n<table>\n" + rows +
                 "</table>\n</body></html>\n"});
}

Result<void> add_commands(Module& module, Server& server) {
    return module.add(
        CommandInfo{.words = "http show status",
                    .synopsis = "Show what the HTTP server does",
                    .text = "Usage: http show status\n       Its address, connections, and the paths that are served."},
        [&server](Console& console, CommandWords) { return show_status(console, server); });
}

}  // namespace jackfield::http
