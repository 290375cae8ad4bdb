#include "modules/res_rtp/ice_agent.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>
#include <functional>
#include <memory>

using namespace jackfield;
using namespace jackfield::rtp;
using namespace std::chrono_literals;

namespace {

SocketAddress ice_address(const std::string& text) { return SocketAddress::parse(text).value(); }

// Carries packets between agents, by the addresses that they have on it.
class IceNetwork {
  public:
    struct Host final : IceAgent::User {
        Host(IceNetwork& its_network, std::vector<SocketAddress> its_addresses, IceAgent::Settings settings, std::uint8_t its_seed)
            : network(its_network), addresses(std::move(its_addresses)), seed(its_seed), agent(*this, settings) {}
        void send_check(unsigned component, IceBase, const SocketAddress& to, std::span<const std::uint8_t> bytes) override {
            ++sent;
            const auto message = parse_stun(bytes);
            CPPUNIT_ASSERT(message && message->has_fingerprint);
            if (message->use_candidate) ++nominations;
            network.packets.push_back({addresses.at(component - 1), to, {bytes.begin(), bytes.end()}});
        }
        void selected(unsigned component, IceBase, const SocketAddress& to) override { chosen[component - 1] = to; }
        void ice_failed(std::string_view why) override { failure = why; }
        void fill_random(std::span<std::uint8_t> bytes) override {
            for (std::uint8_t& byte : bytes) {
                state = state * 1103515245 + 12345 + seed;
                byte = static_cast<std::uint8_t>(state ^ state >> 16);
            }
        }
        IceAgent::Remote description(bool lite = false) const {
            IceAgent::Remote remote;
            remote.credentials = agent.credentials();
            remote.lite = lite;
            remote.components = static_cast<unsigned>(addresses.size());
            for (unsigned component = 1; component <= addresses.size(); ++component) {
                IceCandidate candidate;
                candidate.foundation = "1";
                candidate.component = component;
                candidate.address = addresses[component - 1];
                candidate.priority = candidate_priority(IceCandidate::Kind::host, 65535, component);
                remote.candidates.push_back(candidate);
            }
            return remote;
        }
        IceNetwork& network;
        std::vector<SocketAddress> addresses;
        std::uint8_t seed;
        std::uint32_t state = 1;
        unsigned sent = 0, nominations = 0;
        std::array<SocketAddress, 2> chosen;
        std::string failure;
        IceAgent agent;
    };
    struct Sent {
        SocketAddress from, to;
        std::vector<std::uint8_t> bytes;
    };

    Host& host(std::vector<std::string> names, IceAgent::Settings settings = {}) {
        std::vector<SocketAddress> addresses;
        for (const std::string& name : names) addresses.push_back(ice_address(name));
        hosts.push_back(std::make_unique<Host>(*this, addresses, settings, static_cast<std::uint8_t>(40 + 17 * hosts.size())));
        return *hosts.back();
    }
    void deliver() {
        while (!packets.empty()) {
            Sent packet = std::move(packets.front());
            packets.pop_front();
            if (lost && lost(packet)) continue;
            for (const auto& each : hosts)
                for (unsigned component = 1; component <= each->addresses.size(); ++component)
                    if (each->addresses[component - 1] == packet.to)
                        each->agent.receive(component, IceBase::socket, packet.from, parse_stun(packet.bytes).value(), now);
        }
    }
    // Turns the clock in the agents' own steps.
    void run(std::chrono::milliseconds time) {
        const Instant end = now + time;
        for (deliver();;) {
            std::optional<Instant> next;
            for (const auto& each : hosts)
                if (const auto at = each->agent.next(); at && (!next || *at < *next)) next = at;
            if (!next || *next > end) break;
            now = std::max(now, *next);
            for (const auto& each : hosts)
                if (each->agent.next() && *each->agent.next() <= now) each->agent.tick(now);
            deliver();
        }
        now = end;
    }
    std::function<bool(const Sent&)> lost;
    std::deque<Sent> packets;
    std::vector<std::unique_ptr<Host>> hosts;
    Instant now{1h};
};

}  // namespace

class IceAgentTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IceAgentTest);
    CPPUNIT_TEST(two_agents_select_each_other);
    CPPUNIT_TEST(selects_both_components);
    CPPUNIT_TEST(checks_that_come_before_the_description_count);
    CPPUNIT_TEST(lost_checks_are_repeated);
    CPPUNIT_TEST(finds_a_peer_at_an_address_nobody_described);
    CPPUNIT_TEST(two_who_both_control_agree);
    CPPUNIT_TEST(two_who_both_are_controlled_agree);
    CPPUNIT_TEST(a_lite_agent_makes_no_checks);
    CPPUNIT_TEST(prefers_the_better_of_two_addresses);
    CPPUNIT_TEST(answers_nobody_who_does_not_know_the_password);
    CPPUNIT_TEST(consent_ends_with_the_answers);
    CPPUNIT_TEST(fails_when_nobody_answers);
    CPPUNIT_TEST(restarts_to_another_address);
    CPPUNIT_TEST(stops_and_begins_anew);
    CPPUNIT_TEST(a_flood_of_addresses_is_bounded);
    CPPUNIT_TEST_SUITE_END();

    IceNetwork network_;

    void connect(IceNetwork::Host& offerer, IceNetwork::Host& answerer, bool lite_answerer = false) {
        answerer.agent.start(offerer.description(), false, network_.now);
        network_.deliver();
        offerer.agent.start(answerer.description(lite_answerer), true, network_.now);
        network_.run(2s);
    }
    static bool connected(const IceNetwork::Host& host) { return host.agent.state() == IceAgent::State::connected; }

  public:
    void two_agents_select_each_other() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        connect(alice, bob);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
        CPPUNIT_ASSERT(alice.chosen[0] == bob.addresses[0] && bob.chosen[0] == alice.addresses[0]);
        CPPUNIT_ASSERT(alice.agent.controlling() && !bob.agent.controlling());
        CPPUNIT_ASSERT(alice.nominations == 1 && bob.nominations == 0);
    }
    void selects_both_components() {
        auto& alice = network_.host({"10.0.0.1:1000", "10.0.0.1:1001"});
        auto& bob = network_.host({"10.0.0.2:2000", "10.0.0.2:2001"});
        connect(alice, bob);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
        CPPUNIT_ASSERT(alice.chosen[1] == bob.addresses[1] && bob.chosen[1] == alice.addresses[1]);
    }
    void checks_that_come_before_the_description_count() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        bob.agent.start(alice.description(), false, network_.now);
        network_.run(100ms);
        CPPUNIT_ASSERT(!connected(bob) && alice.agent.requests_heard() > 0);
        auto nowhere = bob.description();
        nowhere.candidates.clear();  // only what came tells where he is
        alice.agent.start(nowhere, true, network_.now);
        network_.run(1s);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
    }
    void lost_checks_are_repeated() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        std::uint32_t draw = 7;
        network_.lost = [&](const IceNetwork::Sent&) { return (draw = draw * 1664525 + 1013904223) >> 31; };  // one of two
        connect(alice, bob);
        network_.run(20s);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
    }
    void finds_a_peer_at_an_address_nobody_described() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        auto behind_nat = bob.description();
        behind_nat.candidates[0].address = ice_address("192.168.1.1:7");
        bob.agent.start(alice.description(), false, network_.now);
        alice.agent.start(behind_nat, true, network_.now);
        network_.run(2s);
        CPPUNIT_ASSERT(connected(alice) && alice.chosen[0] == bob.addresses[0]);
        CPPUNIT_ASSERT(connected(bob));
    }
    void two_who_both_control_agree() { roles_settle(true); }
    void two_who_both_are_controlled_agree() { roles_settle(false); }
    void roles_settle(bool controlling) {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        alice.agent.start(bob.description(), controlling, network_.now);
        bob.agent.start(alice.description(), controlling, network_.now);
        network_.run(3s);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
        CPPUNIT_ASSERT(alice.agent.controlling() != bob.agent.controlling());
    }
    void a_lite_agent_makes_no_checks() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"}, {.lite = true});
        connect(alice, bob, true);
        CPPUNIT_ASSERT(connected(alice) && connected(bob) && bob.chosen[0] == alice.addresses[0]);
        CPPUNIT_ASSERT(bob.agent.requests_heard() == bob.sent);  // answers only
    }
    void prefers_the_better_of_two_addresses() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        auto described = bob.description();
        IceCandidate better = described.candidates[0];
        better.address = ice_address("10.9.9.9:9");  // to which there is no way
        better.priority += 1 << 8;
        described.candidates.insert(described.candidates.begin(), better);
        bob.agent.start(alice.description(), false, network_.now);
        alice.agent.start(described, true, network_.now);
        network_.run(60ms);
        CPPUNIT_ASSERT(!connected(alice));  // still hopes for it
        network_.run(1s);
        CPPUNIT_ASSERT(connected(alice) && alice.chosen[0] == bob.addresses[0]);
    }
    void answers_nobody_who_does_not_know_the_password() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        for (const bool right_user : {false, true}) {
            StunWriter writer(StunMethod::binding, StunClass::request, {});
            writer.text(StunAttribute::username, (right_user ? alice.agent.credentials().user : "nobody") + ":x");
            alice.agent.receive(1, IceBase::socket, ice_address("10.0.0.9:9"), parse_stun(writer.finish("a password of mine that is wrong")).value(), network_.now);
        }
        CPPUNIT_ASSERT(alice.sent == 0 && alice.agent.requests_heard() == 0);
    }
    void consent_ends_with_the_answers() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        connect(alice, bob);
        network_.run(120s);
        CPPUNIT_ASSERT(connected(alice) && alice.failure.empty());
        network_.lost = [&](const IceNetwork::Sent& packet) { return packet.to == alice.addresses[0]; };
        network_.run(20s);
        CPPUNIT_ASSERT(connected(alice));
        network_.run(16s);
        CPPUNIT_ASSERT(alice.agent.state() == IceAgent::State::failed && !alice.failure.empty());
    }
    void fails_when_nobody_answers() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        network_.lost = [](const IceNetwork::Sent&) { return true; };
        alice.agent.start(bob.description(), true, network_.now);
        network_.run(38s);
        CPPUNIT_ASSERT(alice.failure.empty());
        network_.run(5s);
        CPPUNIT_ASSERT(alice.agent.state() == IceAgent::State::failed && !alice.failure.empty());
        CPPUNIT_ASSERT_EQUAL(7u, alice.sent);
    }
    void restarts_to_another_address() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        connect(alice, bob);
        bob.addresses[0] = ice_address("10.0.0.3:3000");
        const auto before = bob.agent.credentials();
        bob.agent.restart();
        CPPUNIT_ASSERT(!(before == bob.agent.credentials()));
        alice.agent.restart();
        connect(bob, alice);
        CPPUNIT_ASSERT(connected(alice) && connected(bob) && alice.chosen[0] == bob.addresses[0]);
    }
    void stops_and_begins_anew() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        connect(alice, bob);
        alice.agent.stop();
        network_.lost = [](const IceNetwork::Sent&) { return true; };
        const unsigned before = alice.sent;
        network_.run(25s);
        CPPUNIT_ASSERT(alice.failure.empty() && alice.sent == before);
        network_.lost = {};
        alice.agent.restart();
        bob.agent.restart();
        connect(alice, bob);
        CPPUNIT_ASSERT(connected(alice) && connected(bob));
    }
    void a_flood_of_addresses_is_bounded() {
        auto& alice = network_.host({"10.0.0.1:1000"});
        auto& bob = network_.host({"10.0.0.2:2000"});
        connect(alice, bob);
        const unsigned before = alice.sent;
        for (unsigned port = 1; port < 5000; ++port) {  // who knows the password, from everywhere
            StunWriter writer(StunMethod::binding, StunClass::request, {});
            writer.text(StunAttribute::username, alice.agent.credentials().user + ":x").number(StunAttribute::priority, 1);
            const auto bytes = writer.finish(alice.agent.credentials().password);
            alice.agent.receive(1, IceBase::socket, ice_address("10.0.0.9").with_port(static_cast<std::uint16_t>(port)), parse_stun(bytes).value(), network_.now);
        }
        network_.packets.clear();
        CPPUNIT_ASSERT_EQUAL(before + 4999, alice.sent);  // each has its answer, and nothing comes of it
        network_.run(10s);
        CPPUNIT_ASSERT(connected(alice) && alice.chosen[0] == bob.addresses[0]);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IceAgentTest);
