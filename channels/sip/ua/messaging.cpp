// MESSAGE outside of dialogs (RFC 3428): into the dialplan, and out of it; and REFER outside of dialogs (RFC 3515), out of it.
#include "channels/sip/ua/messaging.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "channels/sip/stack/challenge_answers.hpp"
#include "channels/sip/stack/identifiers.hpp"
#include "core/base/log.hpp"
#include "core/dialplan/message_queue.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {
namespace {

// Not to be set by MESSAGE_DATA: these make the request what it is.
bool is_reserved(std::string_view header) {
    using enum HeaderName;
    constexpr std::array reserved{via,    from,         to,     call_id,       cseq,          max_forwards,        route,      record_route,
                                  contact, content_type, content_length, authorization, proxy_authorization, user_agent, www_authenticate, proxy_authenticate};
    const HeaderName name = find_header_name(header);
    return name != unknown && std::ranges::find(reserved, name) != reserved.end();
}

constexpr std::size_t most_text = 65536;

struct Target {
    std::shared_ptr<const EndpointSettings> endpoint;  // null: none
    Contact contact;
};

// "sip:" is understood where a URI is meant without it.
std::string full_uri(std::string_view text) {
    return starts_with_ignoring_case(text, "sip:") || starts_with_ignoring_case(text, "sips:") ? std::string(text) : "sip:" + std::string(text);
}

Result<Target> find_target(UserAgent& agent, Registrar& registrar, std::string_view destination) {
    const auto objects = agent.objects();
    Target target;
    std::string_view name = destination, user, uri;
    const bool is_uri = starts_with_ignoring_case(destination, "sip:") || starts_with_ignoring_case(destination, "sips:");
    if (const Halves parts = split_once(destination, '/'); parts.found && !is_uri) {
        name = parts.first;
        uri = parts.second;
    } else if (const Halves halves = split_once(destination, '@'); halves.found && !is_uri && objects->endpoint(halves.second)) {
        user = halves.first;
        name = halves.second;
    } else if (is_uri || halves.found) {
        uri = destination;
        name = objects->global.default_outbound_endpoint;
        target.endpoint = objects->endpoint(name);
        target.contact.uri = full_uri(uri);
        if (!parse_uri(target.contact.uri)) return fail(ErrorCode::invalid, "'{}' is no SIP URI", uri);
        return target;
    }
    target.endpoint = objects->endpoint(name);
    if (!target.endpoint) return fail(ErrorCode::invalid, "no SIP endpoint is called '{}'", name);
    auto contacts = registrar.contacts(*target.endpoint);
    if (!uri.empty()) {
        target.contact.uri = full_uri(uri);
        if (!parse_uri(target.contact.uri)) return fail(ErrorCode::invalid, "'{}' is no SIP URI", uri);
        for (Contact& contact : contacts)
            if (contact.uri == target.contact.uri) target.contact = std::move(contact);
    } else if (contacts.empty()) {
        return fail(ErrorCode::not_found, "SIP endpoint '{}' is not registered and has no contact", name);
    } else {
        target.contact = std::move(contacts.front());
    }
    if (!user.empty()) {
        const Uri parsed = JF_TRY(parse_uri(target.contact.uri));
        target.contact.uri = make_uri(parsed.scheme, user, parsed.bare_host(), parsed.port, parsed.parameters.text());
    }
    return target;
}

using ServiceRoutes = std::function<std::vector<std::string>(const std::string&)>;

void set_routes(Target& target, const ServiceRoutes& service_routes) {
    if (!target.endpoint) return;
    Contact& contact = target.contact;
    if (!target.endpoint->outbound_proxy.empty())
        contact.routes = {"<" + target.endpoint->outbound_proxy + ">"};
    else if (contact.routes.empty() && !contact.registered && service_routes)
        contact.routes = service_routes(target.endpoint->name);
}

}  // namespace

// One request of ours until its final response; in the hands of the fiber that waits for it.
class Messaging::Outgoing final : public ClientTransactionUser {
  public:
    struct Head {
        Method method;
        std::string from, to;  // as TextMessage has them
    };
    // Writes what the request has of its own, and finishes it.
    using Write = std::function<void(MessageWriter&, const Flow&)>;
    Outgoing(UserAgent& agent, Head head, Write write, Target target)
        : agent_(agent), head_(std::move(head)), write_(std::move(write)), target_(std::move(target)) {}

    Result<void> run() {
        std::vector<Flow> flows;
        if (target_.contact.flow) {
            flows = {*target_.contact.flow};
        } else {
            std::string next = target_.contact.uri;
            if (!target_.contact.routes.empty())
                if (const auto route = parse_name_address(target_.contact.routes.front())) next = route->uri.text;
            flows = JF_TRY(agent_.targets(next, target_.endpoint ? target_.endpoint->transport : std::string(), target_.contact.uri));
        }
        prepare(flows.front());
        int status = 0;
        for (std::size_t place = 0; place < flows.size(); ++place) {
            send(flows[place]);
            status = JF_TRY(result_.pop());
            while ((status == 401 || status == 407) && challenged_) {
                send(flows[place]);
                status = JF_TRY(result_.pop());
            }
            if (status != 408 && status != 503) break;  // RFC 3263 4.3: else the next server
        }
        if (status < 300) return {};
        return fail(status == 408 ? ErrorCode::timeout : ErrorCode::refused, "the far side answered {} {}", status, reason_phrase(status));
    }

    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        const int status = response.status();
        if (status < 200) return;
        challenged_ = (status == 401 || status == 407) && target_.endpoint &&
                      answers_.challenged(response, agent_.users_of(target_.endpoint->outbound_auth));
        result_.push(status);
    }
    void on_failure(ClientHandle&, ClientFailure failure) override { result_.push(failure == ClientFailure::timeout ? 408 : 503); }

  private:
    void prepare(const Flow& flow) {
        request_.method = head_.method;
        request_.uri = target_.contact.uri;
        request_.call_id = new_call_identifier();
        request_.routes = target_.contact.routes;
        const std::string host = agent_.transports().signalling_address(flow).host();
        std::string name, user = agent_.objects()->global.default_from_user, uri;
        if (const auto from = parse_name_address(head_.from); from && from->uri.is_sip()) {
            name = from->display_name();
            user = from->uri.user.empty() ? user : from->uri.decoded_user();
            uri = from->uri.text;
        } else if (!head_.from.empty()) {
            const std::string_view name_part = split_once(head_.from, '@').first;  // "pjsip:6001", "6001"
            const Halves halves = split_once(name_part, ':');
            user = halves.found ? halves.second : name_part;
        }
        const bool own = !target_.endpoint || (target_.endpoint->from_user.empty() && target_.endpoint->from_domain.empty());
        if (!own && !target_.endpoint->from_user.empty()) user = target_.endpoint->from_user;
        if (uri.empty() || !own)
            uri = make_uri(UriScheme::sip, user, own || target_.endpoint->from_domain.empty() ? host : target_.endpoint->from_domain);
        request_.from = (name.empty() ? "" : quote(name) + " ") + "<" + uri + ">;tag=" + new_tag();
        const auto to = parse_name_address(head_.to);
        request_.to = to && to->uri.is_sip() ? "<" + std::string(to->uri.text) + ">" : "<" + request_.uri.substr(0, request_.uri.find(';')) + ">";
    }

    void send(const Flow& flow) {
        ++request_.cseq;
        agent_.start(handle_, request_, flow, [&](MessageWriter& writer) {
            answers_.write(writer, to_string(head_.method), request_.uri);
            writer.header(HeaderName::user_agent, agent_.objects()->global.user_agent);
            write_(writer, flow);
        });
    }

    UserAgent& agent_;
    const Head head_;
    const Write write_;
    Target target_;
    UserAgent::NewRequest request_{};
    ChallengeAnswers answers_;
    bool challenged_ = false;
    Queue<int> result_{2};  // final statuses, one for each request
    ClientHandle handle_{*this};
};

Messaging::Messaging(UserAgent& agent, Registrar& registrar) : agent_(agent), registrar_(registrar) {
    agent_.handle(Method::message, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) { on_message(request, *endpoint); });
}

Result<void> Messaging::send(const TextMessage& message, std::string_view destination) {
    if (message.body.size() > most_text) return fail(ErrorCode::invalid, "a message of {} bytes is too long", message.body.size());
    Target target = JF_TRY(find_target(agent_, registrar_, trim(destination)));
    set_routes(target, service_routes);
    auto outgoing = std::make_unique<Outgoing>(agent_, Outgoing::Head{Method::message, message.from, message.to}, [&](MessageWriter& writer, const Flow&) {
        for (const auto& datum : message.data)
            if (datum.outbound && grammar::is_token(datum.name) && !is_reserved(datum.name)) writer.header(datum.name, datum.value);
        writer.finish(message.content_type, message.body);
    }, std::move(target));
    return outgoing->run();
}

Result<void> Messaging::refer(const SipEvents::Refer& refer, std::string_view destination) {
    Target target = JF_TRY(find_target(agent_, registrar_, trim(destination)));
    set_routes(target, service_routes);
    std::string_view wanted = trim(refer.refer_to);
    for (const std::string_view technology : {"PJSIP/", "PJSIP:"})
        if (starts_with_ignoring_case(wanted, technology)) wanted.remove_prefix(technology.size());
    const auto endpoint = agent_.objects()->endpoint(wanted);
    std::string uri(wanted);
    if (endpoint && !refer.to_self) {
        const auto contacts = registrar_.contacts(*endpoint);
        if (contacts.empty()) return fail(ErrorCode::not_found, "SIP endpoint '{}' is not registered and has no contact", wanted);
        uri = contacts.front().uri;
    } else if (!endpoint && !parse_uri(uri)) {
        return fail(ErrorCode::invalid, "'{}' is neither a SIP endpoint nor a URI", refer.refer_to);
    }
    const std::string contact_user = target.endpoint ? target.endpoint->contact_user : std::string();
    auto outgoing = std::make_unique<Outgoing>(agent_, Outgoing::Head{Method::refer, refer.from, {}}, [&](MessageWriter& writer, const Flow& flow) {
        const SocketAddress here = agent_.transports().signalling_address(flow);
        const std::string own = make_uri(UriScheme::sip, wanted, here.host(), here.port());
        writer.header(HeaderName::contact, agent_.contact(flow, contact_user));
        writer.header(HeaderName::refer_to, "<" + (endpoint && refer.to_self ? own : uri) + ">");
        writer.header(HeaderName::refer_sub, "false");  // RFC 4488: nobody follows how it goes on
        writer.header(HeaderName::supported, "norefersub");
        for (const auto& [name, value] : refer.headers)
            if (grammar::is_token(name) && !is_reserved(name) && value.find_first_of("\r\n") == std::string::npos) writer.header(name, value);
        writer.finish();
    }, std::move(target));
    return outgoing->run();
}

void Messaging::on_message(IncomingRequest& request, const EndpointSettings& endpoint) {
    const Message& received = request.request();
    const auto refuse = [&](int status, HeaderName header, std::string_view value) {
        (void)request.send(status, agent_.response(request, status, {}, [&](MessageWriter& writer) {
            writer.header(header, value);
            writer.finish();
        }));
    };
    if (!starts_with_ignoring_case(received.content_type(), "text/")) return refuse(415, HeaderName::accept, "text/plain");
    if (received.body().size() > most_text) return (void)request.respond(413);
    TextMessage message;
    message.from = received.header(HeaderName::from);
    if (const std::size_t tag = message.from.rfind(";tag="); tag != std::string::npos) message.from.resize(tag);
    const std::string uri(received.request_uri().text);
    message.to = "pjsip:";
    message.to += received.request_uri().is_sip() ? split_once(uri, ':').second : std::string_view(uri);
    message.content_type = received.header(HeaderName::content_type);
    message.body = received.body();
    message.data.push_back({"PJSIP_RECVADDR", request.flow().remote.to_string()});
    message.data.push_back({"PJSIP_ENDPOINT", endpoint.name});
    message.data.push_back({"Request-URI", uri});
    for (std::size_t i = 0; i < received.field_count(); ++i) {
        const HeaderField field = received.field(i);
        if (!is_reserved(field.name_text) || field.name == HeaderName::to || field.name == HeaderName::from)
            message.data.push_back({std::string(field.name_text), std::string(field.value)});
    }
    const std::string& context = endpoint.message_context.empty() ? endpoint.context : endpoint.message_context;
    std::string extension = received.request_uri().decoded_user();
    if (extension.empty()) extension = "s";
    bool passed_on = false;
    publish(TextMessageReceived{message, "PJSIP/" + endpoint.name, passed_on});
    if (auto taken = receive_text_message(std::move(message), context, extension); !taken) {
        if (passed_on && taken.error().code == ErrorCode::not_found) return (void)request.respond(202);
        log_notice("MESSAGE of '{}' ({}) to '{}' rejected: {}", endpoint.name, request.flow().remote.to_string(), extension, taken.error().text);
        if (taken.error().code == ErrorCode::not_found) return (void)request.respond(404);
        return refuse(503, HeaderName::retry_after, "5");
    }
    (void)request.respond(202);
}

}  // namespace jackfield::sip
