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
constexpr std::string_view pidf_type = "application/pidf+xml";

}  // namespace

Publications::Publications(UserAgent& agent) : agent_(agent), table_(*this, agent.timers(), publication_times) {
    agent_.handle(Method::publish, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) { on_publish(request, *endpoint); });
}

void Publications::on_publish(IncomingRequest& request, const EndpointSettings& endpoint) {
    const Message& message = request.request();
    const std::string resource = message.request_uri().decoded_user();
    if (parse_token_value(message.header(HeaderName::event)).token != "presence")
        return (void)request.send(489, agent_.response(request, 489, {}, [](MessageWriter& writer) {
            writer.header(HeaderName::allow_events, "presence");
            writer.finish();
        }));
    const auto publication = agent_.objects()->publication(resource);
    if (!publication || !publication->event_presence) return (void)request.respond(404);
    if (publication->endpoint != endpoint.name) {
        log_notice("Endpoint [{}] may not publish for '{}', [{}] may", endpoint.name, resource, publication->endpoint);
        return (void)request.respond(403);
    }
    if (!message.body().empty()) {
        if (!grammar::same_word(message.content_type(), pidf_type))
            return (void)request.send(415, agent_.response(request, 415, {}, [](MessageWriter& writer) {
                writer.header(HeaderName::accept, pidf_type);
                writer.finish();
            }));
        if (const auto parsed = parse_pidf(message.body()); !parsed) {
            log_notice("PUBLISH of [{}] for '{}': {}", endpoint.name, resource, parsed.error().text);
            return (void)request.respond(parsed.error().code == ErrorCode::limit ? 413 : 400, "Presence document is wrong");
        }
    }
    const PublishResult result = table_.process(resource, {message.header(HeaderName::sip_if_match), message.expires(), message.body()});
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
}

}  // namespace jackfield::sip
