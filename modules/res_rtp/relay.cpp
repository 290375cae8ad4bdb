// What a component's packets go by at a TURN server: the allocation, its clock, and the connection under it.
#include "modules/res_rtp/relay.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"

namespace jackfield::rtp {

Relay::Relay(User& user, unsigned component, std::shared_ptr<Shared> shared, Gate& gate)
    : user_(user), component_(component), shared_(std::move(shared)),
      client_(static_cast<TurnClient::User&>(*this),
              {.user = shared_->settings->turn_user, .password = shared_->settings->turn_password, .reliable = shared_->settings->turn_transport == TurnTransport::tcp}),
      timer_([this] {
          client_.tick(Clock::now());
          plan();
      }) {
    const Settings& settings = *shared_->settings;
    if (settings.turn_transport == TurnTransport::udp) {
        server_ = settings.turn_server.address;
        client_.allocate(Clock::now());
        plan();
        return;
    }
    const SocketAddress& local = shared_->sockets->local;
    auto link = TurnLink::open(settings.turn_server.address, local.with_port(static_cast<std::uint16_t>(local.port() + component - 1)), gate,
                               [this](const Result<void>& connected) {
                                   if (!connected) return user_.relay_failed(component_, connected.error().text);
                                   server_ = link_->local();
                                   client_.allocate(Clock::now());
                                   plan();
                               });
    if (link)
        link_ = std::move(*link);
    else
        log_warning("TURN server {}: {}", settings.turn_server.name, link.error().text);
}

Relay::~Relay() {
    if (!link_) client_.release(Clock::now());  // TCP: it ends with the connection (RFC 8656 7.1)
}

void Relay::plan() {
    const auto next = client_.next();
    if (!next) return timer_.stop();
    timer_.start(std::max(*next - Clock::now(), std::chrono::nanoseconds(std::chrono::milliseconds(1))));
}

void Relay::send(const SocketAddress& peer, std::span<const std::uint8_t> bytes) {
    client_.send(peer, bytes, Clock::now());
    plan();
}

void Relay::bind(const SocketAddress& peer) {
    client_.bind(peer, Clock::now());
    plan();
}

std::optional<TurnClient::Relayed> Relay::receive(std::span<const std::uint8_t> bytes) {
    const auto relayed = client_.receive(bytes, Clock::now());
    plan();
    return relayed;
}

void Relay::send_to_server(std::span<const std::uint8_t> bytes) {
    const int socket = component_ == 2 ? shared_->sockets->rtcp : shared_->sockets->rtp;
    if (socket >= 0 && server_.valid()) sendto(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, server_.raw(), server_.raw_size());
}

void Relay::turn_allocated(const SocketAddress&, const SocketAddress&) { user_.relay_allocated(component_); }
void Relay::turn_bound(const SocketAddress& peer) { user_.relay_bound(component_, peer); }
void Relay::turn_failed(const std::string& why) { user_.relay_failed(component_, why); }
void Relay::fill_random(std::span<std::uint8_t> bytes) { random_bytes(bytes); }

}  // namespace jackfield::rtp
