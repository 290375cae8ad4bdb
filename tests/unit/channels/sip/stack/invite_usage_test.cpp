// 2xx and reliable provisional responses, and whose turn it is.
#include "channels/sip/stack/invite_usage.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

Message parsed(std::string_view start, std::string_view cseq) {
    ParseResult result =
        parse_message(std::string(start) + "\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n" +
                      "To: <sip:b@h>;tag=t\r\nFrom: <sip:a@h>;tag=f\r\nCall-ID: c\r\nCSeq: " + std::string(cseq) +
                      "\r\nContent-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(result.verdict == Verdict::accept);
    return std::move(result.message);
}

struct World : FlowSender, TransactionCore, ServerTransactionUser, SuccessRepeater::User, ReliableProvisionals::User {
    Instant now{1h};
    StackTimers timers{now};
    std::string log;
    ServerHandle server{*this};
    TransactionLayer layer{*this, timers, *this};
    Flow flow{1, false, SocketAddress::parse("192.0.2.9").value()};

    Result<void> send(const Flow&, std::string_view message) override {
        log += std::string(message.substr(0, message.find("\r\n"))) + " ";
        return {};
    }
    void on_request(IncomingRequest& incoming) override { incoming.take(server); }
    void on_ack(const Message&, const Flow&) override {}
    void on_late_success(const Message&, const Flow&) override {}
    void on_cancel(ServerHandle&, const Message&) override {}
    void on_unacknowledged() override { log += "no-ack "; }
    void on_unacknowledged_provisional() override { log += "no-prack "; }

    void pass(std::chrono::milliseconds time) {
        for (const Instant end = now + time; now < end;) timers.advance(now += 10ms);
    }
    std::size_t count(std::string_view word) const {
        std::size_t found = 0;
        for (std::size_t at = log.find(word); at != std::string::npos; at = log.find(word, at + 1)) ++found;
        return found;
    }
};

RAck rack(std::uint32_t rseq, std::uint32_t cseq = 7) { return {rseq, {cseq, Method::invite, "INVITE"}}; }

class InviteUsageTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(InviteUsageTest);
    CPPUNIT_TEST(a_success_is_repeated_until_its_ack);
    CPPUNIT_TEST(a_success_without_ack_is_told);
    CPPUNIT_TEST(provisionals_go_one_by_one);
    CPPUNIT_TEST(a_provisional_without_prack_is_told);
    CPPUNIT_TEST(the_final_response_ends_provisionals);
    CPPUNIT_TEST(received_provisionals_are_put_in_order);
    CPPUNIT_TEST(offers_take_turns);
    CPPUNIT_TEST(glare_is_resolved_by_waiting);
    CPPUNIT_TEST_SUITE_END();

  public:
    void a_success_is_repeated_until_its_ack() {
        World world;
        SuccessRepeater repeater(world, world, world.timers);
        repeater.start("OK\r\n", 7, world.flow, {});
        world.pass(1500ms);
        CPPUNIT_ASSERT_EQUAL(std::string("OK OK "), world.log);
        CPPUNIT_ASSERT(!repeater.acknowledge(parsed("ACK sip:b@h SIP/2.0", "6 ACK")));
        CPPUNIT_ASSERT(repeater.acknowledge(parsed("ACK sip:b@h SIP/2.0", "7 ACK")));
        CPPUNIT_ASSERT(!repeater.acknowledge(parsed("ACK sip:b@h SIP/2.0", "7 ACK")));
        world.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("OK OK "), world.log);
    }

    void a_success_without_ack_is_told() {
        World world;
        SuccessRepeater repeater(world, world, world.timers);
        repeater.start("OK\r\n", 7, world.flow, {});
        world.pass(40s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(10), world.count("OK"));  // .5, 1.5, 3.5, 7.5, 11.5, ... 31.5 s
        CPPUNIT_ASSERT(world.log.ends_with("no-ack "));
        CPPUNIT_ASSERT(!repeater.waiting());
    }

    void provisionals_go_one_by_one() {
        World world;
        world.layer.receive(parsed("INVITE sip:b@h SIP/2.0", "7 INVITE"), world.flow);
        ReliableProvisionals reliable(world, world.server, world.timers, world.layer.settings());
        const auto first = reliable.next_number(), second = reliable.next_number();
        CPPUNIT_ASSERT_EQUAL(first + 1, second);
        CPPUNIT_ASSERT(reliable.send(first, 180, "180\r\n").has_value());
        CPPUNIT_ASSERT(reliable.send(second, 183, "183\r\n").has_value());
        world.pass(1500ms);
        CPPUNIT_ASSERT_EQUAL(std::string("180 180 180 "), world.log);
        CPPUNIT_ASSERT(!reliable.acknowledge(rack(second)));
        CPPUNIT_ASSERT(!reliable.acknowledge(rack(first, 8)));
        CPPUNIT_ASSERT(reliable.acknowledge(rack(first)));
        CPPUNIT_ASSERT(reliable.waiting());
        CPPUNIT_ASSERT_EQUAL(std::string("180 180 180 183 "), world.log);
        CPPUNIT_ASSERT(reliable.acknowledge(rack(second)));
        CPPUNIT_ASSERT(!reliable.waiting());
        world.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("180 180 180 183 "), world.log);
    }

    void a_provisional_without_prack_is_told() {
        World world;
        world.layer.receive(parsed("INVITE sip:b@h SIP/2.0", "7 INVITE"), world.flow);
        ReliableProvisionals reliable(world, world.server, world.timers, world.layer.settings());
        CPPUNIT_ASSERT(reliable.send(reliable.next_number(), 180, "180\r\n").has_value());
        world.pass(33s);
        CPPUNIT_ASSERT(world.log.ends_with("no-prack "));
        CPPUNIT_ASSERT_EQUAL(std::size_t(7), world.count("180"));
    }

    void the_final_response_ends_provisionals() {
        World world;
        world.layer.receive(parsed("INVITE sip:b@h SIP/2.0", "7 INVITE"), world.flow);
        ReliableProvisionals reliable(world, world.server, world.timers, world.layer.settings());
        CPPUNIT_ASSERT(reliable.send(reliable.next_number(), 180, "180\r\n").has_value());
        CPPUNIT_ASSERT(world.server.respond(200).has_value());
        world.pass(10s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("180"));
        CPPUNIT_ASSERT(!reliable.waiting());
        CPPUNIT_ASSERT(reliable.send(reliable.next_number(), 180, "180\r\n").error().code == ErrorCode::closed);
    }

    void received_provisionals_are_put_in_order() {
        ReliableReceiver receiver;
        using enum ReliableReceiver::Verdict;
        CPPUNIT_ASSERT(receiver.receive(100) == fresh);
        CPPUNIT_ASSERT(receiver.receive(100) == repeat);
        CPPUNIT_ASSERT(receiver.receive(102) == early);
        CPPUNIT_ASSERT(receiver.receive(101) == fresh);
        CPPUNIT_ASSERT(receiver.receive(102) == fresh);
    }

    void offers_take_turns() {
        using enum NegotiationState::Admission;
        NegotiationState state;
        CPPUNIT_ASSERT(state.admit(true) == yes && state.may_invite());
        state.invite_sent();
        CPPUNIT_ASSERT(state.admit(true) == glare);
        CPPUNIT_ASSERT(state.admit(false) == yes);  // an UPDATE while the INVITE has no offer open
        state.offer_sent();
        CPPUNIT_ASSERT(state.admit(false) == glare);
        CPPUNIT_ASSERT(!state.may_offer());
        state.offer_settled();
        CPPUNIT_ASSERT(state.may_offer() && !state.may_invite());
        state.invite_done();
        state.invite_received();
        state.offer_received();
        CPPUNIT_ASSERT(state.admit(true) == too_early);
        CPPUNIT_ASSERT(state.admit(false) == too_early);
        CPPUNIT_ASSERT(!state.may_invite());
        state.offer_settled();
        state.invite_done();
        CPPUNIT_ASSERT(state.may_invite());
    }

    void glare_is_resolved_by_waiting() {
        for (std::uint64_t random = 0; random < 1000; ++random) {
            const auto owner = NegotiationState::retry_delay(true, random);
            const auto other = NegotiationState::retry_delay(false, random);
            CPPUNIT_ASSERT(owner >= 2100ms && owner <= 4000ms && other >= 0ms && other <= 2000ms);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InviteUsageTest);

}  // namespace
