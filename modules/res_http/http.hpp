// The service interface of res_http: routes of the HTTP server that other modules add.
//
//   JF_TRY(module.add(HttpRoute{.path = "/hello", .text = "Greets", .methods = "GET,HEAD"},
//                     [](HttpExchange& exchange) { return exchange.respond({.body = "Hello\n"}); }));
//
// A module that adds some names "res_http" among those that it needs. Everything here is for the control thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/application.hpp"
#include "core/module/module.hpp"
#include "core/runtime/websocket_stream.hpp"

namespace jackfield {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// "%41+b" to "A b"; nothing when an escape is malformed or gives a zero byte.
inline std::optional<std::string> url_decode(std::string_view text, bool plus_is_blank) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && plus_is_blank) {
            out += ' ';
        } else if (text[at] != '%') {
            out += text[at];
        } else {
            if (at + 2 >= text.size()) return {};
            const int value = digit(text[at + 1]) * 16 + digit(text[at + 2]);
            if (digit(text[at + 1]) < 0 || digit(text[at + 2]) < 0 || value == 0) return {};
            out += static_cast<char>(value);
            at += 2;
        }
    }
    return out;
}

// "a=1&b=two" (application/x-www-form-urlencoded) in order; parts that can't be decoded are left out.
inline HttpFields parse_form(std::string_view text) {
    HttpFields fields;
    for (const std::string_view part : split(text, '&')) {
        const Halves halves = split_once(part, '=');
        auto name = url_decode(halves.first, true), value = url_decode(halves.second, true);
        if (name && value && !name->empty()) fields.emplace_back(*std::move(name), *std::move(value));
    }
    return fields;
}

// A whole request, body and all.
struct HttpRequest {
    std::string method;       // "GET"
    std::string target;       // as it was sent
    std::string path, query;  // of the target, still encoded; the configured prefix is taken off the path
    HttpFields headers;
    std::string body;
    SocketAddress peer, local;
    bool secure = false;  // came over TLS
    bool keep_alive = false;
    bool version_1_0 = false;

    // The first header of that name, letter case aside; empty when there is none.
    std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers)
            if (equals_ignoring_case(key, name)) return value;
        return {};
    }
    // Whether a comma list in that header names the word (Connection: keep-alive, Upgrade).
    bool header_lists(std::string_view name, std::string_view word) const {
        for (const auto& [key, value] : headers)
            if (equals_ignoring_case(key, name))
                for (const std::string_view each : split_list(value))
                    if (equals_ignoring_case(each, word)) return true;
        return false;
    }
    HttpFields parameters() const { return parse_form(query); }
};

struct HttpResponse {
    unsigned status = 200;
    HttpFields headers = {};  // without Content-Length, Date, Server and Connection, which the server adds
    std::string body = {};
};

struct HttpCredentials {
    std::string user, password;
};
// Of "Authorization: Basic ..." (RFC 7617); nothing when there are none or they are malformed.
inline std::optional<HttpCredentials> basic_credentials(const HttpRequest& request) {
    const Halves halves = split_once(trim(request.header("Authorization")), ' ');
    if (!equals_ignoring_case(halves.first, "Basic")) return {};
    const auto decoded = base64_decode(trim(halves.second));
    if (!decoded) return {};
    const Halves parts = split_once(*decoded, ':');
    if (!parts.found) return {};
    return HttpCredentials{std::string(parts.first), std::string(parts.second)};
}

// One request and the way to answer it, once: by respond(), by begin() write() ... end(), or by an upgrade. All wait,
// for a client that reads slowly too. Errors: closed and timeout (the client has gone; give up), interruption.
class HttpExchange {
  public:
    virtual ~HttpExchange() = default;
    virtual const HttpRequest& request() const = 0;
    virtual Result<void> respond(HttpResponse response) = 0;
    // A response whose length is not known yet: chunked, or up to the end of the connection for HTTP/1.0.
    virtual Result<void> begin(HttpResponse head) = 0;
    virtual Result<void> write(std::string_view part) = 0;
    virtual Result<void> end() = 0;
    // Answers a WebSocket handshake (RFC 6455 4.2) and hands the connection over; `protocol`: which of the client's
    // subprotocols was chosen, empty for none. Errors: invalid when it is no valid handshake (that was answered then).
    virtual Result<std::unique_ptr<WebSocket>> upgrade_to_websocket(std::string_view protocol,
                                                                    std::size_t message_limit) = 0;
};
inline bool asks_for_websocket(const HttpRequest& request) { return request.header_lists("Upgrade", "websocket"); }

struct HttpRoute {
    Text path;                         // "/httpstatus"
    Text text;                         // what is there, for `http show status`
    std::string methods = "GET,HEAD";  // others get 405; empty: all come to the handler, OPTIONS too
    bool below = false;                // also every path below it ("/ari/channels" for "/ari")
};
// Runs on the connection's fiber and may wait. An error before an answer gives 500; HEAD is asked like GET, and the
// body is left out by itself.
using HttpHandler = std::function<Result<void>(HttpExchange& exchange)>;

class HttpService {
  public:
    static constexpr std::string_view service_name = "http";
    virtual ~HttpService() = default;
    // The longest path that fits wins. Errors: exists.
    virtual Result<Registration> add(Module& module, HttpRoute route, HttpHandler handler) = 0;
    virtual std::string prefix() const = 0;  // "" or "/asterisk"
};
// Errors: not_found (res_http is not loaded), exists.
inline Result<Registration> register_in(Module& module, HttpRoute route, HttpHandler handler) {
    const auto service = JF_TRY(find_service<HttpService>());
    return service->add(module, std::move(route), std::move(handler));
}

}  // namespace jackfield
