// PUBLISH (RFC 3903).
#include "channels/sip/ua/publications.hpp"

#include <algorithm>

#include "channels/sip/stack/pidf_parser.hpp"
#include "channels/sip/ua/remote_state.hpp"
#include "core/base/log.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr SubscriptionTimes publication_times{60s, 86400s, 3600s};
constexpr std::string_view pidf_type = "application/pidf+xml", presence_name = "presence", known_events = "presence, asterisk-devicestate, asterisk-mwi";

}  // namespace

Publications::Publications(UserAgent& agent, StateExchange& exchange)
    : agent_(agent), table_(*this, agent.timers(), publication_times), exchanged_(exchange, agent.timers(), publication_times) {
    agent_.handle(Method::publish, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) { on_publish(request, *endpoint); });
}

void Publications::on_publish(IncomingRequest& request, const EndpointSettings& endpoint) {
    const Message& message = request.request();
    const std::string resource = message.request_uri().decoded_user();
    const std::string event(parse_token_value(message.header(HeaderName::event)).token);
    const bool presence_event = event == presence_name;
    if (!presence_event && event != StateExchange::device_event && event != StateExchange::mailbox_event) return refuse(request, 489, HeaderName::allow_events, known_events);
    const auto publication = agent_.objects()->publication(resource);
    const std::string* const exchange = !publication || presence_event ? nullptr : event == StateExchange::device_event ? &publication->device_exchange : &publication->mailbox_exchange;
    if (!publication || (presence_event ? !publication->event_presence : exchange->empty())) return (void)request.respond(404);
    if (publication->endpoint != endpoint.name) {
        log_notice("Endpoint [{}] may not publish for '{}', [{}] may", endpoint.name, resource, publication->endpoint);
        return (void)request.respond(403);
    }
    std::optional<ExchangedState> state;
    if (!message.body().empty()) {
        const std::string_view type = presence_event ? pidf_type : StateExchange::content_type;
        if (!grammar::same_word(message.content_type(), type)) return refuse(request, 415, HeaderName::accept, type);
        auto checked = check(event, message.body());
        if (!checked) {
            log_notice("PUBLISH of [{}] for '{}': {}", endpoint.name, resource, checked.error().text);
            return (void)request.respond(checked.error().code == ErrorCode::limit ? 413 : 400, presence_event ? "Presence document is wrong" : "State is wrong");
        }
        if (!presence_event) state = *std::move(checked);
    }
    const std::string key = presence_event ? resource : resource + "\n" + event;
    const PublishRequest published{message.header(HeaderName::sip_if_match), message.expires(), message.body()};
    const PublishResult result = (presence_event ? table_ : exchanged_.table).process(key, published);
    if (result.status == 200 && state && result.expires > 0s) exchanged_.exchange.received(key, *exchange, *state);
    answer(request, result);
}

// Of presence nothing but the error is of interest.
Result<ExchangedState> Publications::check(std::string_view event, std::string_view body) const {
    if (event == presence_name) {
        if (auto parsed = parse_pidf(body); !parsed) return std::unexpected(std::move(parsed).error());
        return ExchangedState();
    }
    auto state = JF_TRY(parse_exchanged_state(body));
    const auto wrong = event == StateExchange::device_event ? ExchangedState::Kind::mailbox : ExchangedState::Kind::device;
    if (state.kind == wrong) return fail(ErrorCode::invalid, "its type does not go with the event {}", event);
    return state;
}

void Publications::refuse(IncomingRequest& request, int status, HeaderName header, std::string_view value) {
    (void)request.send(status, agent_.response(request, status, {}, [&](MessageWriter& writer) {
        writer.header(header, value);
        writer.finish();
    }));
}

void Publications::answer(IncomingRequest& request, const PublishResult& result) {
    (void)request.send(result.status, agent_.response(request, result.status, {}, [&](MessageWriter& writer) {
        const auto seconds = static_cast<std::uint32_t>(result.expires.count());
        if (result.status == 200) writer.header(HeaderName::sip_etag, result.entity_tag).header(HeaderName::expires, seconds);
        if (result.status == 423) writer.header(HeaderName::min_expires, seconds);
        writer.finish();
    }));
}

void Publications::on_published(const std::string& resource, std::string_view) {
    publish(PresenceStateChange{fmt::format("{}:{}", provider, resource), presence(resource)});
}

PresenceState Publications::presence(std::string_view resource) const {
    const std::string_view body = table_.body(std::string(resource));
    if (body.empty()) return {};
    const auto parsed = parse_pidf(body);
    return parsed ? presence_of(*parsed) : PresenceState();
}

void Publications::apply() {
    const auto objects = agent_.objects();
    std::vector<std::string> gone;
    table_.for_each([&](const std::string& resource, const std::string&, std::chrono::seconds) {
        const auto publication = objects->publication(resource);
        if (!publication || !publication->event_presence) gone.push_back(resource);
    });
    for (const std::string& resource : gone) table_.remove(resource);
    gone.clear();
    exchanged_.table.for_each([&](const std::string& key, const std::string&, std::chrono::seconds) {
        const Halves parts = split_once(key, '\n');
        const auto publication = objects->publication(parts.first);
        if (!publication || (parts.second == StateExchange::device_event ? publication->device_exchange : publication->mailbox_exchange).empty()) gone.push_back(key);
    });
    for (const std::string& key : gone) exchanged_.table.remove(key);
}

}  // namespace jackfield::sip
