// What lies below the media of one session: ICE on its sockets, a DTLS association for each.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_rtp/dtls_association.hpp"
#include "modules/res_rtp/ice_agent.hpp"
#include "modules/res_rtp/packet_inbox.hpp"
#include "modules/res_rtp/relay.hpp"
#include "modules/res_rtp/rtp_port.hpp"
#include "modules/res_rtp/rtp_transport.hpp"

namespace jackfield::rtp {

// Control thread. STUN and DTLS come from the port by way of its inbox, and leave by the session's sockets from here: the
// kernel takes packets of several threads. So these sockets stay open as long as the session, also under rtcp-mux.
class SessionTransport final : public RtpTransport, IceAgent::User, DtlsAssociation::User, Relay::User {
  public:
    // `changed`: complete() would say something else now.
    SessionTransport(std::shared_ptr<Shared> shared, Lane& lane, Gate& gate, std::function<void()> changed);
    ~SessionTransport() override;

    // Puts into parameters what was found out: addresses, and ciphers; one that lets nothing through until there are keys.
    void complete(RtpParameters& parameters) const;
    // The cipher of another source that is sent with the keys of media; null: there are none yet.
    Result<std::shared_ptr<RtpCipher>> another_encryption() const;

    void capture(std::shared_ptr<RtpPacketSink> sink) { capture_ = std::move(sink); }  // null: nobody
    bool has_ice() const override { return agent_.has_value(); }
    bool has_dtls() const override { return shared_->options.dtls != nullptr; }
    const IceCredentials& credentials() const override { return agent_->credentials(); }
    std::vector<IceCandidate> candidates(bool rtcp_mux) const override;
    bool ice_lite() const override { return shared_->settings->ice_lite; }
    Fingerprint fingerprint(FingerprintHash hash) const override { return shared_->options.dtls->fingerprint(hash); }
    void when_gathered(std::function<void()> done) override;
    bool gathered() const override { return !gathering_; }
    void on_late_candidates(std::function<void()> more) override { more_ = std::move(more); }
    void restart_ice() override { agent_->restart(); }
    void set_remote(const RtpRemoteTransport& remote, bool offered, bool active) override;
    void add_candidate(const IceCandidate& candidate) override;
    void on_failure(std::function<void(const std::string& why)> failed) override { failed_ = std::move(failed); }
    bool secured() const override;
    std::string describe() const override;

  private:
    static constexpr std::size_t most_early = 4;
    struct Component {
        std::optional<SocketAddress> selected;
        IceBase base = IceBase::socket;        // of what is selected
        std::unique_ptr<Relay> relay;          // at the TURN server; null: none
        SocketAddress dtls_source;             // where DTLS came from last
        bool dtls_described = false;           // it came from where the far side said
        std::unique_ptr<DtlsAssociation> dtls;
        std::shared_ptr<RtpCipher> encrypt, decrypt;
        StunTransaction question{};
        SocketAddress mapped;                  // invalid: not known
        std::vector<std::vector<std::uint8_t>> early;  // before the far side's description
    };

    // Candidates (RFC 8445 5.1.1): what a STUN server says of where we are, and relays (session_gathering.cpp).
    void begin_gathering();
    void ask_server();
    bool hear_server(const PacketInbox::Packet& packet, const StunMessage& message);
    void check_gathered();
    void end_gathering();
    bool relayed() const;                      // pairs by a relay can be made

    void take(PacketInbox::Packet& packet);
    void take_relayed(unsigned component, const TurnClient::Relayed& relayed);
    void take_dtls(PacketInbox::Packet& packet);
    void send(unsigned component, const SocketAddress& to, std::span<const std::uint8_t> bytes) const;
    void show(bool sent, unsigned component, std::span<const std::uint8_t> bytes, const SocketAddress& remote) const;
    void plan();
    void fail_with(const std::string& why);
    void start_ice();
    void begin_dtls(bool active);
    Component& of(unsigned component) { return components_[component - 1]; }
    const Component& of(unsigned component) const { return components_[component - 1]; }

    void send_check(unsigned component, IceBase base, const SocketAddress& to, std::span<const std::uint8_t> bytes) override;
    void selected(unsigned component, IceBase base, const SocketAddress& to) override;
    void ice_failed(std::string_view why) override;
    void fill_random(std::span<std::uint8_t> bytes) override;
    void send_dtls(unsigned component, std::span<const std::uint8_t> bytes) override;
    void dtls_keyed(unsigned component, const DtlsAssociation::Keys& keys) override;
    void dtls_failed(unsigned component, const std::string& why) override;
    void dtls_closed(unsigned component) override;
    void relay_allocated(unsigned component) override;
    void relay_bound(unsigned component, const SocketAddress& peer) override;
    void relay_failed(unsigned component, const std::string& why) override;

    std::shared_ptr<Shared> shared_;
    Lane& lane_;
    Gate& gate_;
    std::function<void()> changed_;
    std::shared_ptr<RtpPacketSink> capture_;
    std::function<void(const std::string&)> failed_;
    std::optional<IceAgent> agent_;
    RtpRemoteTransport remote_;
    bool remote_known_ = false, active_ = false, offered_ = false;
    SrtpSuite suite_{};
    std::vector<std::uint8_t> encryption_key_;  // of the first component; empty: there is none yet
    std::array<Component, 2> components_;
    mutable SocketAddress remote_address_, remote_rtcp_address_;  // as signalled
    Timer ice_timer_;
    Timer server_timer_, patience_;
    unsigned questions_ = 0;                   // asked so far; 0: no server is asked
    bool asking_ = false, gathering_ = false;  // the STUN server; it or a relay
    std::function<void()> when_gathered_, more_;
};

}  // namespace jackfield::rtp
