#include "modules/res_rtp/turn_client.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>

using namespace jackfield;
using namespace jackfield::rtp;
using namespace std::chrono_literals;

namespace {

SocketAddress turn_address(const char* text) { return SocketAddress::parse(text).value(); }

// The client's user; the test is the server.
struct TurnUser final : TurnClient::User {
    void send_to_server(std::span<const std::uint8_t> bytes) override { sent.emplace_back(bytes.begin(), bytes.end()); }
    void turn_allocated(const SocketAddress& relayed, const SocketAddress& mapped) override { told = relayed.to_string() + " " + mapped.to_string(); }
    void turn_bound(const SocketAddress& peer) override { bound = peer.to_string(); }
    void turn_failed(const std::string& why) override { failure = why; }
    void fill_random(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1103515245 + 12345) >> 16);
    }
    std::deque<std::vector<std::uint8_t>> sent;
    std::string told, bound, failure;
    std::uint32_t state = 1;
};

}  // namespace

class TurnClientTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TurnClientTest);
    CPPUNIT_TEST(allocates_with_credentials_when_asked_for_them);
    CPPUNIT_TEST(repeats_what_is_not_answered_and_gives_up);
    CPPUNIT_TEST(does_not_repeat_over_tcp);
    CPPUNIT_TEST(a_wrong_password_is_told);
    CPPUNIT_TEST(takes_a_new_nonce);
    CPPUNIT_TEST(gives_back_an_older_allocation_of_the_port);
    CPPUNIT_TEST(refreshes_the_allocation_and_permissions_in_use);
    CPPUNIT_TEST(sends_when_the_peer_is_permitted_and_then_by_a_channel);
    CPPUNIT_TEST(believes_only_answers_with_integrity_and_permitted_peers);
    CPPUNIT_TEST(peers_are_bounded);
    CPPUNIT_TEST(gives_the_allocation_back);
    CPPUNIT_TEST_SUITE_END();

    TurnUser user_;
    Instant now_{};
    const std::string key_ = long_term_key("pbx", "test", "secret");

    StunMessage next() {
        CPPUNIT_ASSERT(!user_.sent.empty());
        static std::vector<std::uint8_t> kept;
        kept = user_.sent.front();
        user_.sent.pop_front();
        return parse_stun(kept).value();
    }
    template <class F>
    void answer(TurnClient& client, const StunMessage& request, StunClass kind, const std::string& key, F fill) {
        StunWriter writer(request.method, kind, request.transaction);
        fill(writer);
        const auto bytes = writer.finish(key);
        (void)client.receive(bytes, now_);
    }
    void challenge(TurnClient& client, const StunMessage& request, int code, std::string_view nonce) {
        answer(client, request, StunClass::error, {}, [&](StunWriter& w) {
            w.error(code, "Unauthorized").text(StunAttribute::realm, "test").text(StunAttribute::nonce, nonce);
        });
    }
    void grant(TurnClient& client, const StunMessage& request, std::uint32_t lifetime = 600) {
        answer(client, request, StunClass::success, key_, [&](StunWriter& w) {
            if (request.method == StunMethod::allocate)
                w.address(StunAttribute::xor_relayed_address, turn_address("192.0.2.9:5000")).address(StunAttribute::xor_mapped_address, turn_address("198.51.100.1:4000"));
            if (request.method == StunMethod::allocate || request.method == StunMethod::refresh) w.number(StunAttribute::lifetime, lifetime);
        });
    }
    void refuse(TurnClient& client, const StunMessage& request, int code) {
        answer(client, request, StunClass::error, key_, [&](StunWriter& w) { w.error(code, "No"); });
    }
    void allocate(TurnClient& client, std::uint32_t lifetime = 600) {
        client.allocate(now_);
        challenge(client, next(), 401, "one");
        grant(client, next(), lifetime);
        CPPUNIT_ASSERT(client.state() == TurnClient::State::allocated && user_.sent.empty());
    }
    void pass(TurnClient& client, std::chrono::milliseconds time) {
        const Instant end = now_ + time;
        for (unsigned steps = 0; client.next() && *client.next() <= end; ++steps) {
            CPPUNIT_ASSERT(steps < 1000);
            now_ = std::max(now_, *client.next());
            client.tick(now_);
        }
        now_ = end;
    }
    static std::span<const std::uint8_t> hello() {
        static const std::array<std::uint8_t, 5> bytes{'h', 'e', 'l', 'l', 'o'};
        return bytes;
    }

  public:
    void allocates_with_credentials_when_asked_for_them() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        client.allocate(now_);
        const StunMessage first = next();
        CPPUNIT_ASSERT(first.method == StunMethod::allocate && first.integrity_at == 0 && first.transport == 17 && first.lifetime == 600u);
        challenge(client, first, 401, "one");
        const StunMessage second = next();
        CPPUNIT_ASSERT(second.username == "pbx" && second.realm == "test" && second.nonce == "one" && has_integrity(second, key_));
        CPPUNIT_ASSERT(second.transaction != first.transaction);
        grant(client, second);
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.9:5000 198.51.100.1:4000"), user_.told);
    }
    void repeats_what_is_not_answered_and_gives_up() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        client.allocate(now_);
        pass(client, 31499ms);  // 0, 500, 1500, ... 31500 (RFC 8489 6.2.1)
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, user_.sent.size());
        pass(client, 1ms);
        CPPUNIT_ASSERT(user_.sent.size() == 7 && user_.sent.front() == user_.sent.back());
        pass(client, 8s);
        CPPUNIT_ASSERT_EQUAL(std::string("it does not answer"), user_.failure);
        CPPUNIT_ASSERT(!client.next());
    }
    void does_not_repeat_over_tcp() {
        TurnClient client(user_, {.user = "pbx", .password = "secret", .reliable = true});
        client.allocate(now_);
        pass(client, 39s);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, user_.sent.size());
        pass(client, 1s);
        CPPUNIT_ASSERT_EQUAL(std::string("it does not answer"), user_.failure);
    }
    void a_wrong_password_is_told() {
        TurnClient client(user_, {.user = "pbx", .password = "wrong"});
        client.allocate(now_);
        challenge(client, next(), 401, "one");
        challenge(client, next(), 401, "one");
        CPPUNIT_ASSERT(user_.sent.empty());
        CPPUNIT_ASSERT_MESSAGE(user_.failure, user_.failure.contains("turnpassword"));
        // Nor does it go on for ever when each refusal has another nonce.
        TurnClient other(user_, {.user = "pbx", .password = "wrong"});
        other.allocate(now_);
        for (int i = 0; !user_.sent.empty(); ++i) {
            CPPUNIT_ASSERT(i < 10);
            challenge(other, next(), 401, std::to_string(i));
        }
        CPPUNIT_ASSERT(other.state() == TurnClient::State::failed);
    }
    void takes_a_new_nonce() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        allocate(client);
        client.send(turn_address("203.0.113.7:9"), hello(), now_);
        challenge(client, next(), 438, "two");
        const StunMessage again = next();
        CPPUNIT_ASSERT(again.method == StunMethod::create_permission && again.nonce == "two");
    }
    void gives_back_an_older_allocation_of_the_port() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        client.allocate(now_);
        challenge(client, next(), 401, "one");
        refuse(client, next(), 437);
        const StunMessage end = next();
        CPPUNIT_ASSERT(end.method == StunMethod::refresh && end.lifetime == 0u);
        grant(client, end, 0);
        const StunMessage again = next();
        CPPUNIT_ASSERT(again.method == StunMethod::allocate);
        refuse(client, again, 437);  // but once
        CPPUNIT_ASSERT(client.state() == TurnClient::State::failed);
    }
    void refreshes_the_allocation_and_permissions_in_use() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        allocate(client, 120);
        for (const char* peer : {"203.0.113.7:9", "203.0.113.8:9"}) {
            client.send(turn_address(peer), hello(), now_);
            grant(client, next());
            CPPUNIT_ASSERT(next().method == StunMethod::send);
        }
        client.bind(turn_address("203.0.113.7:9"), now_);
        grant(client, next());
        pass(client, 90s);  // a quarter of its lifetime before the end
        const StunMessage refresh = next();
        CPPUNIT_ASSERT(refresh.method == StunMethod::refresh && refresh.lifetime == 600u);
        grant(client, refresh, 3600);
        pass(client, 150s);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, user_.sent.size());  // the other one's runs out
        const StunMessage channel = next();
        CPPUNIT_ASSERT(channel.method == StunMethod::channel_bind && channel.channel == 0x4000);
    }
    void sends_when_the_peer_is_permitted_and_then_by_a_channel() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        allocate(client);
        const auto peer = turn_address("203.0.113.7:9");
        client.send(peer, hello(), now_);
        const StunMessage permission = next();
        CPPUNIT_ASSERT(permission.method == StunMethod::create_permission && permission.peer == peer && user_.sent.empty());
        grant(client, permission);
        const StunMessage sent = next();
        CPPUNIT_ASSERT(sent.kind == StunClass::indication && sent.peer == peer && std::ranges::equal(sent.data, hello()));
        client.send(turn_address("203.0.113.7:10"), hello(), now_);  // the same host
        CPPUNIT_ASSERT(next().method == StunMethod::send);
        client.bind(peer, now_);
        CPPUNIT_ASSERT(!client.channel_of(peer));
        grant(client, next());
        CPPUNIT_ASSERT(client.channel_of(peer) == 0x4000 && user_.bound == peer.to_string());
        client.send(peer, hello(), now_);
        const std::vector<std::uint8_t> data{0x40, 0x00, 0, 5, 'h', 'e', 'l', 'l', 'o'};
        CPPUNIT_ASSERT(user_.sent.back() == data);
        const auto back = client.receive(data, now_);
        CPPUNIT_ASSERT(back && back->peer == peer && std::ranges::equal(back->bytes, hello()));
        // A peer that the server forbids is not asked for again.
        user_.sent.clear();
        const auto forbidden = turn_address("203.0.113.99:9");
        client.send(forbidden, hello(), now_);
        refuse(client, next(), 403);
        client.send(forbidden, hello(), now_);
        CPPUNIT_ASSERT(user_.sent.empty() && client.state() == TurnClient::State::allocated);
    }
    void believes_only_answers_with_integrity_and_permitted_peers() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        client.allocate(now_);
        challenge(client, next(), 401, "one");
        const StunMessage request = next();
        answer(client, request, StunClass::success, "another key", [](StunWriter& w) { w.address(StunAttribute::xor_relayed_address, turn_address("192.0.2.66:1")); });
        answer(client, request, StunClass::error, {}, [](StunWriter& w) { w.error(486, "Quota"); });
        CPPUNIT_ASSERT(client.state() == TurnClient::State::allocating);
        grant(client, request);
        CPPUNIT_ASSERT(client.state() == TurnClient::State::allocated);
        StunWriter writer(StunMethod::data, StunClass::indication, {});
        writer.address(StunAttribute::xor_peer_address, turn_address("203.0.113.7:9")).bytes(StunAttribute::data, hello());
        CPPUNIT_ASSERT(!client.receive(writer.finish({}), now_));
        for (const std::vector<std::uint8_t>& bytes : std::vector<std::vector<std::uint8_t>>{{}, {0x40}, {0x40, 0, 0, 9, 1}, {0x4f, 0xff, 0, 1, 1}})
            CPPUNIT_ASSERT(!client.receive(bytes, now_));
    }
    void peers_are_bounded() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        allocate(client);
        for (unsigned port = 1; port <= 200; ++port) client.send(turn_address("203.0.113.1:1").with_port(static_cast<std::uint16_t>(port)), hello(), now_);
        CPPUNIT_ASSERT(user_.sent.size() <= TurnClient::most_peers);
        client.send(turn_address("[2001:db8::1]:9"), hello(), now_);  // not of the relay's family
        CPPUNIT_ASSERT(user_.sent.size() <= TurnClient::most_peers);
    }
    void gives_the_allocation_back() {
        TurnClient client(user_, {.user = "pbx", .password = "secret"});
        allocate(client);
        client.release(now_);
        const StunMessage end = next();
        CPPUNIT_ASSERT(end.method == StunMethod::refresh && end.lifetime == 0u && has_integrity(end, key_));
        CPPUNIT_ASSERT(!client.next() && user_.sent.empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TurnClientTest);
