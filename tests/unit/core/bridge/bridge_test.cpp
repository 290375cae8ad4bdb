#include "core/bridge/bridge.hpp"

#include "tests/unit/core/bridge/bridge_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class NullTap final : public Tap {
  public:
    NullTap() : Tap(Direction::both) {}
    void hear(const Frame&, Direction) override {}
};

}  // namespace

class BridgeLifeTest : public BridgeTest {
    CPPUNIT_TEST_SUITE(BridgeLifeTest);
    CPPUNIT_TEST(two_members_hear_each_other);
    CPPUNIT_TEST(a_member_that_hangs_up_ends_the_call_of_the_other);
    CPPUNIT_TEST(who_waits_for_a_caller_that_is_gone_waits_no_longer);
    CPPUNIT_TEST(an_imparted_channel_goes_to_whom_was_asked_for);
    CPPUNIT_TEST(codecs_without_translation_are_refused);
    CPPUNIT_TEST(hold_plays_music_to_the_other_side);
    CPPUNIT_TEST(a_driver_that_knows_hold_plays_its_own);
    CPPUNIT_TEST(one_that_comes_on_hold_is_heard_as_held);
    CPPUNIT_TEST(a_new_identity_reaches_the_other_side);
    CPPUNIT_TEST(taking_a_member_leaves_it_alive_and_ends_the_rest);
    CPPUNIT_TEST(a_redirected_member_goes_to_the_dialplan);
    CPPUNIT_TEST(works_run_in_order_while_bridged);
    CPPUNIT_TEST(digits_pass_to_the_other_side_once);
    CPPUNIT_TEST(a_suspended_member_leaves_the_other_with_music);
    CPPUNIT_TEST(a_substitute_takes_a_members_place);
    CPPUNIT_TEST(a_limit_ends_the_call_in_time);
    CPPUNIT_TEST(members_of_a_mixing_bridge_hear_the_sum_of_the_others);
    CPPUNIT_TEST(a_two_party_bridge_grows);
    CPPUNIT_TEST(who_waits_in_a_holding_bridge_hears_music);
    CPPUNIT_TEST(an_announcer_is_heard_instead_of_the_music);
    CPPUNIT_TEST(local_halves_are_dropped_by_a_merge);
    CPPUNIT_TEST(a_half_that_is_listened_to_stays);
    CPPUNIT_TEST(a_function_of_a_module_keeps_it_loaded);
    CPPUNIT_TEST(early_events_of_a_member_reach_the_other);
    CPPUNIT_TEST_SUITE_END();

    void two_members_hear_each_other() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            Channel& b = impart(bridge, "b");
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(b.bridge() == bridge.get());
            CPPUNIT_ASSERT(b.peer() == a->channel);
            CPPUNIT_ASSERT_EQUAL(b.name(), a->channel->variable("BRIDGEPEER"));
            CPPUNIT_ASSERT_EQUAL(a->channel->linked_id(), b.linked_id());
            CPPUNIT_ASSERT(phone("a").was("bridged " + b.name()));
            CPPUNIT_ASSERT(Bridge::find(bridge->id()) == bridge);
            auto third = incoming("c");
            CPPUNIT_ASSERT(code_of(bridge->impart(std::move(third))) == ErrorCode::limit);
            end_all();
        });
    }
    void a_member_that_hangs_up_ends_the_call_of_the_other() {
        auto bridge = Bridge::create(BridgeKind::two_party);
        auto a = join(bridge, "a");
        run([&] {
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "b").remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(a->result->value() == LeaveReason::bridge_dissolved);

            a = join(bridge, "c");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "d");
            phone("c").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return phone("d").was("hang up 16"); }));
            CPPUNIT_ASSERT(code_of(*a->result) == ErrorCode::hangup);
        });
        bridge.reset();
    }
    void who_waits_for_a_caller_that_is_gone_waits_no_longer() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto caller = incoming("a");
            impart(bridge, "b");
            caller->remote_hung_up(HangupCause::normal_clearing);
            const InterruptScope scope(caller.interrupter());
            CPPUNIT_ASSERT(code_of(bridge->join(caller.channel())) == ErrorCode::hangup);
            const Shield shield;
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16"); }));
        });
    }
    void an_imparted_channel_goes_to_whom_was_asked_for() {
        Custody after;
        LeaveReason why{};
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b", {}, [&](Custody custody, LeaveReason reason) {
                after = std::move(custody);
                why = reason;
            });
            a.hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return after.holds(); }));
            CPPUNIT_ASSERT(why == LeaveReason::bridge_dissolved);
            CPPUNIT_ASSERT(!after->hung_up());
            CPPUNIT_ASSERT(after->bridge() == nullptr);
            after.release();
        });
    }
    void codecs_without_translation_are_refused() {
        phone("b").codec = find_codec("gsm");
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            auto b = incoming("b");
            CPPUNIT_ASSERT(code_of(bridge->impart(std::move(b))) == ErrorCode::unsupported);
            CPPUNIT_ASSERT(phone("b").was("hang up 58"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), bridge->size());
            a.hang_up(HangupCause::normal_clearing);
        });
    }
    void hold_plays_music_to_the_other_side() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            CPPUNIT_ASSERT(talk("a", "b"));
            a.remote_event({ChannelEvent::Kind::hold, "jazz"});
            CPPUNIT_ASSERT(hears_music("b"));
            CPPUNIT_ASSERT_EQUAL(std::string("jazz"), music->asked.back());
            a.remote_event({ChannelEvent::Kind::unhold});
            CPPUNIT_ASSERT(talk("a", "b"));
            // Held and gone: the music ends with it.
            a.remote_event({ChannelEvent::Kind::hold});
            CPPUNIT_ASSERT(hears_music("b"));
            auto b = Custody::take(*phone("b").channel, "test");
            CPPUNIT_ASSERT(!b->media().playing());
            end_all();
        });
    }
    void a_driver_that_knows_hold_plays_its_own() {
        phone("b").supports.insert({Indication::hold, Indication::unhold});
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            a.remote_event({ChannelEvent::Kind::hold});
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hold"); }));
            a.remote_event({ChannelEvent::Kind::unhold});
            CPPUNIT_ASSERT(until([&] { return phone("b").was("unhold"); }));
            CPPUNIT_ASSERT(music->asked.empty());
            end_all();
        });
    }
    void one_that_comes_on_hold_is_heard_as_held() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = incoming("a");
            a->remote_event({ChannelEvent::Kind::hold});
            CPPUNIT_ASSERT(bridge->impart(std::move(a)).has_value());
            impart(bridge, "b");
            CPPUNIT_ASSERT(hears_music("b"));
            end_all();
        });
    }
    void a_new_identity_reaches_the_other_side() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel &a = impart(bridge, "a"), &b = impart(bridge, "b");
            b.caller().id = PartyId::of("7", "Seven");
            b.remote_event({ChannelEvent::Kind::connected_line});
            CPPUNIT_ASSERT(until([&] { return phone("a").was("connected line"); }));
            CPPUNIT_ASSERT_EQUAL(std::string("7"), a.connected().id.number.text);
            CallerIdentity changed;
            changed.id = PartyId::of("8");
            b.update_caller(changed);
            CPPUNIT_ASSERT(until([&] { return phone("a").times("connected line") == 2; }));
            CPPUNIT_ASSERT_EQUAL(std::string("8"), a.connected().id.number.text);
            CPPUNIT_ASSERT(!phone("b").was("connected line"));
            end_all();
        });
    }
    void taking_a_member_leaves_it_alive_and_ends_the_rest() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            bool after = false;
            Channel& b = impart(bridge, "b", {}, [&](Custody, LeaveReason) { after = true; });
            auto taken = Custody::take(b, "parking");
            CPPUNIT_ASSERT(b.bridge() == nullptr);
            CPPUNIT_ASSERT(!b.media().connected());
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(a->result->value() == LeaveReason::bridge_dissolved);
            CPPUNIT_ASSERT(!after);
            CPPUNIT_ASSERT(taken.holds() && !b.hung_up());
        });
    }
    void a_redirected_member_goes_to_the_dialplan() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            Channel& b = impart(bridge, "b");
            CPPUNIT_ASSERT(a->channel->redirect({"sales", "1", 1}).has_value());
            CPPUNIT_ASSERT(b.redirect({"sales", "2", 1}).has_value());
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(code_of(*a->result) == ErrorCode::redirected);
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), dialplan().size());
            CPPUNIT_ASSERT(&dialplan().front().channel() == &b);
            CPPUNIT_ASSERT_EQUAL(std::string("2"), b.place().extension);
            CPPUNIT_ASSERT(!b.hung_up());
            dialplan().clear();
        });
    }
    void works_run_in_order_while_bridged() {
        std::string order;
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "b");
            for (const char letter : {'x', 'y', 'z'})
                CPPUNIT_ASSERT(a->channel->post_work([&order, letter](Channel& channel) {
                    (void)channel.wait(2ms);
                    order += letter;
                }));
            CPPUNIT_ASSERT(until([&] { return order.size() == 3; }));
            CPPUNIT_ASSERT_EQUAL(std::string("xyz"), order);
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), bridge->size());
            end_all();
        });
    }
    void digits_pass_to_the_other_side_once() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel &a = impart(bridge, "a"), &b = impart(bridge, "b");
            phone("a").press('5');
            CPPUNIT_ASSERT(until([&] { return phone("b").ear->digits() == "5/5"; }));
            a.remote_digit('6', 100ms);
            CPPUNIT_ASSERT(until([&] { return phone("b").ear->digits() == "5/56/6"; }));
            CPPUNIT_ASSERT(!a.digits_waiting() && !b.digits_waiting());
            end_all();
        });
    }
    void a_suspended_member_leaves_the_other_with_music() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            CPPUNIT_ASSERT(talk("a", "b"));
            bridge->suspend(a);
            CPPUNIT_ASSERT(hears_music("b"));
            phone("a").press('4');
            CPPUNIT_ASSERT_EQUAL('4', a.read_digit(2s).value());
            bridge->resume(a);
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT_EQUAL(std::string(), phone("b").ear->digits());
            end_all();
        });
    }
    void a_substitute_takes_a_members_place() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a");
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            std::optional<LeaveReason> left;
            Channel& b = impart(bridge, "b", {}, [&](Custody, LeaveReason reason) { left = reason; });
            CPPUNIT_ASSERT(bridge->replace(b, incoming("c")).has_value());
            CPPUNIT_ASSERT(talk("a", "c"));
            CPPUNIT_ASSERT(left == LeaveReason::transferred);
            CPPUNIT_ASSERT(phone("b").was("hang up 16"));
            CPPUNIT_ASSERT(!a->result);
            CPPUNIT_ASSERT_EQUAL(std::string("c"), a->channel->connected().id.number.text);
            end_all();
        });
    }
    void a_limit_ends_the_call_in_time() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            MemberOptions options;
            options.limit = 400ms;
            const auto began = Clock::now();
            auto a = join(bridge, "a", options);
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "b");
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(a->result->value() == LeaveReason::limit_reached);
            CPPUNIT_ASSERT(Clock::now() - began >= 400ms);
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16"); }));
        });
    }
    void members_of_a_mixing_bridge_hear_the_sum_of_the_others() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::mixing, "room");
            Channel& a = impart(bridge, "a");
            impart(bridge, "b");
            impart(bridge, "c");
            CPPUNIT_ASSERT(until([&] { return phone("a").hears(phone("b")) && phone("a").hears(phone("c")); }));
            CPPUNIT_ASSERT(talk("b", "c"));
            CPPUNIT_ASSERT(until([&] { return !phone("a").hears(phone("a")); }));
            CPPUNIT_ASSERT(Bridge::find("room") == bridge);
            bridge->set_mute(a, true);
            CPPUNIT_ASSERT(until([&] { return !phone("b").ear->hears(phone("a").hz, 500); }));
            a.hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 2; }));
            CPPUNIT_ASSERT(talk("b", "c"));
            bridge->dissolve();
        });
    }
    void a_two_party_bridge_grows() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            Channel& a = impart(bridge, "a");
            Channel& b = impart(bridge, "b");
            CPPUNIT_ASSERT(bridge->grow().has_value());
            impart(bridge, "c");
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(talk("a", "c"));
            // Whoever is left alone in it leaves as well, also one who came later.
            a.hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 2; }));
            CPPUNIT_ASSERT(talk("b", "c"));
            b.hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 0; }));
            end_all();
        });
    }
    void who_waits_in_a_holding_bridge_hears_music() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::holding);
            MemberOptions options;
            options.music_class = "park";
            Channel& a = impart(bridge, "a", options);
            impart(bridge, "b", options);
            CPPUNIT_ASSERT(hears_music("a") && hears_music("b"));
            CPPUNIT_ASSERT_EQUAL(std::string("park"), music->asked.front());
            Custody after = Custody::take(a, "test");
            CPPUNIT_ASSERT(until([&] { return !a.media().playing(); }));
            end_all();
        });
    }
    void an_announcer_is_heard_instead_of_the_music() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::holding);
            impart(bridge, "a");
            impart(bridge, "b");
            CPPUNIT_ASSERT(hears_music("a") && hears_music("b"));
            MemberOptions options;
            options.announcer = true;
            Channel& speaker = impart(bridge, "c", options);
            CPPUNIT_ASSERT(until([&] { return phone("a").hears(phone("c")) && phone("b").hears(phone("c")); }));
            CPPUNIT_ASSERT(until([&] { return !phone("a").ear->hears(music_hz, 300); }));
            CPPUNIT_ASSERT(until([&] { return !phone("a").hears(phone("b")); }));
            speaker.hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(hears_music("a") && hears_music("b"));
            end_all();
        });
    }
    void local_halves_are_dropped_by_a_merge() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
            auto a = join(one, "a");
            CPPUNIT_ASSERT(until([&] { return one->size() == 1; }));
            Channel& near = impart(one, "b");
            auto far = join(two, "c");
            CPPUNIT_ASSERT(until([&] { return two->size() == 1; }));
            impart(two, "d");
            phone("b").half = far->channel;
            phone("c").half = &near;
            CPPUNIT_ASSERT(one->merge(*two).has_value());
            CPPUNIT_ASSERT(talk("a", "d"));
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16") && phone("c").was("hang up 16"); }));
            CPPUNIT_ASSERT(code_of(*far->result) == ErrorCode::hangup);
            CPPUNIT_ASSERT(!a->result);
            CPPUNIT_ASSERT(a->channel->peer() == phone("d").channel);
            end_all();
        });
    }
    void a_half_that_is_listened_to_stays() {
        run([&] {
            auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
            impart(one, "a");
            Channel &near = impart(one, "b"), &far = impart(two, "c");
            impart(two, "d");
            phone("b").half = &far;
            phone("c").half = &near;
            const auto tap = far.media().add(std::make_unique<NullTap>());
            CPPUNIT_ASSERT(code_of(one->merge(*two)) == ErrorCode::refused);
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), two->size());
            end_all();
            phone("b").half = phone("c").half = nullptr;
        });
    }
    void a_function_of_a_module_keeps_it_loaded() {
        Gate gate("app_test");
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto custody = incoming("a");
            {
                const RunningGate in(&gate);
                CPPUNIT_ASSERT(bridge->impart(std::move(custody), {}, [](Custody, LeaveReason) {}).has_value());
            }
            CPPUNIT_ASSERT_EQUAL(std::uint64_t(1), gate.inside());
            bridge->dissolve();
            CPPUNIT_ASSERT_EQUAL(std::uint64_t(1), gate.inside());
            CPPUNIT_ASSERT(until([&] { return gate.inside() == 0; }));
        });
    }
    void early_events_of_a_member_reach_the_other() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            impart(bridge, "a");
            HangupCause cause{};
            auto called = Channel::request({.technology = "Fake", .destination = "b"}, "test", cause);
            static_cast<void>((*called)->driver().call());
            Channel& b = called->channel();
            CPPUNIT_ASSERT(bridge->impart(std::move(*called)).has_value());
            b.remote_event({ChannelEvent::Kind::ringing});
            CPPUNIT_ASSERT(until([&] { return phone("a").was("ringing"); }));
            b.remote_answered();
            CPPUNIT_ASSERT(until([&] { return phone("a").was("stop"); }));
            CPPUNIT_ASSERT(talk("a", "b"));
            end_all();
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(BridgeLifeTest);
