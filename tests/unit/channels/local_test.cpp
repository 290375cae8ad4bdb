// Local channels, in front of a dialplan that hands each call to the test.
#include "core/channel/device_state.hpp"
#include "core/channel/dial.hpp"
#include "core/dialplan/executor.hpp"
#include "tests/unit/core/bridge/bridge_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

extern "C" const ModuleDescriptor jackfield_module_descriptor;

namespace jackfield {

// What chan_local needs of core/dialplan.
Result<void> start_dialplan(Custody channel) {
    BridgeTest::dialplan().push_back(std::move(channel));
    return {};
}
bool extension_exists(Channel&, std::string_view context, std::string_view extension, int) {
    return context == "default" && extension == "200";
}

}  // namespace jackfield

class LocalTest : public BridgeTest {
    CPPUNIT_TEST_SUITE(LocalTest);
    CPPUNIT_TEST(a_call_to_an_extension_makes_two_halves);
    CPPUNIT_TEST(what_one_half_reports_the_other_hears);
    CPPUNIT_TEST(audio_passes_through_both_ways);
    CPPUNIT_TEST(keys_pass_through);
    CPPUNIT_TEST(hold_and_identities_pass_through);
    CPPUNIT_TEST(a_call_to_nowhere_fails_with_its_cause);
    CPPUNIT_TEST(the_cause_of_a_hang_up_reaches_the_other_half);
    CPPUNIT_TEST(bridged_halves_are_dropped);
    CPPUNIT_TEST(bridged_halves_stay_when_asked_to);
    CPPUNIT_TEST(loops_at_both_ends_do_not_run_for_ever);
    CPPUNIT_TEST(halves_on_two_media_threads_still_hear_each_other);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        BridgeTest::setUp();
        local = std::make_unique<Module>("chan_local");
        const RunningGate in(&local->gate());
        CPPUNIT_ASSERT(jackfield_module_descriptor.load(*local).has_value());
    }
    void tearDown() override {
        dialplan().clear();
        loop->run_until_idle();
        // Ports are destroyed on their media thread; then nothing of the module is inside any more.
        CPPUNIT_ASSERT(wait_for([&] { return local->gate().inside() == 0; }));
        local.reset();
        BridgeTest::tearDown();
    }

  private:
    std::unique_ptr<Module> local;

    std::unique_ptr<DialLeg> dial(Channel* caller = nullptr, const char* destination = "200@default") {
        DialRequest request{.technology = "Local", .destination = destination, .requestor = caller, .dialled = "200"};
        request.formats.add({.codec = find_codec("ulaw")});
        HangupCause cause{};
        auto leg = DialLeg::start(std::move(request), cause);
        CPPUNIT_ASSERT_MESSAGE(leg ? "" : leg.error().text, leg.has_value());
        return std::move(*leg);
    }
    static void drain(DialLeg& leg) {
        while (leg.next_event()) {
        }
    }

    void a_call_to_an_extension_makes_two_halves() {
        run([&] {
            auto a = incoming("a", false);
            a->set_variable("__DEEP", "1");
            auto leg = dial(&a.channel());
            Channel &one = leg->channel(), &two = dialplan().front().channel();
            CPPUNIT_ASSERT(one.name().starts_with("Local/200@default-") && one.name().ends_with(";1"));
            CPPUNIT_ASSERT_EQUAL(one.name().substr(0, one.name().size() - 1) + "2", two.name());
            CPPUNIT_ASSERT_EQUAL(std::string("200"), two.place().extension);
            CPPUNIT_ASSERT_EQUAL(std::string("default"), two.place().context);
            CPPUNIT_ASSERT_EQUAL(std::string("a"), two.caller().id.number.text);
            CPPUNIT_ASSERT_EQUAL(std::string("1"), two.variable("DEEP"));
            CPPUNIT_ASSERT_EQUAL(a->linked_id(), two.linked_id());
            CPPUNIT_ASSERT(device_state("Local/200@default") == DeviceState::in_use);
            leg.reset();
            dialplan().clear();
            CPPUNIT_ASSERT(device_state("Local/200@default") == DeviceState::not_in_use);
        });
    }
    void what_one_half_reports_the_other_hears() {
        run([&] {
            auto leg = dial();
            Channel& two = dialplan().front().channel();
            CPPUNIT_ASSERT(two.indicate(Indication::ringing).has_value());
            drain(*leg);
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::ringing);
            CPPUNIT_ASSERT(two.answer().has_value());
            drain(*leg);
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::answered);
            CPPUNIT_ASSERT(leg->channel().state() == ChannelState::up && two.state() == ChannelState::up);
            dialplan().clear();
        });
    }
    void audio_passes_through_both_ways() {
        run([&] {
            auto a = incoming("a"), b = incoming("b");
            auto leg = dial(&a.channel());
            Channel& two = dialplan().front().channel();
            CPPUNIT_ASSERT(MediaStream::connect(a->media(), leg->channel().media()).has_value());
            CPPUNIT_ASSERT(MediaStream::connect(two.media(), b->media()).has_value());
            CPPUNIT_ASSERT(talk("a", "b"));
            dialplan().clear();
        });
    }
    void keys_pass_through() {
        run([&] {
            auto a = incoming("a");
            auto leg = dial(&a.channel());
            Channel& two = dialplan().front().channel();
            CPPUNIT_ASSERT(MediaStream::connect(a->media(), leg->channel().media()).has_value());
            phone("a").press('3');
            CPPUNIT_ASSERT_EQUAL('3', two.read_digit(2s).value());
            dialplan().clear();
        });
    }
    void hold_and_identities_pass_through() {
        run([&] {
            auto leg = dial();
            Channel &one = leg->channel(), &two = dialplan().front().channel();
            CPPUNIT_ASSERT(one.indicate(Indication::hold, "jazz").has_value());
            CPPUNIT_ASSERT(two.held());
            CPPUNIT_ASSERT_EQUAL(std::string("jazz"), two.hold_class());
            CPPUNIT_ASSERT(one.indicate(Indication::unhold).has_value());
            CPPUNIT_ASSERT(!two.held());
            two.update_connected({PartyId::of("77"), {}, "answer"});
            CPPUNIT_ASSERT(until([&] { return one.caller().id.number.text == "77"; }));
            dialplan().clear();
        });
    }
    void a_call_to_nowhere_fails_with_its_cause() {
        run([&] {
            HangupCause cause{};
            DialRequest request{.technology = "Local", .destination = "999@default"};
            auto leg = DialLeg::start(std::move(request), cause);
            CPPUNIT_ASSERT(code_of(leg) == ErrorCode::not_found);
            CPPUNIT_ASSERT(cause == HangupCause::no_route_destination);
            auto wrong = DialLeg::start({.technology = "Local", .destination = "@default"}, cause);
            CPPUNIT_ASSERT(code_of(wrong) == ErrorCode::invalid);
        });
    }
    void the_cause_of_a_hang_up_reaches_the_other_half() {
        run([&] {
            auto leg = dial();
            dialplan().front()->hang_up(HangupCause::user_busy);
            dialplan().clear();
            drain(*leg);
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::failed);
            CPPUNIT_ASSERT(leg->cause() == HangupCause::user_busy);

            auto second = dial();
            second->cancel_cause = HangupCause::answered_elsewhere;
            second.reset();
            CPPUNIT_ASSERT(dialplan().front()->hung_up());
            CPPUNIT_ASSERT(dialplan().front()->cause() == HangupCause::answered_elsewhere);
            dialplan().clear();
        });
    }
    // a - ;1 ;2 - b, bridged at both ends.
    std::pair<std::shared_ptr<Bridge>, std::shared_ptr<Bridge>> chain(const char* destination) {
        auto one = Bridge::create(BridgeKind::two_party), two = Bridge::create(BridgeKind::two_party);
        Channel& a = impart(one, "a");
        auto leg = dial(&a, destination);
        auto runner = std::move(dialplan().front());
        dialplan().clear();
        CPPUNIT_ASSERT(runner->answer().has_value());
        drain(*leg);
        CPPUNIT_ASSERT(two->impart(std::move(runner)).has_value());
        impart(two, "b");
        CPPUNIT_ASSERT(one->impart(leg->take()).has_value());
        return {one, two};
    }
    void bridged_halves_are_dropped() {
        run([&] {
            auto [one, two] = chain("200@default");
            CPPUNIT_ASSERT(until([&] { return channel_count() == 2; }));
            CPPUNIT_ASSERT(phone("a").channel->peer() == phone("b").channel);
            CPPUNIT_ASSERT(talk("a", "b"));
            end_all();
        });
    }
    void bridged_halves_stay_when_asked_to() {
        run([&] {
            auto [one, two] = chain("200@default/n");
            CPPUNIT_ASSERT(talk("a", "b"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(4), channel_count());
            end_all();
        });
    }
    void loops_at_both_ends_do_not_run_for_ever() {
        run([&] {
            auto a = incoming("a");
            auto leg = dial(&a.channel());
            Channel& two = dialplan().front().channel();
            two.media().loop_back(true);
            CPPUNIT_ASSERT(MediaStream::connect(a->media(), leg->channel().media()).has_value());
            CPPUNIT_ASSERT(until([&] { return phone("a").hears(phone("a")); }));
            a->media().disconnect();
            leg->channel().media().loop_back(true);
            two.media().send_digit('5', 40ms);
            CPPUNIT_ASSERT(two.wait(60ms).has_value());
            dialplan().clear();
        });
    }
    void halves_on_two_media_threads_still_hear_each_other() {
        run([&] {
            auto a = incoming("a"), b = incoming("b");
            auto leg = dial(&a.channel());
            Channel& two = dialplan().front().channel();
            // Streams are spread over the threads; b gets one that a does not share.
            std::vector<Custody> others;
            while (b->media().thread_index() == a->media().thread_index()) {
                others.push_back(std::move(b));
                b = incoming("b");
            }
            CPPUNIT_ASSERT(MediaStream::connect(a->media(), leg->channel().media()).has_value());
            CPPUNIT_ASSERT(MediaStream::connect(b->media(), two.media()).has_value());
            CPPUNIT_ASSERT(two.media().thread_index() != leg->channel().media().thread_index());
            CPPUNIT_ASSERT(talk("a", "b"));
            others.clear();
            dialplan().clear();
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LocalTest);
