// The SIP user agent: takes requests in, finds whose they are and hands them on (RFC 3261 section 8).
#include "channels/sip/ua/user_agent.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "channels/sip/stack/identifiers.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/expression_regex.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

std::array<std::uint8_t, NonceIssuer::key_size> random_key() {
    std::array<std::uint8_t, NonceIssuer::key_size> key{};
    random_bytes(key);
    return key;
}

// Extensions that we can do when a request requires them.
// (100rel as the endpoint says: SipCall looks.)
constexpr std::array<std::string_view, 11> known_extensions{"100rel", "replaces", "join", "norefersub", "timer", "eventlist", "path", "outbound", "gruu", "tdialog", "uui"};

// After what time who was told that no calls are taken may ask again.
constexpr std::chrono::seconds drain_retry = 10s;

}  // namespace

// A request whose answer nobody waits for; gone when it has come.
class UserAgent::Forgotten final : public ClientTransactionUser {
  public:
    explicit Forgotten(UserAgent& agent) : agent_(agent) {}
    ClientHandle handle{*this};
    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        if (response.status() >= 200) agent_.forgotten_.erase(this);
    }
    void on_failure(ClientHandle&, ClientFailure) override { agent_.forgotten_.erase(this); }

  private:
    UserAgent& agent_;
};

ServedInvite::~ServedInvite() {
    if (agent_) agent_->served_.remove(*this);
}

bool ServedInvite::begin(UserAgent& agent, const Message& invite) {
    const Identity key = agent.served_hash_(fmt::format("{}\n{}\n{}", invite.call_id(), invite.from_tag(), invite.cseq().number));
    if (agent.served_.find(key)) return false;
    identity = key;
    agent.served_.insert(*this);
    agent_ = &agent;
    return true;
}

UserAgent::UserAgent()
    : objects_(std::make_shared<const ObjectSet>()),
      transports_(*this),
      timers_(Clock::now(), this),
      layer_(transports_, timers_, *this),
      nonces_(random_key()),
      tick_([this] { advance(); }) {}

UserAgent::~UserAgent() = default;

void UserAgent::apply(std::shared_ptr<const ObjectSet> objects) {
    const bool debug_changed = objects_->global.debug != objects->global.debug;
    dispose(std::exchange(objects_, std::move(objects)));
    TransactionSettings settings;
    settings.t1 = objects_->system.timer_t1;
    settings.timer_b = objects_->system.timer_b;
    layer_.set_settings(settings);
    identified_.apply(objects_);
    transports_.apply(*objects_);
    if (debug_changed) transports_.set_logging(objects_->global.debug);  // else what the console said goes on
}

void UserAgent::handle(Method method, RequestHandler handler) { handlers_[method] = std::move(handler); }

void UserAgent::advance() {
    timers_.advance(Clock::now());
    if (const auto next = timers_.next()) timer_started(*next);
}

void UserAgent::timer_started(Instant due) {
    if (!tick_.running() || tick_.expires() > due) tick_.start(std::max<Clock::duration>(due - Clock::now(), 0ns));
}

// --- what arrives -----------------------------------------------------------------------------------------------------------

void UserAgent::on_message(ParseResult result, const Flow& from, std::chrono::nanoseconds age) {
    timers_.advance(Clock::now());
    if (!passes_rules(result, from)) return;
    if (result.verdict == Verdict::reject) {
        if (unknown_.allow(from.remote.host(), Clock::now()))
            report(result.message, from, "RequestBadFormat", {}, true, {{"RequestType", std::string(result.message.method_name())}});
        layer_.reply(result.message, from, result.status, result.reason);
    } else {
        age_ = age;
        layer_.receive(std::move(result.message), from);
    }
}

// type=acl, drop_match and reject_match. False: it goes no further.
bool UserAgent::passes_rules(const ParseResult& result, const Flow& from) {
    const auto note = [&](std::string_view event, std::string_view why) {
        if (!unknown_.allow(from.remote.host(), Clock::now())) return;
        log_security("Message from '{}' dropped or refused: {}", from.remote.to_string(), why);
        report(result.message, from, event, {}, true, {{"ACLName", std::string(why)}});
    };
    if (!objects_->acls.empty() && !admits_source(from.remote, nullptr)) {
        note("FailedACL", "type=acl");
        return false;
    }
    const GlobalSettings& global = objects_->global;
    if (global.drop_match.empty() && global.reject_match.empty()) return true;
    const auto found = [&](const std::string& expression) {
        const auto match = match_posix(result.message.text(), expression, false);
        return match && match->matched;
    };
    if (std::ranges::any_of(global.drop_match, found)) {
        note("RequestNotAllowed", "drop_match");
        return false;
    }
    if (!std::ranges::any_of(global.reject_match, found)) return true;
    note("RequestNotAllowed", "reject_match");
    if (result.message.is_request() && result.message.method() != Method::ack) layer_.reply(result.message, from, 403, {});
    return false;
}

bool UserAgent::admits(const Message& request) {
    using Kind = OverloadGate::Kind;
    const Kind kind = request.method() == Method::invite     ? Kind::call
                      : request.method() == Method::register_ ? Kind::registration
                                                              : Kind::other;
    return overload_.admit(kind, age_, Clock::now());
}

void UserAgent::on_request(IncomingRequest& request) {
    const Message& message = request.request();
    if (message.max_forwards() == 0 && message.method() != Method::options) return (void)request.respond(483);
    if (!message.to_tag().empty()) {
        auto* dialog = static_cast<UserDialog*>(dialogs_.find(message));
        if (!dialog) {
            if (message.method() == Method::notify && early_notify_ && early_notify_(request)) return;
            return (void)request.respond(481);
        }
        if (!dialog->accept_cseq(message)) return (void)request.respond(500, "CSeq out of order");
        if (!extensions_known(request)) return;
        note_source(*dialog, request);
        dialog->flow = request.flow();
        return dialog->user->on_dialog_request(*dialog, request);
    }
    begin_new(request);
}

bool UserAgent::extensions_known(IncomingRequest& request) {
    std::string unknown;
    for (Message::Values required(request.request(), HeaderName::require); required.next();) {
        const bool known = std::any_of(known_extensions.begin(), known_extensions.end(),
                                       [&](std::string_view word) { return grammar::same_word(word, required.item); });
        if (!known) unknown += (unknown.empty() ? "" : ", ") + std::string(required.item);
    }
    if (unknown.empty()) return true;
    (void)request.send(420, response(request, 420, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::unsupported, unknown);
        writer.finish();
    }));
    return false;
}

// RFC 3261 26.2.2, RFC 5630: who asks for sips must have come by TLS, to us or to a front that we trust.
bool UserAgent::came_securely(IncomingRequest& request) {
    const Message& message = request.request();
    if (message.request_uri().scheme != UriScheme::sips || transports_.came_securely(request.flow())) return true;
    if (unknown_.allow(request.flow().remote.host(), Clock::now()))
        report(message, request.flow(), "InvalidTransport", message.from().uri.decoded_user(), true, {{"AttemptedTransport", std::string(transports_.protocol(request.flow()))}});
    (void)request.send(480, response(request, 480, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::warning, "380 " + transports_.signalling_address(request.flow()).host() + " \"SIPS Not Allowed\"");
        writer.finish();
    }));
    return false;
}

// A dialog goes on wherever its requests come from, as phones move; whoever watches is told. Those by way of proxies come from
// whichever of them.
void UserAgent::note_source(const UserDialog& dialog, const IncomingRequest& request) {
    if (!wanted<SecurityEvent>() || !dialog.route_set().empty() || dialog.flow.remote.host() == request.flow().remote.host()) return;
    if (!unknown_.allow(request.flow().remote.host(), Clock::now())) return;
    const SocketAddress& expected = dialog.flow.remote;
    report(request.request(), request.flow(), "UnexpectedAddress", request.request().from().uri.decoded_user(), true,
           {{"ExpectedAddress", fmt::format("IPV{}/{}/{}/{}", expected.is_v6() ? 6 : 4, transports_.protocol(dialog.flow), expected.host(), expected.port())}});
}

void UserAgent::begin_new(IncomingRequest& request) {
    const Message& message = request.request();
    if (!message.request_uri().is_sip() && message.request_uri().scheme != UriScheme::tel) return (void)request.respond(416);
    if (!came_securely(request)) return;
    const auto handler = handlers_.find(message.method());
    if (message.method() != Method::options && handler == handlers_.end()) {
        const int status = message.method() == Method::subscribe || message.method() == Method::publish ? 489 : 405;
        if (unknown_.allow(request.flow().remote.host(), Clock::now()))
            report(message, request.flow(), "RequestNotSupported", message.from().uri.decoded_user(), true, {{"RequestType", std::string(message.method_name())}});
        return (void)request.send(status, response(request, status, {}, [&](MessageWriter& writer) {
            writer.header(HeaderName::allow, allowed_methods);
            writer.finish();
        }));
    }
    if (!extensions_known(request)) return;
    auto endpoint = identify(message, request.flow());
    if (endpoint && !admits_source(request.flow().remote, endpoint.get())) {
        if (unknown_.allow(request.flow().remote.host(), Clock::now()))
            report(message, request.flow(), "FailedACL", endpoint->name, true, {{"ACLName", join(endpoint->acl, ",")}});
        endpoint = nullptr;  // answered as if there were no such
    }
    if (!endpoint) {
        if (unknown_.allow(request.flow().remote.host(), Clock::now())) {
            log_security("Request '{}' from '{}' failed for '{}' (callid: {}) - No matching endpoint found", message.method_name(),
                         message.from().uri.text, request.flow().remote.to_string(), message.call_id());
            report(message, request.flow(), "InvalidAccountID", message.from().uri.decoded_user(), true);
        }
        // Answering as for a known user with a wrong password tells a guesser nothing.
        static const EndpointSettings nobody = [] {
            EndpointSettings settings;
            settings.auth = {"\x01nobody"};
            return settings;
        }();
        (void)authenticate(request, nobody);
        return;
    }
    const bool open = message.method() == Method::options && endpoint->allow_unauthenticated_options;
    if (!open && !authenticate(request, *endpoint)) return;
    if (message.method() == Method::options) return answer_options(request);
    handler->second(request, std::move(endpoint));
}

// As an INVITE would be answered (RFC 3261 11.2), so that who asks for our health sends calls elsewhere while none are taken.
void UserAgent::answer_options(IncomingRequest& request) {
    const bool takes_calls = channel_limits().accept_new;
    const int status = takes_calls ? 200 : 503;
    (void)request.send(status, response(request, status, takes_calls ? "" : "No New Calls", [&](MessageWriter& writer) {
        if (!takes_calls) writer.header(HeaderName::retry_after, static_cast<std::uint32_t>(drain_retry.count()));
        writer.header(HeaderName::accept, "application/sdp");
        add_agent(writer);
        writer.finish();
    }));
}

void UserAgent::on_ack(const Message& ack, const Flow&) {
    if (auto* dialog = static_cast<UserDialog*>(dialogs_.find(ack))) dialog->user->on_dialog_ack(*dialog, ack);
}

void UserAgent::on_late_success(const Message& response, const Flow& from) {
    if (auto* dialog = static_cast<UserDialog*>(dialogs_.find(response))) return dialog->user->on_repeated_success(*dialog, response, from);
    // A fork that lost, or a 2xx that crossed our CANCEL: acknowledged and ended at once (RFC 3261 13.2.2.4, 15).
    auto made = Dialog::from_response(response);
    if (!made) return log_debug(1, "A late 2xx from {} makes no dialog: {}", from.remote.to_string(), made.error().text);
    struct Nobody final : DialogUser {
        void on_dialog_request(UserDialog&, IncomingRequest&) override {}
        void on_dialog_ack(UserDialog&, const Message&) override {}
        void on_repeated_success(UserDialog&, const Message&, const Flow&) override {}
    } nobody;
    UserDialog dialog(std::move(*made), nobody, from);
    send_ack(dialog, response.cseq().number);
    send_and_forget(dialog, Method::bye, [](MessageWriter& writer) { writer.finish(); });
}

// --- what goes out ------------------------------------------------------------------------------------------------------------

std::string UserAgent::via(const Flow& flow, std::string_view branch) const {
    constexpr std::size_t longest_head = 64;  // protocol, an IPv6 address and a port
    std::string text;
    text.reserve(longest_head + branch.size());
    text.append("SIP/2.0/").append(transports_.protocol(flow)).append(" ").append(transports_.signalling_address(flow).to_string());
    return text.append(";rport;branch=").append(branch);
}

std::string UserAgent::contact(const Flow& flow, std::string_view user, bool secure) const {
    const SocketAddress local = transports_.signalling_address(flow);
    std::string parameters(transports_.uri_parameter(flow));
    if (const auto kept = std::ranges::find(outbound_flows_, flow, &OutboundFlow::flow); kept != outbound_flows_.end()) {
        if (!kept->gruu.empty() && starts_with_ignoring_case(kept->gruu, "sips:") == secure) return "<" + kept->gruu + ">";
        if (kept->outbound) parameters += ";ob";
    }
    return "<" + make_uri(secure ? UriScheme::sips : UriScheme::sip, user, local.host(), local.port(), parameters) + ">";
}

void UserAgent::add_agent(MessageWriter& writer, bool reliable, bool timer, bool trickle) const {
    writer.header(HeaderName::allow, allowed_methods);
    writer.header(HeaderName::supported, {reliable ? "100rel, " : "", timer ? "timer, " : "", trickle ? "trickle-ice, " : "", "replaces, join, norefersub, tdialog, uui"});
    if (trickle) writer.header(HeaderName::recv_info, "trickle-ice");
    writer.header(HeaderName::user_agent, objects_->global.user_agent);
}

void UserAgent::start(ClientHandle& handle, const NewRequest& request, const Flow& flow, const std::function<void(MessageWriter&)>& write) {
    const std::string branch = new_branch();
    MessageWriter writer(buffer_);
    writer.request_line(to_string(request.method), request.uri);
    writer.header(HeaderName::via, via(flow, branch));
    writer.header(HeaderName::max_forwards, objects_->global.max_forwards);
    for (const std::string& route : request.routes) writer.header(HeaderName::route, route);
    writer.header(HeaderName::from, request.from);
    writer.header(HeaderName::to, request.to);
    writer.header(HeaderName::call_id, request.call_id);
    writer.cseq(request.cseq, to_string(request.method));
    write(writer);
    layer_.start(handle, request.method, branch, buffer_, flow);
}

void UserAgent::start(ClientHandle& handle, UserDialog& dialog, Method method, std::uint32_t cseq,
                      const std::function<void(MessageWriter&)>& write) {
    const std::string branch = new_branch();
    MessageWriter writer(buffer_);
    dialog.begin_request(writer, to_string(method), cseq, via(dialog.flow, branch));
    write(writer);
    layer_.start(handle, method, branch, buffer_, dialog.flow);
}

void UserAgent::send_and_forget(UserDialog& dialog, Method method, const std::function<void(MessageWriter&)>& write) {
    auto request = std::make_unique<Forgotten>(*this);
    Forgotten* kept = request.get();
    forgotten_.emplace(kept, std::move(request));
    start(kept->handle, dialog, method, dialog.next_cseq(), write);
}

void UserAgent::send_ack(UserDialog& dialog, std::uint32_t cseq) {
    if (std::exchange(dialog.acknowledged, cseq) != cseq || dialog.ack_branch.empty()) dialog.ack_branch = new_branch();
    MessageWriter writer(buffer_);
    dialog.begin_request(writer, "ACK", cseq, via(dialog.flow, dialog.ack_branch));
    writer.finish();
    if (auto sent = transports_.send(dialog.flow, buffer_); !sent) log_debug(1, "ACK to {}: {}", dialog.flow.remote.to_string(), sent.error().text);
}

namespace {

void write_response(std::string& text, const Message& request, const Flow& flow, const std::string& tag, int status, std::string_view reason,
                    const std::function<void(MessageWriter&)>& write) {
    MessageWriter writer(text);
    const std::string host = flow.remote.host();
    begin_response(writer, request, status, reason, tag, RequestSource{host, flow.remote.port()});
    write(writer);
}

}  // namespace

std::string_view UserAgent::response(const ServerHandle& handle, int status, std::string_view reason,
                                     const std::function<void(MessageWriter&)>& write) {
    write_response(buffer_, handle.request(), handle.flow(), handle.local_tag(), status, reason, write);
    return buffer_;
}

std::string_view UserAgent::response(const IncomingRequest& request, int status, std::string_view reason,
                                     const std::function<void(MessageWriter&)>& write) {
    write_response(buffer_, request.request(), request.flow(), request.local_tag(), status, reason, write);
    return buffer_;
}

}  // namespace jackfield::sip
