// res_http - the HTTP server: http.conf, routes of other modules, static files, a status page.
#include "core/console/daemon_control.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_http/server.hpp"

using namespace jackfield;

namespace jackfield::http {
namespace {

std::string static_folder() {
    const DaemonControl* daemon = DaemonControl::instance();
    return daemon ? daemon->settings().directories.data + "/static-http" : std::string("static-http");
}

Result<void> load(Module& module) {
    auto& server = module.own<Server>(module);
    module.keep(JF_TRY(server.add(module, {.path = "/httpstatus", .text = "Status of the HTTP server"},
                                  [&server](HttpExchange& exchange) { return serve_status(exchange, server); })));
    module.keep(JF_TRY(server.add(module, {.path = "/static", .text = "Files of the static-http folder", .below = true},
                                  [&server](HttpExchange& exchange) {
                                      if (!server.settings().static_files)
                                          return exchange.respond({.status = 404, .body = "There is nothing here.\n"});
                                      return serve_static(exchange, static_folder());
                                  })));
    JF_TRY(add_commands(module, server));
    JF_TRY(module.provide<HttpService>(server));
    module.on_unload([&server] { return server.stop(); });
    module.on_reload([&server]() -> Result<void> {
        server.listen();  // again, when an unload was refused
        return server.renew_certificate();
    });
    return module.add(ConfigFileSpec{
        .file = "http.conf", .prepare = [&server](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&server, settings = read_settings(file, findings)]() mutable { server.set(std::move(settings)); };
        }});
}

}  // namespace
}  // namespace jackfield::http

JACKFIELD_MODULE("res_http", "HTTP server", jackfield::http::load);
