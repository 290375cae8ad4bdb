// The connectivity checks of ICE (RFC 8445) and consent (RFC 7675) as a state machine: packets and times in, packets out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "modules/res_rtp/ice.hpp"
#include "modules/res_rtp/stun_message.hpp"

namespace jackfield::rtp {

// By what a component's packets go: its socket, or its allocation at a relay.
enum class IceBase : std::uint8_t { socket, relay };

// One session. All that it has to say is said to its user within a call. Pure; one thread.
//
// A component has one socket, whichever of its addresses is described, so a pair is a base and a remote address. Pairs are
// checked in the order of their priorities and none is frozen: that saves checks only where there are several streams.
class IceAgent {
  public:
    class User {
      public:
        virtual void send_check(unsigned component, IceBase base, const SocketAddress& to, std::span<const std::uint8_t> bytes) = 0;
        // Media goes there from now on; may come again with a better pair.
        virtual void selected(unsigned component, IceBase base, const SocketAddress& to) = 0;
        virtual void ice_failed(std::string_view why) = 0;  // no pair is left, or consent has ended
        virtual void fill_random(std::span<std::uint8_t> bytes) = 0;

      protected:
        ~User() = default;
    };
    struct Settings {
        bool lite = false;                        // answers checks and makes none (RFC 8445 2.5)
        bool direct = true;                       // false: by relays alone, nothing goes by a socket itself
        std::chrono::milliseconds pace{50};       // Ta: between two new checks (RFC 8445 14.2)
        std::chrono::milliseconds retransmit{500};
        std::chrono::milliseconds consent{5000};  // mean time between consent checks (RFC 7675 5.1)
        std::chrono::milliseconds consent_lost{30000};
    };
    enum class State : std::uint8_t { waiting, checking, connected, failed };
    static constexpr std::size_t most_remote = 32, most_pairs = 64;

    IceAgent(User& user, Settings settings);

    const IceCredentials& credentials() const { return local_; }  // ours, to be described
    // New credentials (RFC 8445 9); what was selected carries media until something else is.
    void restart();

    struct Remote {
        IceCredentials credentials;
        std::vector<IceCandidate> candidates;  // those beyond most_remote are passed over
        bool lite = false;
        unsigned components = 1;               // that are in use on both sides
        bool relays = false;                   // pairs by our relay too
    };
    // What the far side described. Begins checks when its credentials are new; else takes candidates that are. `controlling`:
    // we made the offer.
    void start(const Remote& remote, bool controlling, Instant now);
    void stop();  // the far side has no ICE any more; start() begins anew

    // Any STUN message of this component that is no answer of a server.
    void receive(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now);
    // To be called at next(), or later.
    void tick(Instant now);
    std::optional<Instant> next() const { return next_; }

    State state() const { return state_; }
    bool controlling() const { return controlling_; }
    std::uint64_t requests_heard() const { return requests_heard_; }
    // That address was described, or knows our password.
    bool knows(unsigned component, const SocketAddress& remote) const {
        return find_pair(component, IceBase::socket, remote) >= 0 || find_pair(component, IceBase::relay, remote) >= 0;
    }

  private:
    enum class Check : std::uint8_t { waiting, in_progress, succeeded, failed };
    struct Pair {
        unsigned component = 1;
        IceBase base = IceBase::socket;
        SocketAddress remote;
        std::uint32_t remote_priority = 0;
        std::uint64_t priority = 0;
        Check check = Check::waiting;
        bool nominating = false;  // USE-CANDIDATE goes with its check, or came with theirs
        bool nominated = false;
        bool triggered = false;   // by a request of theirs: checked before others
        StunTransaction transaction{};
        unsigned sent = 0;
        Instant again{};          // when its check is repeated or given up
    };
    struct Component {
        int selected = -1;        // index into pairs_
        bool any_valid = false;
        std::array<StunTransaction, 8> consents{};  // the latest, oldest overwritten
        std::size_t consent_count = 0;
        Instant consent_due{}, consent_at{};        // next check; last answer
        SocketAddress consent_to;
        IceBase consent_base = IceBase::socket;
    };
    struct Early {  // a request that came before their description
        unsigned component;
        IceBase base;
        SocketAddress from;
        std::uint32_t priority;
        bool use_candidate;
    };

    void hear_request(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now);
    bool settle_roles(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message);
    void hear_response(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now);
    bool hear_consent(unsigned component, const SocketAddress& from, const StunMessage& message, Instant now);
    void request_came(const Early& request, Instant now);
    void refuse(unsigned component, IceBase base, const SocketAddress& to, const StunMessage& request, int code, std::string_view reason);
    void add_pairs(const IceCandidate& candidate);
    int find_pair(unsigned component, IceBase base, const SocketAddress& remote) const;
    int add_pair(unsigned component, IceBase base, const SocketAddress& remote, std::uint32_t priority);
    void order_priorities();
    void send_request(Pair& pair, Instant now);
    void begin_check(Pair& pair, Instant now);
    void succeeded(int index, Instant now);
    void nominate(Instant now);
    void select(int index, Instant now);
    void send_consent(unsigned component, Instant now);
    void check_end(Instant now);
    void plan(Instant now);
    std::span<const std::uint8_t> write_request(StunWriter& writer, bool use_candidate, unsigned component);
    StunTransaction new_transaction();
    std::uint64_t random_64();
    Component& of(unsigned component) { return components_[component == 2 ? 1 : 0]; }

    User& user_;
    const Settings settings_;
    IceCredentials local_, previous_local_, remote_;
    bool controlling_ = false, remote_lite_ = false, relays_ = false;
    unsigned component_count_ = 1;
    std::uint64_t tie_breaker_ = 0;
    State state_ = State::waiting;
    std::vector<Pair> pairs_;
    std::size_t remote_count_ = 0;
    std::vector<Early> early_;
    std::array<Component, 2> components_;
    Instant next_check_{}, first_valid_{}, started_{};
    std::optional<Instant> next_;
    std::uint64_t requests_heard_ = 0;
};

}  // namespace jackfield::rtp
