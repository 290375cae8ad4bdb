#include "core/bridge/features.hpp"

#include "core/bridge/code_collector.hpp"
#include "tests/unit/core/bridge/bridge_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class CodeCollectorTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CodeCollectorTest);
    CPPUNIT_TEST(every_key_comes_out_once_or_belongs_to_a_code);
    CPPUNIT_TEST(a_code_that_begins_another_waits_for_the_pause);
    CPPUNIT_TEST_SUITE_END();

    static std::string keys(const CodeCollector::Outcome& outcome) {
        std::string text;
        for (const auto& key : outcome.unmatched) text += key.key;
        if (outcome.matched) text += fmt::format("!{}", *outcome.matched);
        return text;
    }
    static std::string feed(CodeCollector& collector, std::string_view pressed) {
        std::string text;
        for (const char key : pressed) text += keys(collector.feed(key, 100ms));
        return text;
    }
    void every_key_comes_out_once_or_belongs_to_a_code() {
        CodeCollector collector;
        collector.set_codes({"#1", "*0"});
        CPPUNIT_ASSERT_EQUAL(std::string("12"), feed(collector, "12"));
        CPPUNIT_ASSERT_EQUAL(std::string("!0"), feed(collector, "#1"));
        CPPUNIT_ASSERT_EQUAL(std::string("#!0"), feed(collector, "##1"));
        CPPUNIT_ASSERT_EQUAL(std::string("#2"), feed(collector, "#2"));
        CPPUNIT_ASSERT_EQUAL(std::string("#!1"), feed(collector, "#*0"));
        CPPUNIT_ASSERT_EQUAL(std::string(), feed(collector, "*"));
        CPPUNIT_ASSERT_EQUAL(std::string("*"), keys(collector.expire()));
        CPPUNIT_ASSERT(collector.empty());
    }
    void a_code_that_begins_another_waits_for_the_pause() {
        CodeCollector collector;
        collector.set_codes({"*", "*2"});
        CPPUNIT_ASSERT_EQUAL(std::string("!1"), feed(collector, "*2"));
        CPPUNIT_ASSERT_EQUAL(std::string(), feed(collector, "*"));
        CPPUNIT_ASSERT_EQUAL(std::string("!0"), keys(collector.expire()));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CodeCollectorTest);

class FeaturesTest : public BridgeTest {
    CPPUNIT_TEST_SUITE(FeaturesTest);
    CPPUNIT_TEST(unmatched_keys_reach_the_peer_exactly_once);
    CPPUNIT_TEST(the_disconnect_code_ends_the_call_and_is_not_heard);
    CPPUNIT_TEST(who_may_not_press_it_is_only_heard);
    CPPUNIT_TEST(a_dynamic_feature_runs_its_application);
    CPPUNIT_TEST(a_builtin_feature_is_the_modules);
    CPPUNIT_TEST(blind_transfer_by_keys);
    CPPUNIT_TEST(blind_transfer_by_keys_to_nowhere_returns_to_the_call);
    CPPUNIT_TEST(attended_transfer_by_keys_completes_by_hang_up);
    CPPUNIT_TEST(a_joined_transferer_completes_by_hang_up_too);
    CPPUNIT_TEST(attended_transfer_by_keys_can_be_aborted);
    CPPUNIT_TEST(attended_transfer_by_keys_becomes_a_conference);
    CPPUNIT_TEST(attended_transfer_by_keys_swaps);
    CPPUNIT_TEST(a_transferer_that_hangs_up_early_leaves_the_others_ringing);
    CPPUNIT_TEST(the_end_of_the_held_side_ends_the_dialogue);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        BridgeTest::setUp();
        CPPUNIT_ASSERT(module->add("Local", *driver).has_value());
        auto& target = driver->phones["200@default"];
        target.hz = 1700;
        target.supports = {Indication::connected_line, Indication::hold, Indication::unhold};
    }

  private:
    static MemberOptions all_features() {
        MemberOptions options;
        options.features.blind_transfer = options.features.attended_transfer = options.features.disconnect = true;
        return options;
    }
    void press(const char* name, std::string_view keys) {
        for (const char key : keys) phone(name).press(key);
    }
    // Two members, a with features; the fixture's fiber goes on.
    std::shared_ptr<Bridge> call_of_a_and_b() {
        auto bridge = Bridge::create(BridgeKind::two_party);
        impart(bridge, "a", all_features());
        impart(bridge, "b");
        CPPUNIT_ASSERT(talk("a", "b"));
        return bridge;
    }
    // a speaks with 200, b hears music.
    std::shared_ptr<Bridge> consultation() {
        auto bridge = call_of_a_and_b();
        press("a", "*2200");
        CPPUNIT_ASSERT(until([&] { return phone("200@default").was("call"); }));
        CPPUNIT_ASSERT(hears_music("b"));
        phone("200@default").channel->remote_answered();
        CPPUNIT_ASSERT(talk("a", "200@default"));
        return bridge;
    }

    void unmatched_keys_reach_the_peer_exactly_once() {
        run([&] {
            auto bridge = call_of_a_and_b();
            press("a", "1#5");
            CPPUNIT_ASSERT(until([&] { return phone("b").ear->digits() == "1/1#/#5/5"; }));
            press("a", "*");
            phone("b").ear->forget();
            CPPUNIT_ASSERT(until([&] { return phone("b").ear->digits() == "*/*"; }));
            phone("a").channel->remote_digit('7', 100ms);
            CPPUNIT_ASSERT(until([&] { return phone("b").ear->digits() == "*/*7/7"; }));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), bridge->size());
            end_all();
        });
    }
    void the_disconnect_code_ends_the_call_and_is_not_heard() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a", all_features());
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "b");
            press("a", "*0");
            CPPUNIT_ASSERT(until([&] { return a->result.has_value(); }));
            CPPUNIT_ASSERT(a->result->value() == LeaveReason::disconnect_key);
            CPPUNIT_ASSERT(until([&] { return phone("b").was("hang up 16"); }));
            CPPUNIT_ASSERT_EQUAL(std::string(), phone("b").ear->digits());
        });
    }
    void who_may_not_press_it_is_only_heard() {
        run([&] {
            auto bridge = call_of_a_and_b();
            press("b", "*0");
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->digits() == "*/*0/0"; }));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), bridge->size());
            end_all();
        });
    }
    static std::string& ran() {
        static std::string text;
        return text;
    }
    void a_dynamic_feature_runs_its_application() {
        ran().clear();
        set_feature_application_runner([](Channel& channel, const std::string& application, const std::string& arguments) {
            ran() += fmt::format("{}({}) on {} ", application, arguments, channel.caller().id.number.text);
            return Result<void>();
        });
        auto settings = std::make_shared<FeatureSettings>(*feature_settings());
        settings->dynamic.push_back({"lamp", "*5", "System", "on", ""});
        settings->dynamic.push_back({"peer", "*6", "Playback", "x", "", true, false, false});
        set_feature_settings(*settings);
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            MemberOptions options;
            options.features.dynamic_groups = "lamp";
            auto a = incoming("a");
            a->set_variable("DYNAMIC_FEATURES", "peer");
            CPPUNIT_ASSERT(bridge->impart(std::move(a), options).has_value());
            impart(bridge, "b");
            press("a", "*5");
            CPPUNIT_ASSERT(until([&] { return !ran().empty() && !phone("a").channel->working(); }));
            press("a", "*6");
            CPPUNIT_ASSERT(until([&] { return ran() == "System(on) on a Playback(x) on b "; }));
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT_EQUAL(std::string(), phone("b").ear->digits());
            end_all();
        });
        set_feature_application_runner(nullptr);
    }
    void a_builtin_feature_is_the_modules() {
        auto settings = std::make_shared<FeatureSettings>(*feature_settings());
        settings->park_call = "#72";
        set_feature_settings(*settings);
        Custody parked;
        CPPUNIT_ASSERT(module->add(BuiltinFeature{"parkcall", [&](Channel& member, Bridge&) -> Result<void> {
            parked = Custody::take(*member.peer(), "parking");
            return {};
        }}));
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            MemberOptions options;
            options.features.park = true;
            impart(bridge, "a", options);
            Channel& b = impart(bridge, "b");
            press("a", "#72");
            CPPUNIT_ASSERT(until([&] { return parked.holds() && phone("a").was("hang up 16"); }));
            CPPUNIT_ASSERT(&parked.channel() == &b);
            CPPUNIT_ASSERT(!b.hung_up());
            parked.release();
        });
    }
    void blind_transfer_by_keys() {
        run([&] {
            call_of_a_and_b();
            press("a", "#1");
            CPPUNIT_ASSERT(hears_music("b"));
            press("a", "200");
            CPPUNIT_ASSERT(until([&] { return dialplan().size() == 1; }));
            CPPUNIT_ASSERT(&dialplan().front().channel() == phone("b").channel);
            CPPUNIT_ASSERT(until([&] { return phone("a").was("hang up 16"); }));
            CPPUNIT_ASSERT(!phone("b").channel->media().playing());
            dialplan().clear();
        });
    }
    void blind_transfer_by_keys_to_nowhere_returns_to_the_call() {
        run([&] {
            auto bridge = call_of_a_and_b();
            press("a", "#1");
            CPPUNIT_ASSERT(hears_music("b"));
            press("a", "9");
            press("a", "9");
            press("a", "9");
            CPPUNIT_ASSERT(until([&] { return !phone("a").channel->working(); }));
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(dialplan().empty());
            press("a", "*0");  // features work again
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 0; }));
        });
    }
    void attended_transfer_by_keys_completes_by_hang_up() {
        run([&] {
            auto bridge = consultation();
            phone("a").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(talk("b", "200@default"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), bridge->size());
            CPPUNIT_ASSERT(phone("a").channel == nullptr);
            end_all();
        });
    }
    void a_joined_transferer_completes_by_hang_up_too() {
        run([&] {
            auto bridge = Bridge::create(BridgeKind::two_party);
            auto a = join(bridge, "a", all_features());
            CPPUNIT_ASSERT(until([&] { return bridge->size() == 1; }));
            impart(bridge, "b");
            press("a", "*2200");
            CPPUNIT_ASSERT(until([&] { return phone("200@default").was("call"); }));
            phone("200@default").channel->remote_answered();
            CPPUNIT_ASSERT(talk("a", "200@default"));
            phone("a").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(talk("b", "200@default"));
            CPPUNIT_ASSERT(code_of(*a->result) == ErrorCode::hangup);
            end_all();
        });
    }
    void attended_transfer_by_keys_can_be_aborted() {
        run([&] {
            auto bridge = consultation();
            press("a", "*1");
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(phone("200@default").was("hang up 16"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), bridge->size());
            end_all();
        });
    }
    void attended_transfer_by_keys_becomes_a_conference() {
        run([&] {
            auto bridge = consultation();
            press("a", "*3");
            CPPUNIT_ASSERT(talk("b", "200@default"));
            CPPUNIT_ASSERT(talk("a", "200@default"));
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(bridge->kind() == BridgeKind::mixing);
            end_all();
        });
    }
    void attended_transfer_by_keys_swaps() {
        run([&] {
            auto bridge = consultation();
            press("a", "*4");
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT(phone("200@default").was("hold"));
            press("a", "*4");
            CPPUNIT_ASSERT(talk("a", "200@default"));
            CPPUNIT_ASSERT(hears_music("b"));
            press("a", "*4");
            CPPUNIT_ASSERT(talk("a", "b"));
            press("a", "*2");
            CPPUNIT_ASSERT(talk("b", "200@default"));
            CPPUNIT_ASSERT(phone("a").was("hang up 16"));
            end_all();
        });
    }
    void a_transferer_that_hangs_up_early_leaves_the_others_ringing() {
        run([&] {
            call_of_a_and_b();
            press("a", "*2200");
            CPPUNIT_ASSERT(until([&] { return phone("200@default").was("call"); }));
            phone("200@default").channel->remote_event({ChannelEvent::Kind::ringing});
            (void)sleep_for(5ms);
            phone("a").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return phone("b").was("ringing"); }));
            phone("200@default").channel->remote_answered();
            CPPUNIT_ASSERT(talk("b", "200@default"));
            end_all();
        });
    }
    void the_end_of_the_held_side_ends_the_dialogue() {
        run([&] {
            consultation();
            phone("b").channel->remote_hung_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(until([&] { return phone("200@default").was("hang up 16"); }));
            CPPUNIT_ASSERT(until([&] { return phone("a").was("hang up 16"); }));
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FeaturesTest);
