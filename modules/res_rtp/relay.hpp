// What a component's packets go by at a TURN server: the allocation, its clock, and the connection under it.
#pragma once

#include <memory>

#include "core/runtime/timer.hpp"
#include "modules/res_rtp/rtp_port.hpp"
#include "modules/res_rtp/turn_client.hpp"
#include "modules/res_rtp/turn_link.hpp"

namespace jackfield::rtp {

// Control thread. Leaves by the component's socket, and what comes by that from server() is to be handed to receive().
class Relay final : TurnClient::User {
  public:
    class User {
      public:
        virtual void relay_allocated(unsigned component) = 0;
        virtual void relay_bound(unsigned component, const SocketAddress& peer) = 0;  // channel_of(peer) is known now
        virtual void relay_failed(unsigned component, const std::string& why) = 0;    // it may be destroyed later, not within

      protected:
        ~User() = default;
    };
    // Asks for the allocation at once.
    Relay(User& user, unsigned component, std::shared_ptr<Shared> shared, Gate& gate);
    ~Relay();  // gives it back

    // From there the server's packets come; invalid while it is not connected.
    const SocketAddress& server() const { return server_; }
    bool allocated() const { return client_.state() == TurnClient::State::allocated; }
    bool pending() const { return client_.state() == TurnClient::State::idle || client_.state() == TurnClient::State::allocating; }
    const SocketAddress& relayed() const { return client_.relayed(); }
    const SocketAddress& mapped() const { return client_.mapped(); }

    void send(const SocketAddress& peer, std::span<const std::uint8_t> bytes);
    void bind(const SocketAddress& peer);
    std::optional<std::uint16_t> channel_of(const SocketAddress& peer) const { return client_.channel_of(peer); }
    std::optional<TurnClient::Relayed> receive(std::span<const std::uint8_t> bytes);

  private:
    void plan();
    void send_to_server(std::span<const std::uint8_t> bytes) override;
    void turn_allocated(const SocketAddress& relayed, const SocketAddress& mapped) override;
    void turn_bound(const SocketAddress& peer) override;
    void turn_failed(const std::string& why) override;
    void fill_random(std::span<std::uint8_t> bytes) override;

    User& user_;
    const unsigned component_;
    std::shared_ptr<Shared> shared_;
    SocketAddress server_;
    TurnClient client_;
    Timer timer_;
    std::unique_ptr<TurnLink> link_;  // TCP; null: UDP
};

}  // namespace jackfield::rtp
