// Ports, connections and their limits, and which route a request goes to.
#include "modules/res_http/server.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "modules/res_http/connection.hpp"

namespace jackfield::http {

Result<Registration> Server::add(Module& module, HttpRoute route, HttpHandler handler) {
    for (const Route& each : routes_)
        if (std::string_view(each.info.path) == std::string_view(route.path))
            return fail(ErrorCode::exists, "the path {} is served already by {}", std::string_view(route.path),
                        each.gate->name());
    routes_.push_back({std::move(route), std::move(handler), &module.gate()});
    const auto place = std::prev(routes_.end());
    return Registration([this, place] { routes_.erase(place); });
}

std::vector<RouteSummary> Server::routes() const {
    std::vector<RouteSummary> list;
    for (const Route& route : routes_)
        list.push_back(
            {settings_.prefix + route.info.path.text + (route.info.below ? "/..." : ""), route.info.text.text});
    std::ranges::sort(list, {}, &RouteSummary::path);
    return list;
}

const Server::Route* Server::find(std::string_view path) const {
    const Route* best = nullptr;
    std::size_t longest = 0;
    for (const Route& route : routes_) {
        const std::string_view own = route.info.path;
        const bool fits = path == own || (route.info.below && path.starts_with(own) && path[own.size()] == '/');
        if (!fits || (best && own.size() < longest)) continue;
        best = &route;
        longest = own.size();
    }
    return best;
}

// --- the port ------------------------------------------------------------------------------------------------------

void Server::set(Settings settings) {
    const bool moved = settings.enabled != settings_.enabled || settings.port != settings_.port ||
                       !(settings.address == settings_.address);
    const bool secure_moved = settings.enabled != settings_.enabled || !settings.tls.listens_as(settings_.tls);
    settings_ = std::move(settings);
    if (moved) listener_.reset();
    if (secure_moved) secure_listener_.reset();
    if (secure_listener_) secure_listener_->set_tls(settings_.tls.context);
    listen();
}

void Server::listen() {
    if (!settings_.enabled) return;
    if (!fibers_) fibers_ = std::make_unique<TaskGroup>("http connections");
    if (!listener_) listen_on(listener_, settings_.address.with_port(settings_.port), {});
    if (!secure_listener_ && settings_.tls.enabled) listen_on(secure_listener_, settings_.tls.address, settings_.tls.context);
}

void Server::listen_on(std::unique_ptr<Listener>& listener, const SocketAddress& address,
                       std::shared_ptr<const TlsContext> context) {
    const bool secure = context != nullptr;
    auto bound = Listener::bind(
        address, [this, secure](std::unique_ptr<Stream> stream) { accept(std::move(stream), secure); }, 1024, std::move(context));
    if (bound)
        listener = std::move(*bound);
    else
        log_error("http.conf: no {} clients are served: {}", secure ? "HTTPS" : "HTTP", bound.error().text);
}

Result<void> Server::renew_certificate() {
    if (!secure_listener_) return {};
    settings_.tls.context = JF_TRY(TlsContext::load(settings_.tls.tls));
    if (secure_listener_) secure_listener_->set_tls(settings_.tls.context);
    return {};
}

Result<void> Server::stop() {
    if (std::ranges::find(fibers_serving_, fiber_id()) != fibers_serving_.end())
        return fail(ErrorCode::busy, "an HTTP client can't unload the HTTP server; do it at the console");
    listener_.reset();
    secure_listener_.reset();
    if (!fibers_) return {};
    fibers_->cancel();
    JF_TRY(fibers_->join());
    fibers_.reset();
    return {};
}

void Server::refuse(const SocketAddress& peer, std::string_view why) {
    if (notices_.allow(peer.host(), Clock::now()))
        log_warning("HTTP connection from {} refused: {}", peer.to_string(), why);
}

void Server::accept(std::unique_ptr<Stream> stream, bool secure) {
    const SocketAddress peer = stream->peer();
    if (connections_ >= settings_.session_limit) return refuse(peer, "as many are connected as sessionlimit allows");
    if (const auto found = by_address_.find(peer.host());
        found != by_address_.end() && found->second >= settings_.address_limit)
        return refuse(peer, "as many come from there as addresslimit allows");
    auto started =
        fibers_->spawn(fmt::format("http/{}", peer.to_string()),
                       [this, stream = std::move(stream), secure]() mutable { serve(std::move(stream), secure); });
    if (!started) return refuse(peer, started.error().text);
}

void Server::serve(std::unique_ptr<Stream> stream, bool secure) {
    // Also when the runtime ends the fiber.
    struct Serving {
        Server& server;
        std::string host;
        Serving(Server& of, std::string from) : server(of), host(std::move(from)) {
            ++server.connections_;
            ++server.by_address_[host];
            server.fibers_serving_.push_back(fiber_id());
        }
        ~Serving() {
            --server.connections_;
            if (--server.by_address_[host] == 0) server.by_address_.erase(host);
            std::erase(server.fibers_serving_, fiber_id());
        }
    } serving{*this, stream->peer().host()};
    Connection connection(std::move(stream), secure, settings_);
    do {
        auto received = connection.receive();
        if (!received || !*received) {
            if (!connection.answered()) return;
            if (notices_.allow(connection.peer().host(), Clock::now()))
                log_notice("HTTP request from {} answered {}", connection.peer().to_string(), connection.status());
            return connection.linger();
        }
        ++requests_;
        const Instant began = Clock::now();
        const std::string what = connection.request().method + " " + connection.request().path;
        const auto handled = handle(connection);
        if (!connection.handed_over())
            log_verbose(4, "HTTP {} from {}: {} with {} bytes in {} ms", what, connection.peer().to_string(),
                        connection.status(), connection.bytes_sent(),
                        (Clock::now() - began) / std::chrono::milliseconds(1));
        if (!handled)
            log_debug(1, "HTTP {} from {} ended: {}", what, connection.peer().to_string(), handled.error().text);
        if (!handled || !connection.answered()) return;
    } while (connection.goes_on());
}

Result<void> Server::handle(HttpExchange& exchange) {
    auto& connection = static_cast<Connection&>(exchange);
    const HttpRequest& request = exchange.request();
    if (!settings_.redirect_from.empty() && request.path == settings_.redirect_from)
        return exchange.respond({.status = 302, .headers = {{"Location", settings_.redirect_to}}});
    const bool below_prefix = settings_.prefix.empty() || (request.path.starts_with(settings_.prefix) &&
                                                           request.path.size() > settings_.prefix.size() &&
                                                           request.path[settings_.prefix.size()] == '/');
    if (below_prefix) connection.strip_prefix(settings_.prefix.size());
    const Route* route = below_prefix ? find(request.path) : nullptr;
    if (!route)
        return exchange.respond(
            {.status = 404, .headers = {{"Content-Type", "text/plain"}}, .body = "There is nothing here.\n"});
    auto pass = route->gate->enter();
    if (!pass) return exchange.respond({.status = 503, .body = pass.error().text + "\n"});
    if (const std::string& methods = route->info.methods; !methods.empty()) {
        const auto allowed = split_list(methods);
        if (request.method == "OPTIONS")
            return exchange.respond({.status = 204, .headers = {{"Allow", methods + ",OPTIONS"}}});
        if (std::ranges::find(allowed, request.method) == allowed.end())
            return exchange.respond(
                {.status = 405, .headers = {{"Allow", methods}}, .body = "This method is not allowed here.\n"});
    }
    const HttpHandler handler = route->handler;  // the route may go while the handler waits
    const RunningGate in(pass->gate());
    Result<void> done;
    try {
        done = handler(exchange);
    } catch (const std::exception& error) {
        log_error("HTTP {}: the handler threw an exception: {}", request.path, error.what());
        done = fail(ErrorCode::failed, "exception");
    }
    if (connection.answered() || connection.handed_over()) return done;
    if (!done && ends_application(done.error().code)) return done;
    return exchange.respond({.status = 500,
                             .headers = {{"Content-Type", "text/plain"}},
                             .body = "The request could not be carried out.\n"});
}

}  // namespace jackfield::http
