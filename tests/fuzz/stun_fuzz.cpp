// Feeds arbitrary datagrams to the STUN parser, to a TURN client and, as messages of a peer that knows the password, to an ICE
// agent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "modules/res_rtp/ice_agent.hpp"
#include "modules/res_rtp/turn_client.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

struct Nobody final : IceAgent::User {
    void send_check(unsigned component, IceBase, const SocketAddress& to, std::span<const std::uint8_t> bytes) override {
        if (component == 0 || component > 2 || !to.valid() || !parse_stun(bytes)) std::abort();
    }
    void selected(unsigned, IceBase, const SocketAddress& to) override {
        if (!to.valid()) std::abort();
    }
    void ice_failed(std::string_view) override {}
    void fill_random(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(state = state * 5 + 3);
    }
    std::uint8_t state = 1;
};

struct Relayed final : TurnClient::User {
    void send_to_server(std::span<const std::uint8_t> bytes) override {
        if (!parse_channel_data(bytes)) {
            const auto message = parse_stun(bytes);
            if (!message) std::abort();
            asked = *message;
        }
    }
    void turn_allocated(const SocketAddress& relayed, const SocketAddress&) override {
        if (!relayed.valid()) std::abort();
    }
    void turn_bound(const SocketAddress&) override {}
    void turn_failed(const std::string& why) override {
        if (why.empty()) std::abort();
    }
    void fill_random(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(state = state * 5 + 3);
    }
    StunMessage asked;  // its views are not used
    std::uint8_t state = 1;
};

SocketAddress somewhere(std::uint8_t port) { return SocketAddress::parse("192.0.2.1").value().with_port(static_cast<std::uint16_t>(1 + port)); }

}  // namespace

namespace {

// A server that answers what was asked with what the input says, signed or not, and peers that come and go.
void serve(std::span<const std::uint8_t> rest) {
    Relayed user;
    TurnClient client(user, {.user = "user", .password = "password"});
    Instant now{};
    const std::string key = long_term_key("user", "realm", "password");
    client.allocate(now);
    while (rest.size() > 2) {
        const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 2);
        const std::uint8_t how = rest[1];
        const auto part = rest.subspan(2, length);
        const std::vector<std::uint8_t> copy(part.begin(), part.end());
        if (const auto relayed = client.receive(copy, now); relayed && !relayed->peer.valid()) std::abort();
        StunWriter writer(user.asked.method, how & 1 ? StunClass::success : StunClass::error, user.asked.transaction);
        if (how & 2) writer.text(StunAttribute::realm, "realm").text(StunAttribute::nonce, {reinterpret_cast<const char*>(copy.data()), copy.size()});
        if (!(how & 1)) writer.error(how & 4 ? 401 : how & 8 ? 438 : 300 + how, "No");
        if (how & 4) writer.address(StunAttribute::xor_relayed_address, somewhere(how)).number(StunAttribute::lifetime, how & 8 ? how : 0xffffffffu - how);
        (void)client.receive(writer.finish(how & 128 ? std::string() : key), now);
        if (how & 16) client.send(somewhere(how), copy, now);
        if (how & 32) client.bind(somewhere(how), now);
        now += std::chrono::milliseconds(how * 20);
        for (unsigned steps = 0; client.next() && *client.next() <= now; ++steps) {
            if (steps > 1000) std::abort();
            client.tick(now);
        }
        rest = rest.subspan(2 + length);
    }
    client.release(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    if (bytes[0] & 128) {
        serve({bytes + 1, size - 1});
        return 0;
    }
    Nobody nobody;
    IceAgent agent(nobody, {.lite = (bytes[0] & 1) != 0});
    IceAgent::Remote remote{.credentials = {"user", "password password pass"}, .components = 1u + (bytes[0] >> 1 & 1)};
    Instant now{};
    if (bytes[0] & 4) agent.start(remote, (bytes[0] & 8) != 0, now);
    // Each message is what its own attributes say, signed so that it is believed.
    std::span<const std::uint8_t> rest(bytes + 1, size - 1);
    while (rest.size() > 2) {
        const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 2);
        const std::uint8_t how = rest[1];
        const auto part = rest.subspan(2, length);
        const std::vector<std::uint8_t> copy(part.begin(), part.end());
        if (const auto message = parse_stun(copy)) agent.receive(how % 4, static_cast<IceBase>(how >> 2 & 1), somewhere(how >> 3), *message, now);
        StunWriter writer(StunMethod::binding, how & 1 ? StunClass::request : StunClass::success, {});
        writer.text(StunAttribute::username, agent.credentials().user + ":user");
        if (copy.size() > 4) writer.number(StunAttribute::priority, copy[0]).number_64(copy[1] & 1 ? StunAttribute::ice_controlled : StunAttribute::ice_controlling, copy[2]);
        if (how & 2) writer.flag(StunAttribute::use_candidate);
        const auto signed_bytes = writer.finish(agent.credentials().password);
        if (const auto message = parse_stun(signed_bytes)) agent.receive(1 + (how >> 2 & 1), IceBase::socket, somewhere(how >> 3), *message, now);
        now += std::chrono::milliseconds(how * 20);
        for (unsigned steps = 0; agent.next() && *agent.next() <= now; ++steps) {
            if (steps > 1000) std::abort();  // it would go on for ever
            agent.tick(now);
        }
        if (how == 77) agent.start(remote, true, now);
        rest = rest.subspan(2 + length);
    }
    return 0;
}
