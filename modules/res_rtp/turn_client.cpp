// One allocation at a TURN server (RFC 8656).
#include "modules/res_rtp/turn_client.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {
namespace {

constexpr unsigned most_requests_sent = 7;      // Rc of RFC 8489 6.2.1
constexpr unsigned most_retries = 3;            // with the nonces that come
constexpr std::chrono::milliseconds reliable_patience{39500};  // Ti of RFC 8489 6.2.2
constexpr std::uint16_t last_channel = 0x4fff;  // RFC 8656 12
constexpr std::size_t most_requests = TurnClient::most_peers + 4;
constexpr std::uint32_t udp = 17u << 24;        // REQUESTED-TRANSPORT

std::string_view meaning_of(int code) {  // RFC 8656 19, RFC 8489 14.8
    switch (code) {
        case 300: return "it names another server (ALTERNATE-SERVER); write that one as turnaddr";
        case 401: return "turnusername or turnpassword is wrong";
        case 403: return "it forbids that";
        case 440: return "it has no addresses of this family";
        case 441: return "the allocation is somebody else's";
        case 442: return "it does not relay UDP";
        case 486: return "the user's quota of allocations is used up";
        case 508: return "it has no capacity left";
        default: return "it refuses";
    }
}

}  // namespace

void write_channel_header(std::uint16_t channel, std::size_t size, std::uint8_t* into) {
    write_16(into, channel);
    write_16(into + 2, static_cast<std::uint16_t>(size));
}

std::optional<ChannelData> parse_channel_data(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < channel_header_size || !is_channel_data(bytes[0])) return {};
    const std::size_t size = read_16(&bytes[2]);
    if (bytes.size() - channel_header_size < size) return {};
    return ChannelData{read_16(bytes.data()), bytes.subspan(channel_header_size, size)};
}

TurnClient::Peer* TurnClient::find(const SocketAddress& address) {
    const auto found = std::ranges::find(peers_, address, &Peer::address);
    return found == peers_.end() ? nullptr : &*found;
}

// A permission is for a host, whatever its ports (RFC 8656 9).
TurnClient::Peer* TurnClient::host_of(const SocketAddress& address) {
    const auto found = std::ranges::find_if(peers_, [&](const Peer& peer) { return peer.permitted && peer.address.same_host(address); });
    return found == peers_.end() ? nullptr : &*found;
}

// --- requests -----------------------------------------------------------------------------------------------------------------

void TurnClient::allocate(Instant now) {
    if (state_ != State::idle) return;
    state_ = State::allocating;
    ask({.method = StunMethod::allocate}, now);
}

void TurnClient::release(Instant now) {
    requests_.clear();
    if (state_ == State::allocated) ask({.method = StunMethod::refresh, .lifetime = 0}, now);
    requests_.clear();
    peers_.clear();
    state_ = State::idle;
}

void TurnClient::ask(Request request, Instant now) {
    if (requests_.size() >= most_requests) return;
    user_.fill_random(request.transaction);
    request.sent = 0;
    requests_.push_back(std::move(request));
    transmit(requests_.back(), now);
}

void TurnClient::transmit(Request& request, Instant now) {
    StunWriter writer(request.method, StunClass::request, request.transaction);
    const auto seconds = [](std::chrono::seconds time) { return static_cast<std::uint32_t>(time.count()); };
    if (request.method == StunMethod::allocate) writer.number(StunAttribute::requested_transport, udp).number(StunAttribute::lifetime, seconds(wanted_lifetime));
    if (request.method == StunMethod::refresh) writer.number(StunAttribute::lifetime, request.lifetime);
    if (request.channel) writer.number(StunAttribute::channel_number, std::uint32_t{request.channel} << 16);
    if (request.peer.valid()) writer.address(StunAttribute::xor_peer_address, request.peer);
    request.authenticated = !key_.empty();
    if (request.authenticated) writer.text(StunAttribute::username, settings_.user).text(StunAttribute::realm, realm_).text(StunAttribute::nonce, nonce_);
    ++request.sent;
    // RFC 8489 6.2.1: 0, 1, 3, 7 ... times RTO; after the last one, 16 of them.
    request.again = now + (settings_.reliable ? reliable_patience : settings_.retransmit * (request.sent >= most_requests_sent ? 16 : 1 << (request.sent - 1)));
    user_.send_to_server(writer.finish(key_));
}

void TurnClient::answered(Request request, const StunMessage& message, Instant now) {
    if (message.kind == StunClass::success) return succeeded(request, message, now);
    // RFC 8489 9.2.5: the first answer brings realm and nonce, a stale nonce another one.
    const bool challenge = message.error == 401 && (!request.authenticated || message.nonce != nonce_);
    if ((challenge || message.error == 438) && !message.nonce.empty() && request.retried < most_retries) {
        if (message.error == 401) realm_ = message.realm;
        nonce_ = message.nonce;
        key_ = long_term_key(settings_.user, realm_, settings_.password);
        ++request.retried;
        return ask(std::move(request), now);
    }
    // An older allocation of this socket, whose end the server has not heard of (RFC 8656 7.4).
    if (message.error == 437 && request.method == StunMethod::allocate && !std::exchange(cleared_, true))
        return ask({.method = StunMethod::refresh, .lifetime = 0}, now);
    refused(request, message.error, now);
}

void TurnClient::succeeded(const Request& request, const StunMessage& message, Instant now) {
    const std::chrono::seconds lifetime{std::min(message.lifetime.value_or(static_cast<std::uint32_t>(wanted_lifetime.count())), 3600u)};
    const auto plan_refresh = [&] { refresh_at_ = now + std::max(lifetime - std::min(lifetime / 4, std::chrono::seconds(60)), std::chrono::seconds(1)); };
    switch (request.method) {
        case StunMethod::allocate:
            if (!message.relayed || message.relayed->is_any() || message.relayed->port() == 0) return fail("its answer has no relayed address");
            relayed_ = *message.relayed;
            mapped_ = message.mapped.value_or(SocketAddress());
            state_ = State::allocated;
            plan_refresh();
            return user_.turn_allocated(relayed_, mapped_);
        case StunMethod::refresh:
            if (request.lifetime != 0) return plan_refresh();
            if (state_ == State::allocating) ask({.method = StunMethod::allocate}, now);
            return;
        default: break;
    }
    Peer* const peer = find(request.peer);
    if (!peer) return;
    peer->permitted = true;
    peer->refresh_at = now + permission_refresh;
    const bool newly_bound = request.method == StunMethod::channel_bind && !std::exchange(peer->bound, true);
    if (const auto waiting = std::exchange(peer->waiting, {}); !waiting.empty()) send(request.peer, waiting, now);
    if (newly_bound) user_.turn_bound(request.peer);
}

void TurnClient::refused(const Request& request, int code, Instant now) {
    if (state_ == State::allocating && request.method == StunMethod::refresh)  // of one that was there before
        return ask({.method = StunMethod::allocate}, now);
    gave_up(request, fmt::format("it answers {}: {}", code, meaning_of(code)));
}

void TurnClient::gave_up(const Request& request, const std::string& why) {
    if (request.method == StunMethod::allocate || request.method == StunMethod::refresh) return fail(why);
    if (Peer* const peer = find(request.peer)) {
        peer->refused = true;
        peer->waiting = {};
    }
}

void TurnClient::fail(const std::string& why) {
    if (std::exchange(state_, State::failed) == State::failed) return;
    requests_.clear();
    peers_.clear();
    user_.turn_failed(why);
}

// --- peers --------------------------------------------------------------------------------------------------------------------

void TurnClient::ask_for(Peer& peer, Instant now) {
    peer.refresh_at = now + permission_refresh;
    ask({.method = peer.channel ? StunMethod::channel_bind : StunMethod::create_permission, .peer = peer.address, .channel = peer.channel}, now);
}

void TurnClient::send(const SocketAddress& address, std::span<const std::uint8_t> bytes, Instant now) {
    if (state_ != State::allocated || bytes.size() + 64 > largest_stun_message) return;
    Peer* peer = find(address);
    if (!peer) {
        if (peers_.size() >= most_peers || address.family() != relayed_.family()) return;
        const bool permitted = host_of(address) != nullptr;
        peers_.push_back({.address = address, .permitted = permitted});
        peer = &peers_.back();
        if (!permitted) {
            peer->waiting.assign(bytes.begin(), bytes.end());
            return ask_for(*peer, now);
        }
        peer->kept = false;  // its host's is refreshed
    }
    if (peer->refused) return;
    if (!peer->permitted) return peer->waiting.assign(bytes.begin(), bytes.end());
    if (peer->bound) {
        std::array<std::uint8_t, largest_stun_message> packet{};
        write_channel_header(peer->channel, bytes.size(), packet.data());
        std::ranges::copy(bytes, packet.begin() + channel_header_size);
        return user_.send_to_server(std::span(packet).first(channel_header_size + bytes.size()));
    }
    StunTransaction transaction;
    user_.fill_random(transaction);
    StunWriter writer(StunMethod::send, StunClass::indication, transaction);
    writer.address(StunAttribute::xor_peer_address, address).bytes(StunAttribute::data, bytes);
    user_.send_to_server(writer.finish({}, false));
}

void TurnClient::bind(const SocketAddress& address, Instant now) {
    if (state_ != State::allocated) return;
    for (Peer& peer : peers_) peer.kept = false;
    Peer* peer = find(address);
    if (!peer) {
        if (peers_.size() >= most_peers || address.family() != relayed_.family()) return;
        peers_.push_back({.address = address});
        peer = &peers_.back();
    }
    peer->kept = true;
    if (peer->channel && peer->permitted) return;
    if (!peer->channel && next_channel_ > last_channel) return;
    if (!peer->channel) peer->channel = next_channel_++;
    ask_for(*peer, now);
}

std::optional<std::uint16_t> TurnClient::channel_of(const SocketAddress& address) const {
    const auto found = std::ranges::find(peers_, address, &Peer::address);
    if (found == peers_.end() || !found->bound) return {};
    return found->channel;
}

// --- what comes ---------------------------------------------------------------------------------------------------------------

std::optional<TurnClient::Relayed> TurnClient::receive(std::span<const std::uint8_t> bytes, Instant now) {
    if (const auto data = parse_channel_data(bytes)) {
        const auto peer = std::ranges::find(peers_, data->channel, &Peer::channel);
        if (peer == peers_.end()) return {};
        return Relayed{peer->address, data->bytes};
    }
    const auto message = parse_stun(bytes);
    if (!message) return {};
    if (message->kind == StunClass::indication) {
        if (message->method != StunMethod::data || !message->peer || message->data.empty() || !host_of(*message->peer)) return {};
        return Relayed{*message->peer, message->data};
    }
    const auto found = std::ranges::find(requests_, message->transaction, &Request::transaction);
    if (message->kind == StunClass::request || found == requests_.end() || found->method != message->method) return {};
    // RFC 8489 9.2.4: only a challenge comes without integrity.
    const bool challenge = message->error == 401 || message->error == 438 || !found->authenticated;
    if (!challenge && !has_integrity(*message, key_)) return {};
    Request request = std::move(*found);
    requests_.erase(found);
    answered(std::move(request), *message, now);
    return {};
}

// --- time ---------------------------------------------------------------------------------------------------------------------

void TurnClient::tick(Instant now) {
    for (std::size_t i = 0; i < requests_.size();) {
        Request& request = requests_[i];
        if (now < request.again) {
            ++i;
        } else if (settings_.reliable || request.sent >= most_requests_sent) {
            const Request lost = std::move(request);
            requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(i));
            gave_up(lost, "it does not answer");
            if (state_ == State::failed) return;
        } else {
            transmit(request, now);
            ++i;
        }
    }
    if (state_ != State::allocated) return;
    if (now >= refresh_at_) {
        refresh_at_ = now + std::chrono::seconds(30);  // until its answer tells when
        ask({.method = StunMethod::refresh, .lifetime = static_cast<std::uint32_t>(wanted_lifetime.count())}, now);
    }
    for (Peer& peer : peers_) {
        if (!peer.permitted || now < peer.refresh_at) continue;
        if (peer.kept)
            ask_for(peer, now);
        else
            peer.permitted = false;
    }
    std::erase_if(peers_, [](const Peer& peer) { return !peer.kept && !peer.permitted && !peer.channel; });
}

std::optional<Instant> TurnClient::next() const {
    std::optional<Instant> first;
    const auto at = [&first](Instant when) {
        if (!first || when < *first) first = when;
    };
    for (const Request& request : requests_) at(request.again);
    if (state_ != State::allocated) return first;
    at(refresh_at_);
    for (const Peer& peer : peers_)
        if (peer.permitted) at(peer.refresh_at);
    return first;
}

}  // namespace jackfield::rtp
