// What lies below the media of one session: ICE on its sockets, a DTLS association for each.
#include "modules/res_rtp/session_transport.hpp"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/runtime/control.hpp"
#include "core/module/module.hpp"
#include "modules/res_srtp/srtp.hpp"

namespace jackfield::rtp {
namespace {

// Before there are keys nothing is sent and nothing believed.
class NoKeysYet final : public RtpCipher {
  public:
    std::size_t rtp(std::span<std::uint8_t>, std::size_t) override { return 0; }
    std::size_t rtcp(std::span<std::uint8_t>, std::size_t) override { return 0; }
};

const std::shared_ptr<RtpCipher>& no_keys_yet() {
    static const std::shared_ptr<RtpCipher> cipher = std::make_shared<NoKeysYet>();
    return cipher;
}

}  // namespace

SessionTransport::SessionTransport(std::shared_ptr<Shared> shared, Lane& lane, Gate& gate, std::function<void()> changed)
    : shared_(std::move(shared)), lane_(lane), gate_(gate), changed_(std::move(changed)), ice_timer_([this] {
          agent_->tick(Clock::now());
          plan();
      }),
      server_timer_([this] { ask_server(); }), patience_([this] { end_gathering(); }) {
    shared_->inbox->set_receiver([this](PacketInbox::Packet& packet) { take(packet); });
    if (shared_->options.ice) begin_gathering();
}

SessionTransport::~SessionTransport() { shared_->inbox->set_receiver({}); }

// --- the far side's description -----------------------------------------------------------------------------------------------

void SessionTransport::set_remote(const RtpRemoteTransport& remote, bool offered, bool active) {
    const bool new_peer = !remote_known_ || active != active_ || remote.dtls != remote_.dtls || remote.fingerprints != remote_.fingerprints;
    const bool mux_changed = remote_known_ && remote.rtcp_mux != remote_.rtcp_mux;
    if (agent_ && remote.ice && remote.credentials != remote_.credentials)
        for (Component& component : components_) component.dtls_source = {};
    remote_ = remote;
    remote_known_ = true;
    if (remote.rtcp_mux) of(2) = {};  // and its relay
    if (has_dtls() && remote.dtls && (new_peer || mux_changed)) begin_dtls(active);
    active_ = active;
    if (agent_ && remote.ice) {
        offered_ = offered;
        start_ice();
    } else if (agent_) {
        agent_->stop();
        plan();
        for (Component& component : components_) component.selected.reset();
    }
    if (!remote.dtls) return;
    for (unsigned component = 1; component <= 2; ++component) {
        Component& mine = of(component);
        if (!mine.dtls) continue;
        if (!remote.ice || mine.selected) mine.dtls->start();
        for (auto& datagram : std::exchange(mine.early, {})) mine.dtls->receive(std::move(datagram));
    }
}

void SessionTransport::start_ice() {
    const bool two = !remote_.rtcp_mux && std::ranges::any_of(remote_.candidates, [](const IceCandidate& candidate) { return candidate.component == 2; });
    agent_->start({remote_.credentials, remote_.candidates, remote_.ice_lite, two ? 2u : 1u, relayed()}, offered_, Clock::now());
    plan();
}

void SessionTransport::begin_dtls(bool active) {
    for (unsigned component = 1; component <= (remote_.rtcp_mux ? 1u : 2u); ++component) {
        Component& mine = of(component);
        DtlsAssociation::Settings settings{shared_->options.dtls, active ? DtlsSession::Role::client : DtlsSession::Role::server, {}};
        if (remote_.verify_fingerprint) settings.fingerprints = remote_.fingerprints;
        mine.encrypt = mine.decrypt = nullptr;
        if (component == 1) encryption_key_.clear();
        mine.dtls_described = false;
        mine.dtls = std::make_unique<DtlsAssociation>(static_cast<DtlsAssociation::User&>(*this), component, std::move(settings), lane_, gate_);
    }
}

void SessionTransport::add_candidate(const IceCandidate& candidate) {
    constexpr std::size_t most = 64;
    if (!agent_ || !remote_.ice || remote_.candidates.size() >= most) return;
    remote_.candidates.push_back(candidate);
    start_ice();  // RTCP may have its first one
}

void SessionTransport::complete(RtpParameters& parameters) const {
    remote_address_ = parameters.remote;
    remote_rtcp_address_ = parameters.remote_rtcp.valid() || !parameters.remote.valid()
                               ? parameters.remote_rtcp
                               : parameters.remote.with_port(static_cast<std::uint16_t>(parameters.remote.port() + 1));
    if (has_dtls() && remote_.dtls) {
        const auto known = [](const std::shared_ptr<RtpCipher>& cipher) { return cipher ? cipher : no_keys_yet(); };
        parameters.encrypt = known(of(1).encrypt);
        parameters.decrypt = known(of(1).decrypt);
        if (!parameters.rtcp_mux) {
            parameters.encrypt_rtcp = known(of(2).encrypt);
            parameters.decrypt_rtcp = known(of(2).decrypt);
        }
    }
    if (!agent_ || !remote_.ice) return;
    // RFC 8445 12: what comes must come from where a pair of ours leads; ciphers know it better.
    parameters.sources = parameters.decrypt ? RtpSources::authenticated : RtpSources::exact;
    const auto way = [this](unsigned component, RtpRelay& relay) {
        const Component& mine = of(component);
        if (!mine.selected || mine.base == IceBase::socket) return mine.selected.value_or(SocketAddress());
        const auto channel = mine.relay ? mine.relay->channel_of(*mine.selected) : std::nullopt;
        if (!channel) return SocketAddress();  // it is asked for
        relay = {mine.relay->server(), *channel};
        return *mine.selected;
    };
    parameters.remote = way(1, parameters.relay);
    parameters.remote_rtcp = parameters.rtcp_mux ? SocketAddress() : way(2, parameters.relay_rtcp);
}

// --- packets ------------------------------------------------------------------------------------------------------------------

void SessionTransport::show(bool sent, unsigned component, std::span<const std::uint8_t> bytes, const SocketAddress& remote) const {
    if (!capture_ || !remote.valid()) return;
    SocketAddress local = shared_->sockets->local;
    if (component == 2) local = local.with_port(static_cast<std::uint16_t>(local.port() + 1));
    capture_->transport_packet({sent, component == 2, local, remote, bytes});
}

void SessionTransport::take(PacketInbox::Packet& packet) {
    show(false, packet.component, packet.bytes, packet.from);
    if (is_dtls(packet.bytes[0])) return take_dtls(packet);
    if (!agent_) return;
    if (const Component& mine = of(packet.component); mine.relay && packet.from == mine.relay->server())
        if (const auto relayed = mine.relay->receive(packet.bytes)) return take_relayed(packet.component, *relayed);
    const auto message = parse_stun(packet.bytes);
    if (!message || hear_server(packet, *message)) return;
    agent_->receive(packet.component, IceBase::socket, packet.from, *message, Clock::now());
    plan();
}

void SessionTransport::take_relayed(unsigned component, const TurnClient::Relayed& relayed) {
    if (relayed.bytes.empty()) return;
    if (is_dtls(relayed.bytes[0])) {
        PacketInbox::Packet packet{component, relayed.peer, {relayed.bytes.begin(), relayed.bytes.end()}, nullptr};
        return take_dtls(packet);
    }
    const auto message = parse_stun(relayed.bytes);
    if (!message) return;
    agent_->receive(component, IceBase::relay, relayed.peer, *message, Clock::now());
    plan();
}

void SessionTransport::take_dtls(PacketInbox::Packet& packet) {
    if (!has_dtls()) return;
    Component& mine = of(packet.component);
    if (!remote_known_) {
        if (mine.early.size() < most_early) mine.early.push_back(std::move(packet.bytes));
        mine.dtls_source = packet.from;
        return;
    }
    if (!mine.dtls) return;
    // Whoever else sends here could spoil a handshake. Without ICE a NAT may have given the far side another address than it
    // described: that counts, as it does for media, while nothing comes from where it should.
    const bool ice = agent_ && remote_.ice;
    const bool described = ice ? agent_->knows(packet.component, packet.from) : packet.from.same_host(remote_address_);
    if (!described && (ice || mine.dtls_described || mine.dtls->connected())) return;
    mine.dtls_described |= described;
    mine.dtls_source = packet.from;
    mine.dtls->receive(std::move(packet.bytes));
}

bool SessionTransport::secured() const { return of(1).encrypt != nullptr; }

void SessionTransport::send(unsigned component, const SocketAddress& to, std::span<const std::uint8_t> bytes) const {
    const int socket = component == 2 ? shared_->sockets->rtcp : shared_->sockets->rtp;
    if (socket < 0 || !to.valid()) return;
    show(true, component, bytes, to);
    sendto(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.raw(), to.raw_size());
}

void SessionTransport::plan() {
    const auto next = agent_->next();
    if (!next) return ice_timer_.stop();
    ice_timer_.start(std::max(*next - Clock::now(), std::chrono::nanoseconds(std::chrono::milliseconds(1))));
}

void SessionTransport::fail_with(const std::string& why) {
    log_debug(1, "Media at {}: {}", shared_->sockets->local.to_string(), why);
    // Later: it may be the end of the session, in whose code we are.
    if (failed_) post([failed = std::exchange(failed_, {}), why] { failed(why); });
}

// --- ICE's and DTLS' words ----------------------------------------------------------------------------------------------------

void SessionTransport::send_check(unsigned component, IceBase base, const SocketAddress& to, std::span<const std::uint8_t> bytes) {
    if (base == IceBase::socket)
        send(component, to, bytes);
    else if (of(component).relay)
        of(component).relay->send(to, bytes);
}

void SessionTransport::selected(unsigned component, IceBase base, const SocketAddress& to) {
    Component& mine = of(component);
    mine.selected = to;
    mine.base = base;
    if (base == IceBase::relay && mine.relay) mine.relay->bind(to);
    changed_();
    if (mine.dtls) mine.dtls->start();
}

void SessionTransport::ice_failed(std::string_view why) { fail_with(fmt::format("ICE: {}", why)); }
void SessionTransport::fill_random(std::span<std::uint8_t> bytes) { random_bytes(bytes); }

void SessionTransport::send_dtls(unsigned component, std::span<const std::uint8_t> bytes) {
    const Component& mine = of(component);
    if (mine.selected)
        send_check(component, mine.base, *mine.selected, bytes);
    else
        send(component, mine.dtls_source.valid() ? mine.dtls_source : component == 2 ? remote_rtcp_address_ : remote_address_, bytes);
}

void SessionTransport::dtls_keyed(unsigned component, const DtlsAssociation::Keys& keys) {
    auto srtp = find_service<SrtpService>();
    if (!srtp) return fail_with(srtp.error().text);
    auto encrypt = (*srtp)->encryption(keys.suite, keys.encrypt), decrypt = (*srtp)->decryption(keys.suite, keys.decrypt);
    if (!encrypt || !decrypt) return fail_with(encrypt ? decrypt.error().text : encrypt.error().text);
    of(component).encrypt = std::move(*encrypt);
    of(component).decrypt = std::move(*decrypt);
    suite_ = keys.suite;
    if (component == 1) encryption_key_ = keys.encrypt;
    changed_();
}

Result<std::shared_ptr<RtpCipher>> SessionTransport::another_encryption() const {
    if (encryption_key_.empty()) return std::shared_ptr<RtpCipher>();
    return JF_TRY(find_service<SrtpService>())->encryption(suite_, encryption_key_);
}

void SessionTransport::dtls_failed(unsigned, const std::string& why) { fail_with(fmt::format("DTLS: {}", why)); }
void SessionTransport::dtls_closed(unsigned component) {
    log_debug(1, "Media at {}: the far side has ended the DTLS association of component {}", shared_->sockets->local.to_string(), component);
}

std::string SessionTransport::describe() const {
    std::string text;
    if (agent_) {
        constexpr std::array<std::string_view, 4> states{"waiting", "checking", "connected", "failed"};
        text = !remote_known_ || remote_.ice ? fmt::format("ICE {}", states.at(static_cast<std::size_t>(agent_->state()))) : "ICE not in use";
        if (of(1).selected) text += fmt::format(" to {}", of(1).selected->to_string());
        if (of(1).selected && of(1).base == IceBase::relay && of(1).relay) text += fmt::format(" by the relay {}", of(1).relay->relayed().to_string());
    }
    if (has_dtls()) {
        const Component& media = of(1);
        text += fmt::format("{}DTLS {}", text.empty() ? "" : ", ",
                            media.encrypt ? "connected" : !media.dtls ? "waiting" : media.dtls->failed() ? "failed" : "handshaking");
        constexpr std::array<std::string_view, srtp_suites> suites{"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80",
                                                                   "AES_256_CM_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"};
        if (media.encrypt) text += fmt::format(" ({})", suites.at(static_cast<std::size_t>(suite_)));
    }
    return text;
}

}  // namespace jackfield::rtp
