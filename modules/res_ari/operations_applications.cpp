// /applications and /events
#include <algorithm>

#include "core/base/log.hpp"
#include "core/channel/channel_events.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;
using namespace std::chrono_literals;

constexpr std::size_t longest_message = 65536;  // a client has nothing to say
constexpr auto ping_interval = 30s, patience = 120s;

// --- applications --------------------------------------------------------------------------------------------------

Answer list_applications(Request& request) {
    JsonArray all;
    for (const auto& [name, application] : request.ari.applications().all()) all.emplace_back(to_json(*application));
    return ok(std::move(all));
}

Answer get_application(Request& request) {
    const Application* application = request.ari.applications().find(request.get("applicationName"));
    return application ? ok(to_json(*application)) : error(404, "Application not found");
}

struct Source {
    std::map<std::string, unsigned, std::less<>> Application::*table;
    std::string key;
};

// "channel:ID", "bridge:ID", "endpoint:TECH/RESOURCE", "deviceState:NAME".
std::optional<Source> source_of(std::string_view text, bool must_exist, Answer& refused) {
    const Halves halves = split_once(text, ':');
    const std::string key(halves.second);
    if (halves.first == "deviceState" && !key.empty()) return Source{&Application::devices, key};
    if (halves.first == "channel" && !key.empty()) {
        Channel* channel = find_channel(key);
        if (channel || !must_exist) return Source{&Application::channels, channel ? channel->unique_id() : key};
    } else if (halves.first == "bridge" && !key.empty()) {
        if (!must_exist || Bridge::find(key)) return Source{&Application::bridges, key};
    } else if (halves.first == "endpoint" && !key.empty()) {
        const Halves parts = split_once(key, '/');
        auto* slot = channel_drivers().find(parts.first);
        if (!must_exist || (slot && (!parts.found || !endpoint_json(parts.first, parts.second).is_null())))
            return Source{&Application::endpoints, key};
    } else {
        refused = error(400, "Invalid event source");
        return {};
    }
    refused = error(422, "Event source does not exist");
    return {};
}

Answer subscribe(Request& request) {
    Application* application = request.ari.applications().find(request.get("applicationName"));
    if (!application) return error(404, "Application not found");
    Answer refused;
    for (const std::string& text : request.all("eventSource")) {
        const auto source = source_of(text, true, refused);
        if (!source) return refused;
        auto& table = application->*source->table;
        if (table.size() >= 100'000) return error(422, "Too many subscriptions");
        ++table[source->key];
    }
    return ok(to_json(*application));
}

Answer unsubscribe(Request& request) {
    Application* application = request.ari.applications().find(request.get("applicationName"));
    if (!application) return error(404, "Application not found");
    Answer refused;
    for (const std::string& text : request.all("eventSource")) {
        const auto source = source_of(text, false, refused);
        if (!source) return refused;
        auto& table = application->*source->table;
        const auto found = table.find(source->key);
        if (found == table.end()) return error(409, "Application not subscribed to event source");
        if (--found->second == 0) table.erase(found);
    }
    return ok(to_json(*application));
}

bool is_filter(const Json* list) {
    return !list ||
           (list->is_array() && list->as_array().size() <= 1000 &&
            std::ranges::all_of(list->as_array(), [](const Json& each) {
                return each.is_object() && each.as_object().contains("type") && each.as_object().at("type").is_string();
            }));
}

Answer filter(Request& request) {
    Application* application = request.ari.applications().find(request.get("applicationName"));
    if (!application) return error(404, "Application not found");
    const JsonObject* given = request.body.if_object();
    if (given)
        if (const Json* wrapped = given->if_contains("filter"); wrapped && wrapped->is_object())
            given = &wrapped->as_object();
    const Json* allowed = given ? given->if_contains("allowed") : nullptr;
    const Json* disallowed = given ? given->if_contains("disallowed") : nullptr;
    if (!is_filter(allowed) || !is_filter(disallowed)) return error(400, "A filter is a list of objects with a type");
    if (allowed || !disallowed) application->allowed = allowed ? allowed->as_array() : JsonArray();
    if (disallowed || !allowed) application->disallowed = disallowed ? disallowed->as_array() : JsonArray();
    return ok(to_json(*application));
}

// --- events --------------------------------------------------------------------------------------------------------

// Until the client goes; what it sends is thrown away.
void listen(Session& session) {
    const InterruptScope scope(session.stop);
    for (;;) {
        const auto message = session.socket->read(ping_interval);
        if (message) continue;
        if (message.error().code != ErrorCode::timeout) return;
        if (Clock::now() - session.socket->last_heard() > patience) return;
        if (!session.socket->send("", WebSocketMessage::Kind::ping)) return;
    }
}

Answer event_socket(Request& request) {
    if (!asks_for_websocket(request.exchange.request())) return error(426, "A WebSocket is expected");
    const auto names = request.all("app");
    if (names.empty()) return error(400, "Parameter 'app' is missing");
    Applications& applications = request.ari.applications();
    if (applications.sessions() >= request.ari.settings().session_limit)
        return error(503, "Too many clients receive events");
    const bool all = request.flag("subscribeAll");
    const bool subprotocol = request.exchange.request().header_lists("Sec-WebSocket-Protocol", "ari");
    auto socket = request.exchange.upgrade_to_websocket(subprotocol ? "ari" : "", longest_message);
    if (!socket) return {.handled = true};
    (*socket)->stream().set_queue_limit(request.ari.settings().output_limit);
    Session session(*std::move(socket));
    const std::string peer = session.socket->stream().peer().to_string();
    struct Connected {  // also when the runtime ends the fiber
        Applications& applications;
        Session& session;
        ~Connected() { applications.disconnect(session); }
    } connected{applications, session};
    applications.connect(session, names, all);
    log_verbose(3, "WebSocket connection from {} for Stasis application {}", peer, join(names, ","));
    listen(session);
    if (!session.dropped) session.socket->close(WebSocketClose::going_away);
    log_verbose(3, "WebSocket connection from {} has ended", peer);
    return {.handled = true};
}

Answer user_event(Request& request) {
    Application* application = request.ari.applications().find(request.get("application"));
    if (!application) return error(404, "Application not found");
    JsonObject event;
    event["eventname"] = to_json(request.get("eventName"));
    JsonObject values;
    for (const auto& [name, value] : request.variables()) values[name] = to_json(value);
    Answer refused;
    for (const std::string& text : request.all("source")) {
        const Halves halves = split_once(text, ':');
        if (halves.first == "channel") {
            Channel* channel = find_channel(halves.second);
            if (!channel) return error(422, "Event source does not exist");
            event["channel"] = channel_json(request.ari, *channel);
        } else if (halves.first == "bridge") {
            const auto bridge = Bridge::find(halves.second);
            if (!bridge) return error(422, "Event source does not exist");
            event["bridge"] = bridge_json(request.ari, *bridge);
        } else if (halves.first == "endpoint") {
            const Halves parts = split_once(halves.second, '/');
            Json endpoint = endpoint_json(parts.first, parts.second);
            if (endpoint.is_null()) return error(422, "Event source does not exist");
            event["endpoint"] = std::move(endpoint);
        } else {
            return error(400, "Invalid event source");
        }
    }
    event["userevent"] = std::move(values);
    request.ari.applications().send(*application, "ChannelUserevent", std::move(event));
    return done();
}

const Parameter application{.in = In::path, .name = "applicationName", .required = true};
const Parameter sources{.name = "eventSource", .required = true, .multiple = true};

}  // namespace

std::span<const Operation> application_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/applications", "list", "List[Application]", "All applications", {}, list_applications},
        {"GET", "/applications/{applicationName}", "get", "Application", "One application", {application}, get_application},
        {"POST",
         "/applications/{applicationName}/subscription",
         "subscribe",
         "Application",
         "Receive events of something",
         {application, sources},
         subscribe},
        {"DELETE",
         "/applications/{applicationName}/subscription",
         "unsubscribe",
         "Application",
         "Receive its events no longer",
         {application, sources},
         unsubscribe},
        {"PUT",
         "/applications/{applicationName}/eventFilter",
         "filter",
         "Application",
         "Choose which events come",
         {application, {.in = In::body, .name = "filter", .type = "object"}},
         filter},
    };
    return operations;
}

std::span<const Operation> event_operations() {
    static const std::vector<Operation> operations{
        {"GET",
         "/events",
         "eventWebsocket",
         "Message",
         "The WebSocket that carries events",
         {{.name = "app", .required = true, .multiple = true}, {.name = "subscribeAll", .type = "boolean"}},
         event_socket},
        {"POST",
         "/events/user/{eventName}",
         "userEvent",
         "void",
         "Send an event of one's own",
         {{.in = In::path, .name = "eventName", .required = true},
          {.name = "application", .required = true},
          {.name = "source", .multiple = true},
          {.in = In::body, .name = "variables", .type = "containers"}},
         user_event},
    };
    return operations;
}

}  // namespace jackfield::ari
