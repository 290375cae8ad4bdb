#include "tests/unit/core/bridge/bridge_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class TransferTest : public BridgeTest {
    CPPUNIT_TEST_SUITE(TransferTest);
    CPPUNIT_TEST(a_blind_transfer_sends_an_imparted_peer_to_the_dialplan);
    CPPUNIT_TEST(a_blind_transfer_redirects_a_joined_peer);
    CPPUNIT_TEST(a_blind_transfer_to_nowhere_changes_nothing);
    CPPUNIT_TEST(the_far_side_hears_the_result_before_it_is_hung_up);
    CPPUNIT_TEST(an_attended_transfer_connects_the_two_peers);
    CPPUNIT_TEST(a_joined_target_keeps_its_own_execution);
    CPPUNIT_TEST(an_application_goes_on_with_the_transferred_call);
    CPPUNIT_TEST(refer_with_replaces_is_an_attended_transfer);
    CPPUNIT_TEST(nothing_bridged_is_no_transfer);
    CPPUNIT_TEST_SUITE_END();

    void a_blind_transfer_sends_an_imparted_peer_to_the_dialplan() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            Channel& b = impart(bridge, "b");
            const auto name = a->channel->name();
            CPPUNIT_ASSERT(blind_transfer(*a->channel, {"default", "200", 1}) == TransferResult::success);
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), dialplan().size());
            CPPUNIT_ASSERT(&dialplan().front().channel() == &b);
            CPPUNIT_ASSERT_EQUAL(std::string("200"), b.place().extension);
            CPPUNIT_ASSERT_EQUAL(name, b.variable("BLINDTRANSFER"));
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(code_of(*a->result) == ErrorCode::hangup);
            CPPUNIT_ASSERT(!b.hung_up());
            dialplan().clear();
        });
    }
    void a_blind_transfer_redirects_a_joined_peer() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            Channel& b = impart(bridge, "b");
            CPPUNIT_ASSERT(blind_transfer(b, {"default", "200", 1}) == TransferResult::success);
            const auto place = a->channel->take_redirection();
            CPPUNIT_ASSERT(place && place->extension == "200");
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(code_of(*a->result) == ErrorCode::redirected);
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16"); }));
        });
    }
    void a_blind_transfer_to_nowhere_changes_nothing() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            CPPUNIT_ASSERT(blind_transfer(a, {"default", "999", 1}) == TransferResult::invalid);
            CPPUNIT_ASSERT(talk("a", "b"));
            end_all();
        });
    }
    void the_far_side_hears_the_result_before_it_is_hung_up() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            auto refer = [&](const char* destination) {
                auto& request = a.transfer_request.emplace();
                request.destination = destination;
                request.done = [this](bool success) { phone("a").log.push_back(success ? "accepted" : "refused"); };
                a.remote_event({ChannelEvent::Kind::transfer});
            };
            refer("999");
            CPPUNIT_ASSERT(until([&] { return phone("a").was("refused"); }));
            CPPUNIT_ASSERT(talk("a", "b"));
            refer("200");
            CPPUNIT_ASSERT(until([&] { return phone("a").was("hang up 16"); }));
            const auto& log = phone("a").log;
            CPPUNIT_ASSERT(std::ranges::find(log, "accepted") < std::ranges::find(log, "hang up 16"));
            CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("accepted"));
            dialplan().clear();
        });
    }
    void an_attended_transfer_connects_the_two_peers() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
            auto a = join(one, "a");
            auto second = join(two, "c");
            CPPUNIT_ASSERT(until([&] { return one->size() == 1 && two->size() == 1; }));
            Channel& first = impart(one, "b");
            Channel& d = impart(two, "d");
            first.remote_event({ChannelEvent::Kind::hold});
            CPPUNIT_ASSERT(hears_music("a"));
            CPPUNIT_ASSERT(talk("c", "d"));
            CPPUNIT_ASSERT(attended_transfer(first, *second->channel) == TransferResult::success);
            CPPUNIT_ASSERT(talk("a", "d"));
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16") && phone("c").was("hang up 16"); }));
            CPPUNIT_ASSERT(!a->result);
            CPPUNIT_ASSERT(d.peer() == a->channel);
            CPPUNIT_ASSERT_EQUAL(std::string("d"), a->channel->connected().id.number.text);
            CPPUNIT_ASSERT_EQUAL(std::string("a"), d.connected().id.number.text);
            end_all();
        });
    }
    void a_joined_target_keeps_its_own_execution() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
            auto target = join(two, "d");
            CPPUNIT_ASSERT(until([&] { return two->size() == 1; }));
            impart(one, "a");
            Channel &first = impart(one, "b"), &second = impart(two, "c");
            CPPUNIT_ASSERT(attended_transfer(first, second) == TransferResult::success);
            CPPUNIT_ASSERT(talk("a", "d"));
            CPPUNIT_ASSERT(!target->result);
            phone("a").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return target->result.has_value(); }));
            CPPUNIT_ASSERT(target->result->value() == LeaveReason::bridge_dissolved);
        });
    }
    void an_application_goes_on_with_the_transferred_call() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party);
            auto a = join(one, "a");
            CPPUNIT_ASSERT(until([&] { return one->size() == 1; }));
            Channel& first = impart(one, "b");
            const auto name = a->channel->name();
            Channel* second = nullptr;
            bool played = false;
            start([&] {
                auto custody = incoming("c");
                second = &custody.channel();
                const InterruptScope scope(custody.interrupter());
                played = custody->play_source(std::make_unique<ToneSource>(1900, 60)).has_value();
                CPPUNIT_ASSERT_EQUAL(name, custody->name());
                second = nullptr;
            });
            CPPUNIT_ASSERT(until([&] { return second && phone("c").ear->hears(1900); }));
            CPPUNIT_ASSERT(attended_transfer(first, *second) == TransferResult::success);
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(1900); }));
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16") && phone("c").was("hang up 16"); }));
            CPPUNIT_ASSERT(until([&] { return second == nullptr; }));
            CPPUNIT_ASSERT(played);
            CPPUNIT_ASSERT(phone("a").was("hang up 16"));
        });
    }
    void refer_with_replaces_is_an_attended_transfer() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
            impart(one, "a");
            Channel &first = impart(one, "b"), &second = impart(two, "c");
            impart(two, "d");
            std::optional<bool> told;
            auto& request = second.transfer_request.emplace();
            request.attended = true;
            request.replaces_channel = first.id().number;
            request.done = [&](bool success) { told = success; };
            second.remote_event({ChannelEvent::Kind::transfer});
            CPPUNIT_ASSERT(until([&] { return told.has_value(); }));
            CPPUNIT_ASSERT(*told);
            CPPUNIT_ASSERT(talk("a", "d"));
            end_all();
        });
    }
    void nothing_bridged_is_no_transfer() {
        run([&] {
            auto a = incoming("a"), b = incoming("b");
            CPPUNIT_ASSERT(blind_transfer(a.channel(), {"default", "200", 1}) == TransferResult::fail);
            CPPUNIT_ASSERT(attended_transfer(a.channel(), b.channel()) == TransferResult::fail);
            CPPUNIT_ASSERT(attended_transfer(a.channel(), a.channel()) == TransferResult::fail);
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TransferTest);
