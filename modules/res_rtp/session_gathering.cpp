// The candidates of one session (RFC 8445 5.1.1): addresses of the host, what a STUN server says of them, relays of a TURN server.
#include <fmt/core.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "modules/res_rtp/host_addresses.hpp"
#include "modules/res_rtp/session_transport.hpp"

namespace jackfield::rtp {
namespace {

// One call in a minute says that the TURN server does not serve: all of them have the same trouble.
void warn_of_relay(const std::string& server, const std::string& why) {
    static std::optional<Instant> last;
    const Instant now = Clock::now();
    if (last && now - *last < std::chrono::minutes(1)) return log_debug(1, "TURN server {}: {}", server, why);
    last = now;
    log_warning("rtp.conf: turnaddr: {} does not relay media: {}", server, why);
}

}  // namespace

void SessionTransport::begin_gathering() {
    const Settings& settings = *shared_->settings;
    const SocketAddress& local = shared_->sockets->local;
    const bool may_ask = settings.stun_rules.allow(local);
    const auto usable = [&](const SocketAddress& server) { return may_ask && server.valid() && server.family() == local.family(); };
    asking_ = usable(settings.stun_server.address);
    // Where the rules leave nothing to tell, nothing goes by the socket itself either: media would, by what a check discloses.
    const bool direct = asking_ || shared_->options.external.valid() || !host_addresses(local, settings).empty();
    agent_.emplace(static_cast<IceAgent::User&>(*this), IceAgent::Settings{.lite = settings.ice_lite, .direct = direct});
    const bool relays = usable(settings.turn_server.address) && !settings.ice_lite;
    gathering_ = asking_ || relays;
    if (!gathering_) return;
    patience_.start(std::chrono::milliseconds(relays ? 1200 : 400));
    if (relays)
        for (unsigned component = 1; component <= 2; ++component)
            of(component).relay = std::make_unique<Relay>(static_cast<Relay::User&>(*this), component, shared_, gate_);
    if (!asking_) return;
    for (Component& component : components_) random_bytes(component.question);
    ask_server();
}

std::vector<IceCandidate> SessionTransport::candidates(bool rtcp_mux) const {
    std::vector<IceCandidate> all;
    if (!agent_) return all;
    const SocketAddress& local = shared_->sockets->local;
    const unsigned components = rtcp_mux ? 1 : 2;
    std::uint16_t preference = 65535;
    unsigned foundation = 0;
    auto hosts = host_addresses(local, *shared_->settings);
    if (const SocketAddress& external = shared_->options.external; external.valid() && !local.is_any()) hosts.push_back({external, local});
    for (const HostAddress& host : hosts) {
        ++foundation;
        for (unsigned component = 1; component <= components; ++component) {
            const auto port = static_cast<std::uint16_t>(local.port() + component - 1);
            const auto kind = host.base.valid() ? IceCandidate::Kind::server_reflexive : IceCandidate::Kind::host;
            IceCandidate candidate{fmt::format("{}{}", kind == IceCandidate::Kind::host ? 'H' : 'S', foundation), component,
                                   candidate_priority(kind, preference, component), host.address.with_port(port), kind, {}};
            if (host.base.valid()) candidate.related = host.base.with_port(port);
            all.push_back(std::move(candidate));
        }
        --preference;
    }
    for (unsigned component = 1; component <= components; ++component) {
        const Component& mine = of(component);
        // A TURN server tells it as well.
        const bool relayed = mine.relay && mine.relay->allocated();
        const SocketAddress mapped = mine.mapped.valid() ? mine.mapped : relayed ? mine.relay->mapped() : SocketAddress();
        const auto known = [&](const IceCandidate& candidate) { return candidate.address == mapped; };
        const SocketAddress base = local.with_port(static_cast<std::uint16_t>(local.port() + component - 1));
        if (mapped.valid() && std::ranges::none_of(all, known) && shared_->settings->ice_rules.allow(mapped))
            all.push_back({"M1", component, candidate_priority(IceCandidate::Kind::server_reflexive, 65535, component), mapped,
                           IceCandidate::Kind::server_reflexive, base});
        if (!relayed) continue;
        // RFC 8839 5.1: what it is related to is told, unless that is what the rules keep to us.
        const bool secret = !mapped.valid() || !shared_->settings->ice_rules.allow(mapped);
        const SocketAddress any = SocketAddress::parse(local.is_v6() ? "::" : "0.0.0.0").value_or(SocketAddress());
        all.push_back({"R1", component, candidate_priority(IceCandidate::Kind::relayed, 65535, component), mine.relay->relayed(),
                       IceCandidate::Kind::relayed, secret ? any.with_port(9) : mapped});
    }
    return all;
}

// --- the STUN server ----------------------------------------------------------------------------------------------------------

void SessionTransport::ask_server() {
    constexpr unsigned most_questions = 3;
    if (questions_++ == most_questions) {
        asking_ = false;
        return check_gathered();
    }
    for (unsigned component = 1; component <= 2; ++component) {
        if (of(component).mapped.valid()) continue;
        StunWriter writer(StunMethod::binding, StunClass::request, of(component).question);
        send(component, shared_->settings->stun_server.address, writer.finish({}));
    }
    server_timer_.start(std::chrono::milliseconds(questions_ == most_questions ? 200 : 100));
}

bool SessionTransport::hear_server(const PacketInbox::Packet& packet, const StunMessage& message) {
    Component& mine = of(packet.component);
    if (!asking_ || !(packet.from == shared_->settings->stun_server.address) || message.transaction != mine.question) return false;
    if (message.kind == StunClass::success && message.mapped && !message.mapped->is_any()) mine.mapped = *message.mapped;
    if (of(1).mapped.valid() && of(2).mapped.valid()) {
        asking_ = false;
        check_gathered();
    }
    return true;
}

// --- relays -------------------------------------------------------------------------------------------------------------------

bool SessionTransport::relayed() const {
    return std::ranges::any_of(components_, [](const Component& component) { return component.relay && component.relay->allocated(); });
}

void SessionTransport::relay_allocated(unsigned) {
    check_gathered();
    if (!remote_known_ || !remote_.ice) return;
    start_ice();  // pairs by the relay, now that it is there
}

void SessionTransport::relay_bound(unsigned component, const SocketAddress& peer) {
    if (of(component).base == IceBase::relay && of(component).selected == peer) changed_();
}

void SessionTransport::relay_failed(unsigned, const std::string& why) {
    warn_of_relay(shared_->settings->turn_server.name, why);
    check_gathered();
}

// --- the end ------------------------------------------------------------------------------------------------------------------

void SessionTransport::check_gathered() {
    const bool pending = std::ranges::any_of(components_, [](const Component& component) { return component.relay && component.relay->pending(); });
    if (gathering_ && !asking_ && !pending) return end_gathering();
    if (!gathering_ && more_) more_();
}

void SessionTransport::end_gathering() {
    gathering_ = false;
    server_timer_.stop();
    patience_.stop();
    if (const auto done = std::exchange(when_gathered_, {})) done();
    if (more_) more_();
}

void SessionTransport::when_gathered(std::function<void()> done) {
    if (!gathering_) return done();
    when_gathered_ = std::move(done);
}

}  // namespace jackfield::rtp
