// From a request to its operation: authentication, origins, parameters.
#include "modules/res_ari/operations.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/login_guard.hpp"
#include "core/runtime/security_event.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {
namespace {

// --- who asks ------------------------------------------------------------------------------------------------------

std::optional<HttpCredentials> credentials_of(const HttpRequest& request) {
    if (auto basic = basic_credentials(request)) return basic;
    for (const auto& [name, value] : request.parameters())
        if (name == "api_key") {
            const Halves halves = split_once(value, ':');
            if (halves.found) return HttpCredentials{std::string(halves.first), std::string(halves.second)};
        }
    return {};
}

void report_login(const HttpRequest& request, std::string_view account, std::string_view event, bool error) {
    static KeyedRateLimit notices{std::chrono::seconds(1)};  // a client may log in with every request
    if (error ? !notices.allow(request.peer.host(), Clock::now()) : !wanted<SecurityEvent>()) return;
    SecurityEvent::Fields details;
    if (event == "SuccessfulAuth") details = {{"UsingPassword", "1"}};
    if (event == "RequestNotAllowed") details = {{"RequestType", "Login after too many failures"}};
    report_security({.name = event, .error = error, .service = "ARI", .account = std::string(account), .session = {},
                     .transport = request.secure ? "TLS" : "TCP", .local = request.local, .remote = request.peer, .details = std::move(details)});
    if (error) log_notice("REST request from {} had the wrong user or password", request.peer.to_string());
}

// Somebody whose password takes the same time as that of a user. One of hashed passwords needs a hash to work against.
std::shared_ptr<const User> stand_in(const Ari& ari) {
    User nobody{.name = "", .password = "no user has this"};
    for (const auto& [name, user] : ari.settings().users)
        if (user->format == User::Format::crypt) {
            nobody.format = user->format;
            nobody.password = user->password;
        }
    return std::make_shared<const User>(std::move(nobody));
}

// Null: nobody. Waits: for a hashed password, and after a failure.
std::shared_ptr<const User> authenticate(const Ari& ari, const HttpRequest& request) {
    const auto given = credentials_of(request);
    if (!given) return nullptr;
    const LoginAttempt attempt{"ARI", given->user, request.peer};
    LoginGuard& guard = LoginGuard::instance();
    const bool admitted = guard.admits(attempt, Clock::now());
    const auto found = ari.settings().users.find(given->user);
    const bool known = found != ari.settings().users.end();
    const auto user = known ? found->second : stand_in(ari);  // a reload may take it away meanwhile
    if (admitted && password_fits(*user, given->password) && known) {
        guard.succeeded(attempt, Clock::now());
        report_login(request, given->user, "SuccessfulAuth", false);
        return user;
    }
    report_login(request, given->user, !admitted ? "RequestNotAllowed" : known ? "InvalidPassword" : "InvalidAccountID", true);
    (void)sleep_for(guard.failed(attempt, Clock::now()));  // an interruption shows in the answer
    return nullptr;
}

bool allowed_origin(const Ari& ari, std::string_view origin) {
    return std::ranges::any_of(ari.settings().allowed_origins,
                               [&](const std::string& each) { return each == "*" || each == origin; });
}

void add_origin_headers(const Ari& ari, const HttpRequest& request, HttpFields& headers) {
    const std::string_view origin = request.header("Origin");
    if (origin.empty() || !allowed_origin(ari, origin)) return;
    headers.emplace_back("Access-Control-Allow-Origin", origin);
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    headers.emplace_back("Vary", "Origin");
}

Result<void> answer(Ari& ari, HttpExchange& exchange, Answer answer) {
    HttpResponse response{.status = answer.status};
    add_origin_headers(ari, exchange.request(), response.headers);
    if (answer.status == 401)
        response.headers.emplace_back("WWW-Authenticate", fmt::format("Basic realm=\"{}\"", ari.settings().realm));
    if (!answer.raw_type.empty()) {
        response.headers.emplace_back("Content-Type", answer.raw_type);
        response.body = std::move(answer.raw);
    } else if (!answer.body.is_null()) {
        response.headers.emplace_back("Content-Type", "application/json");
        response.body = to_text(answer.body, ari.settings().pretty);
    }
    return exchange.respond(std::move(response));
}

// --- which operation -----------------------------------------------------------------------------------------------

struct Found {
    const Operation* operation = nullptr;
    RequestValues values;
    std::string methods;  // that the path has
};

Found find_operation(std::string_view method, std::string_view path) {
    Found found;
    for (const Resource& resource : resources()) {
        if (!path.starts_with('/') || !path.substr(1).starts_with(resource.name)) continue;
        for (const auto& operations : resource.operations)
            for (const Operation& operation : operations) {
                auto values = match_path(operation.path, path);
                if (!values) continue;
                if (found.methods.find(operation.method) == std::string::npos)
                    found.methods += (found.methods.empty() ? "" : ",") + std::string(operation.method);
                // A literal part is worth more than a {name}: /recordings/stored against /recordings/{x}.
                if (operation.method == method && (!found.operation || values->size() < found.values.size())) {
                    found.operation = &operation;
                    found.values = *std::move(values);
                }
            }
    }
    return found;
}

Answer check_and_run(const Operation& operation, Request& request) {
    for (const Parameter& parameter : operation.parameters) {
        const std::string_view type = parameter.type;
        if (parameter.required && parameter.in == Parameter::In::query && !request.has(parameter.name))
            return error(400, fmt::format("Missing parameter '{}'", parameter.name));
        if (!request.has(parameter.name) || parameter.in == Parameter::In::body) continue;
        const std::string value = request.get(parameter.name);
        if ((type == "int" || type == "long") && !parse_number<long>(value))
            return error(400, fmt::format("'{}' is not a number: {}", parameter.name, value));
        if (type == "boolean" && !parse_bool(value))
            return error(400, fmt::format("'{}' is neither true nor false: {}", parameter.name, value));
    }
    if (!operation.run) return error(501, fmt::format("{} is not implemented", operation.nickname));
    return operation.run(request);
}

// A page asks whether it may: the path's methods when its origin is allowed (Fetch, CORS preflight).
Answer preflight(Ari& ari, HttpExchange& exchange, const std::string& allowed) {
    const HttpRequest& request = exchange.request();
    HttpResponse response{.status = 204, .headers = {{"Allow", allowed + ",OPTIONS"}}};
    if (!request.header("Origin").empty() && !request.header("Access-Control-Request-Method").empty()) {
        if (!allowed_origin(ari, request.header("Origin"))) return error(403, "This origin is not allowed");
        add_origin_headers(ari, request, response.headers);
        response.headers.emplace_back("Access-Control-Allow-Methods", allowed + ",OPTIONS");
        if (const auto wanted = request.header("Access-Control-Request-Headers"); !wanted.empty())
            response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
    }
    (void)exchange.respond(std::move(response));
    return {.handled = true};
}

Answer dispatch(Ari& ari, HttpExchange& exchange) {
    const HttpRequest& http = exchange.request();
    if (!ari.settings().enabled) return error(404, "The REST interface is switched off");
    const std::string_view path = std::string_view(http.path).substr(std::string_view("/ari").size());
    const std::string method = http.method == "HEAD" ? "GET" : http.method;
    Found found = find_operation(method, path);
    if (method == "OPTIONS")
        return found.methods.empty() ? error(404, "Resource not found") : preflight(ari, exchange, found.methods);
    if (!http.header("Origin").empty() && asks_for_websocket(http) && !allowed_origin(ari, http.header("Origin")) &&
        !ari.settings().allowed_origins.empty())
        return error(403, "This origin is not allowed");
    const auto user = authenticate(ari, http);
    if (!user) return error(401, "Authentication required");
    if (user->read_only && method != "GET") return error(403, "Write access denied");
    if (constexpr std::string_view docs = "/api-docs/"; path.starts_with(docs) && method == "GET") {
        const std::string_view host = http.header("Host");
        Json document =
            api_document(path.substr(docs.size()), fmt::format("{}://{}/ari", http.secure ? "https" : "http", host));
        return document.is_null() ? error(404, "Resource not found") : ok(std::move(document));
    }
    if (found.methods.empty()) return error(404, "Resource not found");
    if (!found.operation) return error(405, "Invalid method");
    Request request(ari, exchange);
    request.user = user->name;
    for (auto& [name, value] : found.values) request.add(std::move(name), std::move(value));
    for (auto& [name, value] : http.parameters()) request.add(std::move(name), std::move(value));
    if (!request.read(http)) return error(400, "Error parsing request body");
    return check_and_run(*found.operation, request);
}

}  // namespace

Answer error(unsigned status, std::string_view message) {
    return {.status = status, .body = JsonObject{{"message", to_json(message)}}};
}

Result<void> Request::read(const HttpRequest& http) {
    body = JF_TRY(read_body(http, values_));
    return {};
}

bool Request::has(std::string_view name) const {
    return std::ranges::any_of(values_, [&](const auto& each) { return each.first == name; });
}

std::string Request::get(std::string_view name) const {
    for (const auto& [key, value] : values_)
        if (key == name) return value;
    return {};
}

std::vector<std::string> Request::all(std::string_view name) const {
    std::vector<std::string> list;
    for (const auto& [key, value] : values_)
        if (key == name)
            for (const std::string_view part : split_list(value)) list.emplace_back(part);
    return list;
}

std::vector<std::pair<std::string, std::string>> Request::variables() const {
    std::vector<std::pair<std::string, std::string>> list;
    const auto* object = body.if_object();
    const Json* variables = object ? object->if_contains("variables") : nullptr;
    if (variables && variables->is_object())
        for (const auto& [key, value] : variables->as_object())
            list.emplace_back(std::string(key.data(), key.size()), text_of(value));
    return list;
}

const std::vector<Resource>& resources() {
    static const std::vector<Resource> all{
        {"asterisk", "The system", {asterisk_operations(), dynamic_config_operations()}},
        {"endpoints", "Devices that can be called", {endpoint_operations()}},
        {"channels", "Channels", {channel_operations(), channel_call_operations(), channel_snoop_operations()}},
        {"bridges", "Bridges", {bridge_operations()}},
        {"recordings", "Recordings", {recording_operations()}},
        {"sounds", "Sounds", {sound_operations()}},
        {"playbacks", "Playbacks", {playback_operations()}},
        {"deviceStates", "States of devices", {device_operations()}},
        {"mailboxes", "Mailboxes", {mailbox_operations()}},
        {"events", "The WebSocket that carries events", {event_operations()}},
        {"applications", "Stasis applications", {application_operations()}},
    };
    return all;
}

Result<void> serve(Ari& ari, HttpExchange& exchange) {
    Answer made = dispatch(ari, exchange);
    if (made.handled) return {};
    return answer(ari, exchange, std::move(made));
}

}  // namespace jackfield::ari
