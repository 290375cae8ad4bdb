#include "core/media/mixer.hpp"

#include <algorithm>

#include "core/media/mixer_node.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class SumTap final : public Tap {
  public:
    explicit SumTap(std::shared_ptr<Ear> ear) : Tap(Direction::read), ear_(std::move(ear)) {}
    void hear(const Frame& frame, Direction) override { ear_->hear(frame); }

  private:
    std::shared_ptr<Ear> ear_;
};

}  // namespace

class MixerTest : public MediaTest {
    CPPUNIT_TEST_SUITE(MixerTest);
    CPPUNIT_TEST(everybody_hears_the_others_and_not_himself);
    CPPUNIT_TEST(listeners_hear_all_and_are_not_heard);
    CPPUNIT_TEST(one_encode_serves_all_listeners_of_a_format);
    CPPUNIT_TEST(plays_to_all);
    CPPUNIT_TEST(tells_who_talks);
    CPPUNIT_TEST(gain_changes_what_one_says);
    CPPUNIT_TEST(a_tap_hears_the_sum);
    CPPUNIT_TEST(copes_with_packets_of_other_lengths);
    CPPUNIT_TEST(members_leave_by_connecting_elsewhere);
    CPPUNIT_TEST(its_end_frees_the_members);
    CPPUNIT_TEST(a_queue_adapts_to_uneven_packets_and_gives_the_delay_back);
    CPPUNIT_TEST(a_queue_never_grows_beyond_its_room);
    CPPUNIT_TEST_SUITE_END();

  public:
    void everybody_hears_the_others_and_not_himself() {
        Party a("ulaw", 400), b("alaw", 700), c("ulaw", 1000);
        Mixer mixer;
        for (Party* party : {&a, &b, &c}) CPPUNIT_ASSERT(mixer.add(*party->stream));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, mixer.members());
        CPPUNIT_ASSERT(wait_for([&] {
            return a.ear->hears(700) && a.ear->hears(1000) && b.ear->hears(400) && b.ear->hears(1000) &&
                   c.ear->hears(400) && c.ear->hears(700);
        }));
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(400, 500) && !b.ear->hears(700, 500) && !c.ear->hears(1000, 500); }));
        CPPUNIT_ASSERT(b.ear->codec() == find_codec("alaw"));
    }
    void listeners_hear_all_and_are_not_heard() {
        Party a("ulaw", 400), b("ulaw", 700), c("alaw", 0), d("alaw", 0);
        Mixer mixer;
        for (Party* party : {&a, &b, &c, &d}) CPPUNIT_ASSERT(mixer.add(*party->stream));
        mixer.set_listen_only(*b.stream, true);
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400) && c.ear->hears(400) && d.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->silent(); }));
        CPPUNIT_ASSERT(wait_for([&] { return !c.ear->hears(700, 500); }));
    }
    void one_encode_serves_all_listeners_of_a_format() {
        Party speaker("ulaw", 400);
        std::vector<std::unique_ptr<Party>> listeners;
        for (int i = 0; i < 8; ++i) listeners.push_back(std::make_unique<Party>(i % 2 ? "ulaw" : "alaw", 0));
        Mixer mixer;
        CPPUNIT_ASSERT(mixer.add(*speaker.stream));
        for (const auto& each : listeners) CPPUNIT_ASSERT(mixer.add(*each->stream));
        const auto hear = [](const auto& each) { return each->ear->hears(400); };
        CPPUNIT_ASSERT(wait_for([&] { return std::all_of(listeners.begin(), listeners.end(), hear); }));
        const auto ulaw = [] { return Law<g711::to_ulaw, g711::from_ulaw>::encoded.load(); };
        const auto alaw = [] { return Law<g711::to_alaw, g711::from_alaw>::encoded.load(); };
        const unsigned ulaw_before = ulaw(), alaw_before = alaw();
        std::vector<std::size_t> heard_before;
        for (const auto& each : listeners) heard_before.push_back(each->ear->frames());
        constexpr unsigned intervals = 50;
        CPPUNIT_ASSERT(wait_for([&] { return listeners[0]->ear->frames() >= heard_before[0] + intervals; }));
        const unsigned alaw_encodes = alaw() - alaw_before, ulaw_encodes = ulaw() - ulaw_before;
        for (std::size_t i = 0; i < listeners.size(); ++i)
            CPPUNIT_ASSERT(listeners[i]->ear->frames() >= heard_before[i] + intervals - 2);
        // The thread works on while the test looks: what was heard is at least what was encoded before.
        const std::size_t heard = listeners[0]->ear->frames() - heard_before[0];
        CPPUNIT_ASSERT(alaw_encodes >= intervals - 2 && alaw_encodes <= heard + 2);
        // He who speaks hears only the others, which is an encode of his own.
        CPPUNIT_ASSERT(ulaw_encodes >= 2 * intervals - 4 && ulaw_encodes <= 2 * heard + 4);
    }
    void plays_to_all() {
        Party a("ulaw", 400), b("alaw", 0);
        Mixer mixer;
        CPPUNIT_ASSERT(mixer.add(*a.stream));
        CPPUNIT_ASSERT(mixer.add(*b.stream));
        bool ended = false;
        mixer.play(std::make_unique<ToneSource>(1300, 20), [&] { ended = true; });
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1300) && b.ear->hears(1300) && b.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return ended; }));
    }
    void tells_who_talks() {
        Party a("ulaw", 400), b("ulaw", 0);
        Mixer mixer({.silence_after = 100ms});
        std::string seen;
        mixer.on_talking([&](MediaStream& stream, bool talking) {
            seen += &stream == a.stream.get() ? (talking ? 'A' : 'a') : 'x';
        });
        CPPUNIT_ASSERT(mixer.add(*a.stream));
        CPPUNIT_ASSERT(mixer.add(*b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return seen == "A"; }));
        a.stream->mute(true, false);
        CPPUNIT_ASSERT(wait_for([&] { return seen == "Aa"; }));
    }
    void gain_changes_what_one_says() {
        Party a("ulaw", 400), b("ulaw", 0);
        Mixer mixer;
        CPPUNIT_ASSERT(mixer.add(*a.stream));
        CPPUNIT_ASSERT(mixer.add(*b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400, 7000); }));
        mixer.set_gain(*a.stream, 1, 0.25);
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400, 1800) && !b.ear->hears(400, 2200); }));
        mixer.set_gain(*b.stream, 0.5, 1);
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400, 800) && !b.ear->hears(400, 1200); }));
    }
    void a_tap_hears_the_sum() {
        Party a("ulaw", 400), b("ulaw", 700);
        auto sum = std::make_shared<Ear>();
        Mixer mixer;
        CPPUNIT_ASSERT(mixer.add(*a.stream));
        CPPUNIT_ASSERT(mixer.add(*b.stream));
        auto tap = mixer.add(std::make_unique<SumTap>(sum));
        CPPUNIT_ASSERT(wait_for([&] { return sum->hears(400) && sum->hears(700); }));
        tap.reset();
    }
    void copes_with_packets_of_other_lengths() {
        Party a("ulaw", 400, true, 240), b("ulaw", 700, true, 80), c("ulaw", 1000, true, 480);
        Mixer mixer;
        for (Party* party : {&a, &b, &c}) CPPUNIT_ASSERT(mixer.add(*party->stream));
        // Whole tones, not torn ones: nearly all of their power must be at their frequency.
        CPPUNIT_ASSERT(wait_for([&] {
            return b.ear->hears(400, 7000) && b.ear->hears(1000, 7000) && a.ear->hears(700, 7000) &&
                   c.ear->hears(700, 7000);
        }));
    }
    void members_leave_by_connecting_elsewhere() {
        Party a("ulaw", 400), b("ulaw", 700), c("ulaw", 1000);
        Mixer mixer;
        CPPUNIT_ASSERT(mixer.add(*a.stream));
        CPPUNIT_ASSERT(mixer.add(*b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700); }));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *c.stream));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mixer.members());
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1000) && !a.ear->hears(700, 500) && c.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->silent(); }));
    }
    void its_end_frees_the_members() {
        Party a("ulaw", 400), b("ulaw", 700);
        {
            Mixer mixer;
            CPPUNIT_ASSERT(mixer.add(*a.stream));
            CPPUNIT_ASSERT(mixer.add(*b.stream));
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700); }));
        }
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed; }));
    }

    static std::vector<std::int16_t> count_up(int& value, std::size_t samples) {
        std::vector<std::int16_t> audio(samples);
        for (auto& sample : audio) sample = static_cast<std::int16_t>(++value);
        return audio;
    }
    void a_queue_adapts_to_uneven_packets_and_gives_the_delay_back() {
        EvenQueue queue;
        queue.reset(160 * 12, 160);
        int said = 0;
        std::vector<std::int16_t> out(160);
        unsigned missed = 0;
        // 60 ms packets against 20 ms pulls.
        for (int tick = 0; tick < 300; ++tick) {
            if (tick % 3 == 0) queue.push(count_up(said, 480));
            if (!queue.pull(out) && tick > 30) ++missed;
        }
        CPPUNIT_ASSERT_EQUAL(0u, missed);
        // A burst leaves more in the queue than an even stream needs; it goes back within some seconds.
        queue.push(count_up(said, 1000));
        for (int tick = 0; tick < 1000; ++tick) {
            queue.push(count_up(said, 160));
            queue.pull(out);
        }
        CPPUNIT_ASSERT(queue.size() <= 240);
        const std::int16_t first = out[0];
        for (std::size_t i = 1; i < out.size(); ++i) CPPUNIT_ASSERT_EQUAL(static_cast<std::int16_t>(first + i), out[i]);
    }
    void a_queue_never_grows_beyond_its_room() {
        EvenQueue queue;
        queue.reset(1600, 160);
        int said = 0;
        for (int i = 0; i < 100; ++i) queue.push(count_up(said, 777));
        queue.push(count_up(said, 5000));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1600}, queue.size());
        std::vector<std::int16_t> out(160);
        CPPUNIT_ASSERT(queue.pull(out));
        CPPUNIT_ASSERT_EQUAL(static_cast<std::int16_t>(said - 1600 + 1), out[0]);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MixerTest);
