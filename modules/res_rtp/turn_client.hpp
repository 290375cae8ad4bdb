// One allocation at a TURN server (RFC 8656) as a state machine: packets and times in, packets out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "modules/res_rtp/stun_message.hpp"

namespace jackfield::rtp {

// ChannelData (RFC 8656 12.4): two bytes of channel, two of length, the datagram. RFC 7983 tells it by its first byte.
constexpr std::size_t channel_header_size = 4;
constexpr bool is_channel_data(std::uint8_t first) { return first >= 64 && first < 80; }
void write_channel_header(std::uint16_t channel, std::size_t size, std::uint8_t* into);
struct ChannelData {
    std::uint16_t channel = 0;
    std::span<const std::uint8_t> bytes;
};
// Nothing when it is none, or is shorter than it says. Padding behind it is passed over.
std::optional<ChannelData> parse_channel_data(std::span<const std::uint8_t> bytes);

// Long-term credentials (RFC 8489 9.2). Pure; one thread. All that it has to say is said to its user within a call.
class TurnClient {
  public:
    class User {
      public:
        virtual void send_to_server(std::span<const std::uint8_t> bytes) = 0;
        // `mapped`: whence the server sees us come; invalid when it did not say.
        virtual void turn_allocated(const SocketAddress& relayed, const SocketAddress& mapped) = 0;
        virtual void turn_bound(const SocketAddress& peer) = 0;  // channel_of(peer) is known now
        virtual void turn_failed(const std::string& why) = 0;    // there is no allocation, or none any more; said once
        virtual void fill_random(std::span<std::uint8_t> bytes) = 0;

      protected:
        ~User() = default;
    };
    struct Settings {
        std::string user, password;
        bool reliable = false;  // TCP leads to the server: nothing is repeated
        std::chrono::milliseconds retransmit{500};
    };
    enum class State : std::uint8_t { idle, allocating, allocated, failed };
    static constexpr std::size_t most_peers = 32;  // those beyond are not sent to
    static constexpr std::chrono::seconds wanted_lifetime{600}, permission_refresh{240};  // RFC 8656 7.2, 9

    TurnClient(User& user, Settings settings) : user_(user), settings_(std::move(settings)) {}

    void allocate(Instant now);
    // Gives the allocation back; the answer is not awaited.
    void release(Instant now);

    // Sends to a peer: by its channel, else in an indication. The first datagram asks for a permission, and goes when it has come.
    void send(const SocketAddress& peer, std::span<const std::uint8_t> bytes, Instant now);
    // Wants a channel for that peer, and lets the permissions of the others run out.
    void bind(const SocketAddress& peer, Instant now);
    std::optional<std::uint16_t> channel_of(const SocketAddress& peer) const;

    struct Relayed {
        SocketAddress peer;
        std::span<const std::uint8_t> bytes;  // within what was received
    };
    // What came from the server. A datagram of a peer is returned.
    std::optional<Relayed> receive(std::span<const std::uint8_t> bytes, Instant now);

    // To be called at next(), or later.
    void tick(Instant now);
    std::optional<Instant> next() const;

    State state() const { return state_; }
    const SocketAddress& relayed() const { return relayed_; }
    const SocketAddress& mapped() const { return mapped_; }

  private:
    struct Peer {
        SocketAddress address;
        std::uint16_t channel = 0;     // asked for; 0: none
        bool permitted = false, bound = false, refused = false;
        bool kept = true;              // its permission is refreshed
        Instant refresh_at{};
        std::vector<std::uint8_t> waiting;  // the latest datagram, until it may go
    };
    struct Request {
        StunMethod method = StunMethod::allocate;
        SocketAddress peer;            // of permissions and channels
        std::uint16_t channel = 0;
        std::uint32_t lifetime = 0;    // of refreshes
        StunTransaction transaction{};
        unsigned sent = 0, retried = 0;  // retried: with other credentials
        bool authenticated = false;
        Instant again{};
    };

    void ask(Request request, Instant now);
    void transmit(Request& request, Instant now);
    void answered(Request request, const StunMessage& message, Instant now);
    void succeeded(const Request& request, const StunMessage& message, Instant now);
    void refused(const Request& request, int code, Instant now);
    void gave_up(const Request& request, const std::string& why);
    void fail(const std::string& why);
    void ask_for(Peer& peer, Instant now);
    Peer* find(const SocketAddress& address);
    Peer* host_of(const SocketAddress& address);

    User& user_;
    const Settings settings_;
    State state_ = State::idle;
    SocketAddress relayed_, mapped_;
    std::string realm_, nonce_, key_;
    std::vector<Peer> peers_;
    std::vector<Request> requests_;    // outstanding, bounded by most_peers and a few
    std::uint16_t next_channel_ = 0x4000;
    Instant refresh_at_{};
    bool cleared_ = false;             // an allocation of the same socket that was there before was given back
};

}  // namespace jackfield::rtp
