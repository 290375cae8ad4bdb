#include "core/channel/channel.hpp"

#include "core/channel/channel_visit.hpp"
#include "core/channel/media_guard.hpp"
#include "core/media/tone.hpp"
#include "tests/unit/core/channel/fake_driver.hpp"
#include "tests/unit/thread_time.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class ChannelLifeTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(ChannelLifeTest);
    CPPUNIT_TEST(hang_up_during_a_prompt_unwinds_and_ends_the_call);
    CPPUNIT_TEST(the_far_sides_hang_up_reaches_no_driver_again);
    CPPUNIT_TEST(taken_custody_fails_the_waits_and_leaves_the_call_alone);
    CPPUNIT_TEST(redirection_ends_a_wait_and_the_holder_goes_on);
    CPPUNIT_TEST(a_call_that_rings_is_not_redirected);
    CPPUNIT_TEST(exchange_swaps_the_far_sides_and_keeps_the_identities);
    CPPUNIT_TEST(works_run_in_order_on_one_fiber);
    CPPUNIT_TEST(a_work_that_waits_ends_with_the_call);
    CPPUNIT_TEST(channels_are_found_by_every_name_and_in_order);
    CPPUNIT_TEST(those_of_a_device_are_found_without_looking_at_all);
    CPPUNIT_TEST(no_more_calls_than_allowed);
    CPPUNIT_TEST(an_outgoing_channel_inherits_from_its_requestor);
    CPPUNIT_TEST(unread_events_never_hide_the_latest);
    CPPUNIT_TEST(a_transfer_without_a_bridge_is_refused);
    CPPUNIT_TEST(identity_updates_of_a_turn_become_one_message);
    CPPUNIT_TEST(attachments_live_with_the_channel);
    CPPUNIT_TEST(the_creation_event_comes_before_all_others);
    CPPUNIT_TEST(a_call_costs_no_more_among_10000);
    CPPUNIT_TEST_SUITE_END();

    void hang_up_during_a_prompt_unwinds_and_ends_the_call() {
        ChannelId id;
        start([&] {
            auto custody = incoming("a");
            id = custody->id();
            const InterruptScope scope(custody.interrupter());
            auto played = custody->play_source(std::make_unique<ToneSource>(440, 100'000));
            CPPUNIT_ASSERT(code_of(played) == ErrorCode::hangup);
        });
        start([&] {
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(440); }));
            find_channel(id)->get().hang_up(HangupCause::call_rejected);
        });
        finish();
        CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("hang up 21"));
        CPPUNIT_ASSERT(!find_channel(id));
        CPPUNIT_ASSERT(phone("a").channel == nullptr);
    }
    void the_far_sides_hang_up_reaches_no_driver_again() {
        run([&] {
            auto custody = incoming("a");
            custody->remote_hung_up(HangupCause::user_busy);
            CPPUNIT_ASSERT(custody->hung_up());
            CPPUNIT_ASSERT(code_of(custody->read_digit()) == ErrorCode::hangup);
            CPPUNIT_ASSERT(code_of(custody->answer()) == ErrorCode::hangup);
            CPPUNIT_ASSERT(custody->cause() == HangupCause::user_busy);
        });
        for (const auto& line : phone("a").log) CPPUNIT_ASSERT_MESSAGE(line, !line.starts_with("hang up"));
    }
    void taken_custody_fails_the_waits_and_leaves_the_call_alone() {
        Custody second;
        start([&] {
            auto first = incoming("a");
            Channel& channel = first.channel();
            start([&] { second = Custody::take(channel, "second"); });
            {
                const InterruptScope scope(first.interrupter());
                const LoopBack loop(channel);
                CPPUNIT_ASSERT(code_of(channel.read_digit()) == ErrorCode::taken);
                // What the new holder switched on stays when the old one unwinds.
                channel.media().loop_back(true);
            }
            CPPUNIT_ASSERT(!first.holds());
            CPPUNIT_ASSERT(second.holds());
            CPPUNIT_ASSERT_EQUAL(std::string("second"), channel.custodian());
        });
        finish();
        CPPUNIT_ASSERT(!second->ended());
        CPPUNIT_ASSERT(wait_for([&] { return phone("a").ear->hears(phone("a").hz); }));
        second.release();
        CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("hang up 16"));
    }
    void redirection_ends_a_wait_and_the_holder_goes_on() {
        run([&] {
            auto custody = incoming("a");
            {
                const InterruptScope scope(custody.interrupter());
                CPPUNIT_ASSERT(custody->redirect({"sales", "100", 2}).has_value());
                CPPUNIT_ASSERT(code_of(custody->wait(10s)) == ErrorCode::redirected);
                const auto place = custody->take_redirection();
                CPPUNIT_ASSERT(place && place->context == "sales" && place->priority == 2);
                custody.renew("dialplan");
                CPPUNIT_ASSERT(custody->wait(1ms).has_value());
                custody->hang_up(HangupCause::normal_clearing);
                custody.renew("dialplan");
                CPPUNIT_ASSERT(code_of(custody->read_digit()) == ErrorCode::hangup);
                CPPUNIT_ASSERT(code_of(custody->redirect({})) == ErrorCode::hangup);
            }
        });
    }
    void a_call_that_rings_is_not_redirected() {
        run([&] {
            HangupCause cause{};
            auto custody = Channel::request({.technology = "Fake", .destination = "b"}, "test", cause);
            CPPUNIT_ASSERT(code_of((*custody)->redirect({})) == ErrorCode::busy);
        });
    }
    void exchange_swaps_the_far_sides_and_keeps_the_identities() {
        run([&] {
            auto a = incoming("a"), b = incoming("b", false);
            const auto name_a = a->name(), unique_b = b->unique_id();
            a->set_variable("X", "of a");
            b->media().loop_back(true);
            a->media().loop_back(true);
            Channel::exchange(a.channel(), b.channel());
            CPPUNIT_ASSERT_EQUAL(name_a, a->name());
            CPPUNIT_ASSERT_EQUAL(unique_b, b->unique_id());
            CPPUNIT_ASSERT_EQUAL(std::string("of a"), a->variable("X"));
            CPPUNIT_ASSERT(a->state() == ChannelState::ring && b->state() == ChannelState::up);
            CPPUNIT_ASSERT(until([&] { return phone("a").hears(phone("a")) && phone("b").hears(phone("b")); }));
            CPPUNIT_ASSERT(a->answer().has_value());
            CPPUNIT_ASSERT(phone("b").was("answer") && !phone("a").was("answer"));
            b->media().loop_back(false);
            b->media().play(std::make_unique<ToneSource>(1900, 100'000));
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(1900); }));
            a.release();
            CPPUNIT_ASSERT(phone("b").was("hang up 16") && !phone("a").was("hang up 16"));
        });
    }
    void works_run_in_order_on_one_fiber() {
        run([&] {
            auto custody = incoming("a");
            std::string order;
            CPPUNIT_ASSERT(custody->post_work([&](Channel&) {
                (void)sleep_for(5ms);
                order += "1";
            }));
            CPPUNIT_ASSERT(custody->post_work([&](Channel& channel) {
                order += "2";
                CPPUNIT_ASSERT(channel.post_work([&](Channel&) { order += "4"; }));
            }));
            CPPUNIT_ASSERT(custody->post_work([&](Channel&) { order += "3"; }));
            CPPUNIT_ASSERT(until([&] { return order == "1234"; }));
            CPPUNIT_ASSERT(until([&] { return !custody->working(); }));
            CPPUNIT_ASSERT(custody->post_work([&](Channel&) { order += "5"; }));
            CPPUNIT_ASSERT(until([&] { return order == "12345"; }));
        });
    }
    void a_work_that_waits_ends_with_the_call() {
        bool began = false, interrupted = false, ran = false;
        run([&] {
            auto custody = incoming("a");
            CPPUNIT_ASSERT(custody->post_work([&](Channel& channel) {
                began = true;
                interrupted = code_of(channel.wait(60s)) == ErrorCode::hangup;
            }));
            CPPUNIT_ASSERT(custody->post_work([&](Channel&) { ran = true; }));
            CPPUNIT_ASSERT(until([&] { return began; }));
            custody.release();
        });
        loop->run_until_idle();
        CPPUNIT_ASSERT(interrupted);
        CPPUNIT_ASSERT(!ran);
    }
    void those_of_a_device_are_found_without_looking_at_all() {
        std::vector<Custody> others;
        std::vector<Channel*> seen;
        const auto look = [&](std::string_view device) {
            seen.clear();
            for_each_channel_of(device, [&](Channel& channel) { seen.push_back(&channel); });
            return seen.size();
        };
        const auto time_among = [&](std::size_t count) {
            std::chrono::nanoseconds time{};
            run([&] {
                while (others.size() < count) others.push_back(incoming("a"));
                time = least_thread_time([&] {
                    for (int i = 0; i < 200; ++i) CPPUNIT_ASSERT_EQUAL(std::size_t(2), look("FAKE/b"));
                });
            });
            return time;
        };
        Custody one, two, near;
        run([&] {
            one = incoming("b");
            two = incoming("b");
            near = incoming("c");
            near->rename("Fake/b-desk-1");
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), look("Fake/b"));
            CPPUNIT_ASSERT((seen == std::vector{&one.channel(), &two.channel()} || seen == std::vector{&two.channel(), &one.channel()}));
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), look("Fake/b-desk"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(0), look("Fake"));
        });
        const auto few = time_among(10), many = time_among(2000);
        run([&] {
            others.clear();
            one.release();
            two.release();
            near.release();
        });
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{} ns among 10, {} ns among 2,000", few.count(), many.count()), many < few * 10);
    }
    void channels_are_found_by_every_name_and_in_order() {
        run([&] {
            auto a = incoming("a"), b = incoming("b"), c = incoming("c");
            CPPUNIT_ASSERT(&find_channel(b->id())->get() == &b.channel());
            CPPUNIT_ASSERT(find_channel(to_upper(b->name())) == &b.channel());
            CPPUNIT_ASSERT(find_channel(b->unique_id()) == &b.channel());
            const auto old_name = b->name();
            b->rename("Fake/other");
            CPPUNIT_ASSERT(find_channel("Fake/other") == &b.channel());
            CPPUNIT_ASSERT(find_channel(old_name) == nullptr);
            std::vector<Channel*> seen;
            auto visit = [&](Channel& channel) { seen.push_back(&channel); };
            for_each_channel(visit, 0, 2);
            for_each_channel(visit, seen.back()->id().number);
            CPPUNIT_ASSERT((seen == std::vector{&a.channel(), &b.channel(), &c.channel()}));
            const auto unique = b->unique_id();
            b.release();
            CPPUNIT_ASSERT(find_channel(unique) == nullptr && find_channel("Fake/other") == nullptr);
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), channel_count());
        });
    }
    void no_more_calls_than_allowed() {
        run([&] {
            channel_limits() = {.max_calls = 2, .accept_new = true};
            auto a = incoming("a"), b = incoming("b");
            CPPUNIT_ASSERT(code_of(Channel::create(FakeDriver::make("c", phone("c")), "test")) == ErrorCode::limit);
            b.release();
            CPPUNIT_ASSERT(Channel::create(FakeDriver::make("c", phone("c")), "test").has_value());
            channel_limits() = {.max_calls = 0, .accept_new = false};
            HangupCause cause{};
            CPPUNIT_ASSERT(code_of(Channel::request({.technology = "Fake", .destination = "d"}, "test", cause)) ==
                           ErrorCode::limit);
            channel_limits() = {};
        });
    }
    void an_outgoing_channel_inherits_from_its_requestor() {
        run([&] {
            auto a = incoming("a");
            a->set_variable("__DEEP", "1");
            a->set_variable("PLAIN", "1");
            a->attributes().language = "fr";
            a->attributes().account_code = "acc";
            HangupCause cause{};
            auto b = Channel::request({.technology = "fake", .destination = "b", .requestor = &a.channel(), .dialled = "200"},
                                      "test", cause);
            CPPUNIT_ASSERT(b.has_value());
            Channel& made = b->channel();
            CPPUNIT_ASSERT_EQUAL(std::string("1"), made.variable("DEEP"));
            CPPUNIT_ASSERT_EQUAL(std::string(), made.variable("PLAIN"));
            CPPUNIT_ASSERT_EQUAL(std::string("fr"), made.attributes().language);
            CPPUNIT_ASSERT_EQUAL(std::string("acc"), made.attributes().peer_account);
            CPPUNIT_ASSERT_EQUAL(std::string("a"), made.connected().id.number.text);
            CPPUNIT_ASSERT_EQUAL(std::string("200"), made.caller().id.number.text);
            CPPUNIT_ASSERT_EQUAL(a->linked_id(), made.linked_id());
            CPPUNIT_ASSERT(a->call_id() == made.call_id());
            CPPUNIT_ASSERT(made.outgoing());
            auto none = Channel::request({.technology = "Nix", .destination = "b"}, "test", cause);
            CPPUNIT_ASSERT(code_of(none) == ErrorCode::not_found);
            auto absent = Channel::request({.technology = "Fake", .destination = "z"}, "test", cause);
            CPPUNIT_ASSERT(!absent && cause == HangupCause::subscriber_absent);
        });
    }
    void unread_events_never_hide_the_latest() {
        run([&] {
            auto a = incoming("a");
            for (int i = 0; i < 1000; ++i) a->remote_event({ChannelEvent::Kind::hold});
            a->remote_hung_up(HangupCause::normal_clearing);
            ChannelEvent last{};
            while (auto event = a->events().try_pop()) last = *event;
            CPPUNIT_ASSERT(last.kind == ChannelEvent::Kind::hung_up);
            CPPUNIT_ASSERT(last.cause == HangupCause::normal_clearing);
        });
    }
    void a_transfer_without_a_bridge_is_refused() {
        run([&] {
            auto a = incoming("a");
            std::optional<bool> told;
            a->transfer_request.emplace();
            a->transfer_request->done = [&](bool success) { told = success; };
            a->remote_event({ChannelEvent::Kind::transfer});
            CPPUNIT_ASSERT(told.has_value() && !*told);
            CPPUNIT_ASSERT(!a->transfer_request);
        });
    }
    void identity_updates_of_a_turn_become_one_message() {
        int published = 0;
        const auto subscription = subscribe<ChannelIdentityChanged>([&](const auto&) { ++published; });
        run([&] {
            auto a = incoming("a");
            for (const char* number : {"1", "2", "3"}) a->update_connected({PartyId::of(number), {}, "unknown"});
            CPPUNIT_ASSERT(until([&] { return published > 0; }));
            CPPUNIT_ASSERT_EQUAL(1, published);
            CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("connected line"));
            CPPUNIT_ASSERT_EQUAL(std::string("3"), a->connected().id.number.text);
        });
    }
    void attachments_live_with_the_channel() {
        struct Counted {
            Counted() { ++alive(); }
            ~Counted() { --alive(); }
            static int& alive() {
                static int count = 0;
                return count;
            }
        };
        run([&] {
            auto a = incoming("a");
            CPPUNIT_ASSERT(a->find_attachment<Counted>() == nullptr);
            Counted& made = a->attachment<Counted>();
            CPPUNIT_ASSERT(&made == &a->attachment<Counted>() && &made == a->find_attachment<Counted>());
            CPPUNIT_ASSERT_EQUAL(1, Counted::alive());
        });
        CPPUNIT_ASSERT_EQUAL(0, Counted::alive());
    }
    void the_creation_event_comes_before_all_others() {
        std::string order;
        const auto created = subscribe<ChannelCreated>([&](const auto& event) {
            order += "created " + event.channel.caller().id.number.text + " ";
        });
        const auto variable = subscribe<VariableSet>([&](const auto& event) { order += fmt::format("set {} ", event.name); });
        const auto hung_up = subscribe<ChannelHungUp>([&](const auto&) { order += "hung up"; });
        run([&] {
            auto a = incoming("a");
            a->set_variable("X", "1");
        });
        CPPUNIT_ASSERT_EQUAL(std::string("created a set X hung up"), order);
    }
    // Creation, look-up by name and number, and the end. A scan of all channels would take 1,000 times as long.
    void a_call_costs_no_more_among_10000() {
        std::vector<Custody> others;
        const auto create = [&] {
            auto custody = Channel::create(FakeDriver::make("a", phone("a")), "test");
            CPPUNIT_ASSERT(custody.has_value());
            return std::move(*custody);
        };
        const auto time_among = [&](std::size_t count) {
            run([&] {
                while (others.size() < count) others.push_back(create());
            });
            std::chrono::nanoseconds time{};
            run([&] {
                time = least_thread_time([&] {
                    for (int i = 0; i < 50; ++i) {
                        Custody one = create();
                        CPPUNIT_ASSERT(find_channel(one->name()) == &one.channel());
                        CPPUNIT_ASSERT(find_channel(one->id()));
                    }
                });
            });
            return time;
        };
        const auto few = time_among(10), many = time_among(10'000);
        run([&] { others.clear(); });
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{} ns among 10, {} ns among 10,000", few.count(), many.count()), many < few * 10);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ChannelLifeTest);

class ChannelPlayTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(ChannelPlayTest);
    CPPUNIT_TEST(a_source_plays_to_its_end);
    CPPUNIT_TEST(what_replaces_a_prompt_ends_it);
    CPPUNIT_TEST(a_tone_stands_in_for_what_the_driver_cannot_say);
    CPPUNIT_TEST(keys_are_read_once_each_in_order);
    CPPUNIT_TEST(signalled_keys_count_like_those_of_media);
    CPPUNIT_TEST(input_ends_at_terminator_maximum_or_pause);
    CPPUNIT_TEST(a_missing_prompt_is_named);
    CPPUNIT_TEST(hold_music_that_is_no_longer_wanted_never_starts);
    CPPUNIT_TEST_SUITE_END();

    void a_source_plays_to_its_end() {
        run([&] {
            auto a = incoming("a");
            const InterruptScope scope(a.interrupter());
            CPPUNIT_ASSERT(a->play_source(std::make_unique<ToneSource>(900, 10)).has_value());
            CPPUNIT_ASSERT(phone("a").ear->frames() >= 9);
        });
    }
    void what_replaces_a_prompt_ends_it() {
        run([&] {
            auto a = incoming("a");
            bool ended = false;
            start([&] {
                CPPUNIT_ASSERT(a->play_source(std::make_unique<ToneSource>(900, 100'000)).has_value());
                ended = true;
            });
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(900); }));
            start([&] { (void)a->play_source(std::make_unique<ToneSource>(1500, 25)); });
            CPPUNIT_ASSERT(until([&] { return ended; }));
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(1500); }));
            CPPUNIT_ASSERT(until([&] { return !a->media().playing(); }));
        });
    }
    void a_tone_stands_in_for_what_the_driver_cannot_say() {
        run([&] {
            auto zones = std::make_shared<ToneZones>();
            zones->default_country = "xx";
            zones->zones.push_back({"xx", "Test", {}, {{"busy", "480+620"}, {"ring", "440"}}});
            set_tone_zones(zones);
            auto a = incoming("a");
            CPPUNIT_ASSERT(a->indicate(Indication::busy).has_value());
            CPPUNIT_ASSERT(until([&] { return phone("a").ear->hears(480, 500) && phone("a").ear->hears(620, 500); }));
            CPPUNIT_ASSERT(a->indicate(Indication::stop).has_value());
            CPPUNIT_ASSERT(!a->media().playing());
            CPPUNIT_ASSERT(a->indicate(Indication::ringing).has_value());  // this one the driver can
            CPPUNIT_ASSERT(!a->media().playing());
            CPPUNIT_ASSERT(code_of(a->start_tone("nonsense")) == ErrorCode::not_found);
        });
    }
    void keys_are_read_once_each_in_order() {
        run([&] {
            auto a = incoming("a");
            for (const char key : {'1', '2', '3'}) phone("a").press(key);
            std::string keys;
            for (int i = 0; i < 3; ++i) keys += a->read_digit(2s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("123"), keys);
            CPPUNIT_ASSERT(code_of(a->read_digit(1ms)) == ErrorCode::timeout);
        });
    }
    void signalled_keys_count_like_those_of_media() {
        run([&] {
            auto a = incoming("a");
            a->remote_digit('7', 120ms);
            CPPUNIT_ASSERT_EQUAL('7', a->read_digit(1s).value());
        });
    }
    void input_ends_at_terminator_maximum_or_pause() {
        run([&] {
            auto a = incoming("a");
            auto press = [&](std::string_view keys) {
                for (const char key : keys) a->remote_digit(key, 100ms);
            };
            press("12#");
            CPPUNIT_ASSERT_EQUAL(std::string("12"), a->read_digits({.first = 50ms, .next = 50ms}).value());
            press("1234");
            CPPUNIT_ASSERT_EQUAL(std::string("123"), a->read_digits({.maximum = 3, .first = 50ms, .next = 50ms}).value());
            CPPUNIT_ASSERT_EQUAL(std::string("4"), a->read_digits({.first = 50ms, .next = 5ms}).value());
            CPPUNIT_ASSERT_EQUAL(std::string(), a->read_digits({.first = 2ms, .next = 2ms, .attempts = 2}).value());
            a->hang_up(HangupCause::normal_clearing);
            CPPUNIT_ASSERT(code_of(a->read_digits({})) == ErrorCode::hangup);
        });
    }
    void a_missing_prompt_is_named() {
        run([&] {
            auto a = incoming("a");
            auto played = a->play("no-such-prompt");
            CPPUNIT_ASSERT(code_of(played) == ErrorCode::not_found);
            CPPUNIT_ASSERT(played.error().text.contains("no-such-prompt"));
        });
    }
    void hold_music_that_is_no_longer_wanted_never_starts() {
        run([&] {
            auto a = incoming("a");
            CPPUNIT_ASSERT(a->indicate(Indication::hold, "default").has_value());
            CPPUNIT_ASSERT(a->indicate(Indication::unhold).has_value());
            CPPUNIT_ASSERT(until([&] { return !a->working(); }));
            CPPUNIT_ASSERT(!a->media().playing());
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ChannelPlayTest);
