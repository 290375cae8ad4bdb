// The HTTP server: ports, connections, routes.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/rate_limit.hpp"
#include "core/module/module.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"
#include "modules/res_http/http.hpp"
#include "modules/res_http/settings.hpp"

namespace jackfield::http {

struct RouteSummary {  // for the status page and the console
    std::string path, text;
};

class Server final : public HttpService {
  public:
    explicit Server(Module& module) : module_(module) {}
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Result<Registration> add(Module& module, HttpRoute route, HttpHandler handler) override;
    std::string prefix() const override { return settings_.prefix; }

    // Puts settings into force; connections go on, with the new limits from their next request on.
    void set(Settings settings);
    const Settings& settings() const { return settings_; }
    // Opens the ports that the settings want and that are not open. Errors are logged.
    void listen();
    // Reads the certificate's files anew: who connects from now on gets what is in them. Waits. Errors: those of TlsContext.
    Result<void> renew_certificate();
    // Closes the ports and ends all connections. Waits. Errors: busy (asked for by one of them).
    Result<void> stop();
    std::size_t connections() const { return connections_; }
    std::uint64_t requests() const { return requests_; }
    std::vector<RouteSummary> routes() const;
    // An address below which the server can be reached, "127.0.0.1:8088"; empty while the port is closed.
    std::string address() const { return listener_ ? listener_->local().to_string() : std::string(); }
    std::string tls_address() const { return secure_listener_ ? secure_listener_->local().to_string() : std::string(); }

  private:
    struct Route {
        HttpRoute info;
        HttpHandler handler;
        Gate* gate;
    };
    void listen_on(std::unique_ptr<Listener>& listener, const SocketAddress& address, std::shared_ptr<const TlsContext> context);
    void accept(std::unique_ptr<Stream> stream, bool secure);
    void serve(std::unique_ptr<Stream> stream, bool secure);
    void refuse(const SocketAddress& peer, std::string_view why);
    Result<void> handle(HttpExchange& exchange);
    const Route* find(std::string_view path) const;

    friend class Connection;
    Module& module_;
    Settings settings_;
    std::list<Route> routes_;
    std::unique_ptr<Listener> listener_, secure_listener_;  // the second for TLS
    std::size_t connections_ = 0;
    std::uint64_t requests_ = 0;
    std::map<std::string, std::size_t> by_address_;
    KeyedRateLimit notices_{std::chrono::seconds(1)};  // of log lines that anybody can provoke
    std::vector<std::uint64_t> fibers_serving_;
    std::unique_ptr<TaskGroup> fibers_;  // of connections; null while stopped
};

// static_files.cpp: /static
Result<void> serve_static(HttpExchange& exchange, const std::string& folder);
// status.cpp: /httpstatus and `http show status`
Result<void> serve_status(HttpExchange& exchange, const Server& server);
Result<void> add_commands(Module& module, Server& server);

}  // namespace jackfield::http
