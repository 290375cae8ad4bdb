// Requests to an endpoint's contacts that belong to no dialog: NOTIFYs that nobody subscribed to.
#include "channels/sip/ua/contact_requests.hpp"

#include "channels/sip/stack/identifiers.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {

class ContactRequests::Running final : public ClientTransactionUser {
  public:
    Running(ContactRequests& owner, std::shared_ptr<const EndpointSettings> endpoint, const Contact& contact, std::shared_ptr<const ContactRequest> request)
        : owner_(owner), endpoint_(std::move(endpoint)), request_(std::move(request)) {
        head_.method = request_->method;
        head_.uri = contact.uri;
        head_.routes = contact.routes;
        if (!endpoint_->outbound_proxy.empty()) head_.routes = {"<" + endpoint_->outbound_proxy + ">"};
        head_.call_id = new_call_identifier();
    }

    std::string next_hop() const {
        if (!head_.routes.empty())
            if (const auto route = parse_name_address(head_.routes.front())) return std::string(route->uri.text);
        return head_.uri;
    }
    const std::string& uri() const { return head_.uri; }
    const EndpointSettings& endpoint() const { return *endpoint_; }

    void send(const Flow& flow) {
        flow_ = flow;
        UserAgent& agent = owner_.agent_;
        const std::string& user = !request_->from_user.empty() ? request_->from_user : !endpoint_->from_user.empty() ? endpoint_->from_user : agent.objects()->global.default_from_user;
        const std::string host = endpoint_->from_domain.empty() ? agent.transports().signalling_address(flow).host() : endpoint_->from_domain;
        body_ = request_->write_body ? request_->write_body(host) : request_->body;
        head_.from = "<" + make_uri(UriScheme::sip, user, host) + ">;tag=" + new_tag();
        head_.to = "<" + head_.uri.substr(0, head_.uri.find(';')) + ">";
        start();
    }
    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        if (response.status() < 200) return;
        if ((response.status() == 401 || response.status() == 407) && answers_.challenged(response, owner_.agent_.users_of(endpoint_->outbound_auth))) {
            ++head_.cseq;
            return start();
        }
        if (response.status() >= 300)
            log_debug(1, "{} to {} of [{}] was answered {} {}", to_string(head_.method), head_.uri, endpoint_->name, response.status(), response.reason());
        finish();
    }
    void on_failure(ClientHandle&, ClientFailure) override {
        log_debug(1, "{} to {} of [{}] was not answered", to_string(head_.method), head_.uri, endpoint_->name);
        finish();
    }
    void finish() { owner_.running_.erase(this); }

  private:
    void start() {
        owner_.agent_.start(handle_, head_, flow_, [&](MessageWriter& writer) {
            writer.header(HeaderName::contact, owner_.agent_.contact(flow_, endpoint_->contact_user));
            for (const auto& [name, value] : request_->headers) writer.header(name, value);
            answers_.write(writer, to_string(head_.method), head_.uri);
            owner_.agent_.add_agent(writer);
            writer.finish(body_.empty() ? std::string() : request_->content_type, body_);
        });
    }

    ContactRequests& owner_;
    std::shared_ptr<const EndpointSettings> endpoint_;
    std::shared_ptr<const ContactRequest> request_;
    UserAgent::NewRequest head_{};
    std::string body_;
    Flow flow_;
    ChallengeAnswers answers_;
    ClientHandle handle_{*this};
};

ContactRequests::ContactRequests(UserAgent& agent) : agent_(agent) {}
ContactRequests::~ContactRequests() = default;

bool ContactRequests::send(std::shared_ptr<const EndpointSettings> endpoint, const Contact& contact, std::shared_ptr<const ContactRequest> request) {
    if (!has_room()) return false;
    auto made = std::make_unique<Running>(*this, std::move(endpoint), contact, std::move(request));
    Running* const running = made.get();
    running_.emplace(running, std::move(made));
    if (contact.flow) {
        running->send(*contact.flow);
        return true;
    }
    const auto spawned = fibers_.spawn("SIP look-up", [this, running, next = running->next_hop(), uri = running->uri(), transport = running->endpoint().transport] {
        auto flow = agent_.resolve(next, transport, uri);
        if (flow) return running->send(*flow);
        log_debug(1, "{} of [{}]: {}", next, running->endpoint().name, flow.error().text);
        running->finish();
    });
    if (!spawned) running->finish();
    return true;
}

}  // namespace jackfield::sip
