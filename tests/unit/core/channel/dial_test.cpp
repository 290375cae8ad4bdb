#include "core/channel/dial.hpp"

#include "tests/unit/core/channel/fake_driver.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class DialTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(DialTest);
    CPPUNIT_TEST(dial_strings_are_split_and_faults_named);
    CPPUNIT_TEST(the_first_answer_wins_and_the_others_hear_of_it);
    CPPUNIT_TEST(no_event_of_a_batch_is_lost);
    CPPUNIT_TEST(a_leg_that_fails_says_why);
    CPPUNIT_TEST(a_leg_left_alone_hangs_up);
    CPPUNIT_TEST(early_media_is_heard_before_the_answer);
    CPPUNIT_TEST(originate_returns_the_answered_channel);
    CPPUNIT_TEST(originate_gives_up_in_time_and_on_busy);
    CPPUNIT_TEST(a_pickup_answers_in_the_place_of_the_phone_that_rings);
    CPPUNIT_TEST(outcomes_follow_the_causes);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<DialLeg> dial(const char* name, Channel* caller = nullptr) {
        HangupCause cause{};
        auto leg = DialLeg::start({.technology = "Fake", .destination = name, .requestor = caller}, cause);
        CPPUNIT_ASSERT(leg.has_value());
        return std::move(*leg);
    }

    void dial_strings_are_split_and_faults_named() {
        const auto requests = parse_dial_string("PJSIP/6001&SIP/trunk/555").value();
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), requests.size());
        CPPUNIT_ASSERT_EQUAL(std::string("SIP"), requests[1].technology);
        CPPUNIT_ASSERT_EQUAL(std::string("trunk/555"), requests[1].destination);
        for (const char* wrong : {"", "PJSIP", "PJSIP/", "/6001", "PJSIP/1&&PJSIP/2"}) {
            auto parsed = parse_dial_string(wrong);
            CPPUNIT_ASSERT_MESSAGE(wrong, code_of(parsed) == ErrorCode::invalid);
        }
    }
    void the_first_answer_wins_and_the_others_hear_of_it() {
        run([&] {
            auto caller = incoming("a", false);
            std::vector<std::unique_ptr<DialLeg>> legs;
            for (const char* name : {"b", "c", "d"}) legs.push_back(dial(name, &caller.channel()));
            phone("b").channel->remote_event({ChannelEvent::Kind::ringing});
            phone("d").channel->remote_event({ChannelEvent::Kind::ringing});
            phone("c").channel->remote_answered();
            std::vector<Waitable*> events;
            for (auto& leg : legs) events.push_back(&leg->events());
            Custody winner;
            while (!winner) {
                const auto ready = select(events, 1s).value();
                while (legs[ready]->next_event()) {
                }
                if (legs[ready]->state() == DialLeg::State::answered) winner = legs[ready]->take("test");
            }
            for (auto& leg : legs) leg->cancel_cause = HangupCause::answered_elsewhere;
            legs.clear();
            CPPUNIT_ASSERT(&winner.channel() == phone("c").channel);
            CPPUNIT_ASSERT(phone("b").was("hang up 26") && phone("d").was("hang up 26"));
            CPPUNIT_ASSERT(!phone("c").was("hang up 26"));
        });
    }
    void no_event_of_a_batch_is_lost() {
        run([&] {
            constexpr int count = 200;
            std::vector<std::unique_ptr<DialLeg>> legs;
            std::vector<Channel*> called;
            for (int i = 0; i < count; ++i) {
                legs.push_back(dial("b"));
                called.push_back(&legs.back()->channel());
            }
            // 180 and 200 of every leg come in one turn, while nobody looks.
            for (Channel* channel : called) {
                channel->remote_event({ChannelEvent::Kind::ringing});
                channel->remote_answered();
            }
            int rang = 0, answered = 0;
            for (auto& leg : legs)
                while (auto event = leg->next_event()) {
                    rang += event->kind == ChannelEvent::Kind::ringing;
                    answered += event->kind == ChannelEvent::Kind::answered;
                }
            CPPUNIT_ASSERT_EQUAL(count, rang);
            CPPUNIT_ASSERT_EQUAL(count, answered);
        });
    }
    void a_leg_that_fails_says_why() {
        std::string ended;
        const auto subscription = subscribe<DialEnded>([&](const auto& event) { ended += event.status + " "; });
        run([&] {
            auto leg = dial("b");
            phone("b").channel->remote_hung_up(HangupCause::user_busy);
            while (leg->next_event()) {
            }
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::failed);
            CPPUNIT_ASSERT(leg->cause() == HangupCause::user_busy);
            phone("c").call_result = fail(ErrorCode::failed, "no route");
            HangupCause cause{};
            auto refused = DialLeg::start({.technology = "Fake", .destination = "c"}, cause);
            CPPUNIT_ASSERT(!refused && cause == HangupCause::requested_chan_unavail);
        });
        CPPUNIT_ASSERT_EQUAL(std::string("BUSY CHANUNAVAIL "), ended);
    }
    void a_leg_left_alone_hangs_up() {
        run([&] {
            auto leg = dial("b");
            leg->cancel_cause = HangupCause::no_answer;
            leg.reset();
            CPPUNIT_ASSERT(phone("b").was("hang up 19"));
        });
    }
    void early_media_is_heard_before_the_answer() {
        run([&] {
            auto caller = incoming("a", false);
            auto leg = dial("b", &caller.channel());
            phone("b").channel->remote_event({ChannelEvent::Kind::progress});
            while (leg->next_event()) {
            }
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::progress);
            CPPUNIT_ASSERT(MediaStream::connect(caller->media(), leg->channel().media()).has_value());
            CPPUNIT_ASSERT(until([&] { return phone("a").hears(phone("b")); }));
            CPPUNIT_ASSERT(leg->channel().state() != ChannelState::up);
        });
    }
    void originate_returns_the_answered_channel() {
        run([&] {
            start([&] {
                CPPUNIT_ASSERT(until([&] { return phone("b").was("call"); }));
                phone("b").channel->remote_answered();
            });
            DialOutcome outcome{};
            auto custody = originate({.technology = "Fake", .destination = "b"}, 5s, outcome);
            CPPUNIT_ASSERT(custody.has_value());
            CPPUNIT_ASSERT(outcome == DialOutcome::answer);
            CPPUNIT_ASSERT(custody->channel().state() == ChannelState::up);
        });
    }
    void originate_gives_up_in_time_and_on_busy() {
        run([&] {
            DialOutcome outcome{};
            auto late = originate({.technology = "Fake", .destination = "b"}, 5ms, outcome);
            CPPUNIT_ASSERT(code_of(late) == ErrorCode::timeout);
            CPPUNIT_ASSERT(outcome == DialOutcome::no_answer);
            CPPUNIT_ASSERT(phone("b").was("hang up 16"));
            start([&] {
                CPPUNIT_ASSERT(until([&] { return phone("c").was("call"); }));
                phone("c").channel->remote_event({ChannelEvent::Kind::busy});
            });
            CPPUNIT_ASSERT(!originate({.technology = "Fake", .destination = "c"}, 5s, outcome));
            CPPUNIT_ASSERT(outcome == DialOutcome::busy);
            CPPUNIT_ASSERT(!originate({.technology = "Fake", .destination = "nobody"}, 5s, outcome));
            CPPUNIT_ASSERT(outcome == DialOutcome::chan_unavail);
        });
    }
    void a_pickup_answers_in_the_place_of_the_phone_that_rings() {
        run([&] {
            auto leg = dial("b");
            phone("b").channel->remote_event({ChannelEvent::Kind::ringing});
            auto picking = incoming("c", false);
            const auto name = picking->name();
            Waitable& events = leg->events();
            CPPUNIT_ASSERT(leg->substitute(std::move(picking)).has_value());
            CPPUNIT_ASSERT(select({&events}, 1s).has_value());
            while (leg->next_event()) {
            }
            CPPUNIT_ASSERT(leg->state() == DialLeg::State::answered);
            CPPUNIT_ASSERT(phone("c").was("answer"));
            CPPUNIT_ASSERT(phone("b").was("hang up 26"));
            auto custody = leg->take();
            CPPUNIT_ASSERT_EQUAL(name, custody->name());
            custody->media().play(std::make_unique<ToneSource>(1900, 100'000));
            CPPUNIT_ASSERT(until([&] { return phone("c").ear->hears(1900); }));
        });
    }
    void outcomes_follow_the_causes() {
        CPPUNIT_ASSERT(outcome_of(HangupCause::user_busy) == DialOutcome::busy);
        CPPUNIT_ASSERT(outcome_of(HangupCause::normal_circuit_congestion) == DialOutcome::congestion);
        CPPUNIT_ASSERT(outcome_of(HangupCause::no_answer) == DialOutcome::no_answer);
        CPPUNIT_ASSERT(outcome_of(HangupCause::subscriber_absent) == DialOutcome::chan_unavail);
        CPPUNIT_ASSERT(to_string(DialOutcome::no_answer) == "NOANSWER");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DialTest);
