// A TURN server of the tests' own (RFC 8656, UDP and TCP): long-term credentials, permissions, channels, real relays on loopback.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/runtime/datagram.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"
#include "modules/res_rtp/stun_message.hpp"
#include "modules/res_rtp/turn_client.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

namespace jackfield::testing {

// On the test's control loop; to be destroyed on a fiber when a client came by TCP.
class TurnServer {
  public:
    static constexpr std::string_view user = "pbx", password = "secret", realm = "turn.test";

    TurnServer() : fibers_("TURN server") {
        // The system chooses the port of UDP; that of TCP may be somebody's.
        for (unsigned tries = 0; !tcp_; ++tries) {
            CPPUNIT_ASSERT(tries < 20);
            bind();
        }
    }
    const SocketAddress& address() const { return udp_->local(); }

    // What was seen.
    std::size_t allocations = 0, released = 0, permissions = 0, channels = 0, by_tcp = 0;
    std::size_t datagrams_out = 0, datagrams_in = 0, by_channel = 0;  // by relays, to and from peers; in ChannelData either way
    std::size_t refused_peers = 0;                                    // without a permission

  private:
    void bind() {
        DatagramOptions small{.receive_buffer = 1 << 18, .send_buffer = 1 << 18};
        udp_ = Datagram::bind(loopback(), [this](std::span<const ReceivedDatagram> all) {
                   for (const ReceivedDatagram& one : all)
                       hear(one.from, bytes_of(one.bytes), [this, to = one.from](std::span<const std::uint8_t> bytes) {
                           (void)udp_->send({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, to);
                       });
               }, small).value();
        auto listener = Listener::bind(udp_->local(), [this](std::unique_ptr<Stream> stream) {
            CPPUNIT_ASSERT(fibers_.spawn("TURN client", [this, stream = std::shared_ptr<Stream>(std::move(stream))] { serve(stream); }));
        });
        if (listener) tcp_ = *std::move(listener);
    }

    using Reply = std::function<void(std::span<const std::uint8_t>)>;
    struct Allocation {
        std::unique_ptr<Datagram> relay;
        Reply reply;
        std::set<std::string> permitted;
        std::map<std::uint16_t, SocketAddress> channels;
    };
    static std::span<const std::uint8_t> bytes_of(std::span<const char> text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

    void serve(const std::shared_ptr<Stream>& stream) {
        ++by_tcp;
        const SocketAddress peer = stream->peer();  // which a connection that is reset does not know any more
        std::vector<std::uint8_t> buffer;
        for (;;) {
            std::array<char, 900> part;
            const auto read = stream->read(part);
            if (!read || *read == 0) break;
            buffer.insert(buffer.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*read));
            while (buffer.size() >= 4) {
                const std::size_t length = rtp::read_16(&buffer[2]);
                const std::size_t size = rtp::is_channel_data(buffer[0]) ? (4 + length + 3) / 4 * 4 : 20 + length;
                if (buffer.size() < size) break;
                const std::vector<std::uint8_t> message(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
                buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
                hear(peer, message, [stream](std::span<const std::uint8_t> bytes) {
                    std::string padded(bytes.begin(), bytes.end());
                    padded.resize((padded.size() + 3) / 4 * 4);
                    (void)stream->send(padded);
                });
            }
        }
        if (clients_.erase(peer.to_string())) ++released;
    }

    void hear(const SocketAddress& from, std::span<const std::uint8_t> bytes, const Reply& reply) {
        const auto client = clients_.find(from.to_string());
        if (const auto data = rtp::parse_channel_data(bytes)) {
            if (client == clients_.end()) return;
            if (const auto peer = client->second.channels.find(data->channel); peer != client->second.channels.end()) {
                ++by_channel;
                relay(client->second, peer->second, data->bytes);
            }
            return;
        }
        const auto message = rtp::parse_stun(bytes);
        if (!message) return;
        if (message->kind == rtp::StunClass::indication) {
            if (message->method == rtp::StunMethod::send && client != clients_.end() && message->peer) relay(client->second, *message->peer, message->data);
            return;
        }
        const std::string key = rtp::long_term_key(user, realm, password);
        if (!rtp::has_integrity(*message, key) || message->username != user || message->nonce != nonce) {
            rtp::StunWriter refusal(message->method, rtp::StunClass::error, message->transaction);
            refusal.error(401, "Unauthorized").text(rtp::StunAttribute::realm, realm).text(rtp::StunAttribute::nonce, nonce);
            return reply(refusal.finish({}));
        }
        rtp::StunWriter answer(message->method, rtp::StunClass::success, message->transaction);
        if (message->method == rtp::StunMethod::allocate) {
            Allocation fresh;
            fresh.relay = Datagram::bind(loopback(), [this, name = from.to_string()](std::span<const ReceivedDatagram> all) {
                for (const ReceivedDatagram& one : all) come(name, one.from, bytes_of(one.bytes));
            }, DatagramOptions{.receive_buffer = 1 << 18, .send_buffer = 1 << 18}).value();
            fresh.reply = reply;
            answer.address(rtp::StunAttribute::xor_relayed_address, fresh.relay->local()).address(rtp::StunAttribute::xor_mapped_address, from);
            answer.number(rtp::StunAttribute::lifetime, 600);
            clients_.insert_or_assign(from.to_string(), std::move(fresh));
            ++allocations;
        } else if (client == clients_.end()) {
            rtp::StunWriter refusal(message->method, rtp::StunClass::error, message->transaction);
            return reply(refusal.error(437, "Allocation Mismatch").finish(key));
        } else if (message->method == rtp::StunMethod::refresh) {
            answer.number(rtp::StunAttribute::lifetime, message->lifetime.value_or(600));
            if (message->lifetime == 0u) clients_.erase(client), ++released;
        } else if (message->method == rtp::StunMethod::create_permission && message->peer) {
            client->second.permitted.insert(message->peer->host());
            ++permissions;
        } else if (message->method == rtp::StunMethod::channel_bind && message->peer) {
            client->second.permitted.insert(message->peer->host());
            client->second.channels[message->channel] = *message->peer;
            ++channels;
        }
        reply(answer.finish(key));
    }

    void relay(Allocation& allocation, const SocketAddress& peer, std::span<const std::uint8_t> bytes) {
        if (!allocation.permitted.contains(peer.host())) return void(++refused_peers);
        ++datagrams_out;
        (void)allocation.relay->send({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, peer);
    }
    void come(const std::string& name, const SocketAddress& from, std::span<const std::uint8_t> bytes) {
        const auto client = clients_.find(name);
        if (client == clients_.end()) return;
        if (!client->second.permitted.contains(from.host())) return void(++refused_peers);
        ++datagrams_in;
        for (const auto& [channel, peer] : client->second.channels)
            if (peer == from) {
                ++by_channel;
                std::vector<std::uint8_t> packet(4 + bytes.size());
                rtp::write_channel_header(channel, bytes.size(), packet.data());
                std::ranges::copy(bytes, packet.begin() + 4);
                return client->second.reply(packet);
            }
        rtp::StunWriter writer(rtp::StunMethod::data, rtp::StunClass::indication, {});
        writer.address(rtp::StunAttribute::xor_peer_address, from).bytes(rtp::StunAttribute::data, bytes);
        client->second.reply(writer.finish({}, false));
    }

  public:
    std::string nonce = "first nonce";

  private:
    std::map<std::string, Allocation> clients_;
    std::unique_ptr<Datagram> udp_;
    std::unique_ptr<Listener> tcp_;
    TaskGroup fibers_;  // last, so that its fibers end first
};

}  // namespace jackfield::testing
