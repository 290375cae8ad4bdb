#include "core/media/snoop.hpp"

#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class SnoopTest : public MediaTest {
    CPPUNIT_TEST_SUITE(SnoopTest);
    CPPUNIT_TEST(hears_both_sides_and_nobody_hears_it);
    CPPUNIT_TEST(hears_one_side_when_asked);
    CPPUNIT_TEST(whispers_to_the_channel_alone);
    CPPUNIT_TEST(barges_in_on_both_sides);
    CPPUNIT_TEST(whispers_where_nobody_talks);
    CPPUNIT_TEST(volume_is_a_factor);
    CPPUNIT_TEST(leaves_the_call_as_it_was);
    CPPUNIT_TEST(goes_on_when_ports_change);
    CPPUNIT_TEST(gives_silence_when_the_target_has_gone);
    CPPUNIT_TEST(rates_may_differ);
    CPPUNIT_TEST_SUITE_END();

  public:
    // Who listens: a phone whose stream is connected with the snoop's.
    struct Listener {
        Listener(Snoop& snoop, double hz, const char* codec = "ulaw") : party(codec, hz) {
            stream.set_port(snoop.take_port(), party.stream.get());
            stream.set_formats(snoop.codec(), snoop.codec(), 20ms);
            CPPUNIT_ASSERT(MediaStream::connect(*party.stream, stream));
        }
        Ear& ear() { return *party.ear; }
        Party party;
        MediaStream stream;
    };

    void hears_both_sides_and_nobody_hears_it() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {});
        Listener spy(snoop, 1100);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(400) && spy.ear().hears(700); }));
        CPPUNIT_ASSERT(wait_for([&] { return !spy.ear().hears(1100, 300); }));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && !a.ear->hears(1100, 300); }));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400) && !b.ear->hears(1100, 300); }));
        CPPUNIT_ASSERT(a.stream->has_taps());
    }
    void hears_one_side_when_asked() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.hear = SnoopWays::in});
        Listener spy(snoop, 0);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return !spy.ear().hears(700, 300); }));
        snoop.set_hear(SnoopWays::out);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(700) && !spy.ear().hears(400, 300); }));
    }
    void whispers_to_the_channel_alone() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.whisper = SnoopWays::out});
        Listener spy(snoop, 1100);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1100) && a.ear->hears(700); }));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400) && !b.ear->hears(1100, 300); }));
        CPPUNIT_ASSERT(wait_for([&] { return !spy.ear().hears(1100, 300); }));  // its own whisper does not come back
        snoop.set_whisper(SnoopWays::none);
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(1100, 300) && a.ear->hears(700); }));
        snoop.set_whisper(SnoopWays::out);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1100); }));
    }
    void barges_in_on_both_sides() {
        Party a("ulaw", 400), b("alaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.whisper = SnoopWays::both});
        Listener spy(snoop, 1100);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1100) && b.ear->hears(1100) && b.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(400) && spy.ear().hears(700); }));
        CPPUNIT_ASSERT(wait_for([&] { return !spy.ear().hears(1100, 300); }));
    }
    void whispers_where_nobody_talks() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.whisper = SnoopWays::both});
        Listener spy(snoop, 1100);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1100) && b.ear->hears(1100); }));
    }
    void volume_is_a_factor() {
        Party a("ulaw", 400);
        Snoop snoop(*a.stream, {.hear = SnoopWays::in, .volume = 0.5});
        Listener spy(snoop, 0);
        const auto near = [&](double level) {
            return wait_for([&] { return std::abs(level_of(spy.ear().latest(), 400) - level) < level * 0.08; });
        };
        CPPUNIT_ASSERT(near(4000));
        snoop.set_volume(2);
        CPPUNIT_ASSERT(near(16000));
    }
    void leaves_the_call_as_it_was() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        {
            Snoop snoop(*a.stream, {.whisper = SnoopWays::both});
            Listener spy(snoop, 1100);
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1100) && b.ear->hears(1100); }));
            CPPUNIT_ASSERT(!a.stream->statistics().relayed);
        }
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed && b.stream->statistics().relayed; }));
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(1100, 300) && !b.ear->hears(1100, 300); }));
        CPPUNIT_ASSERT(!a.stream->has_taps());
    }
    void goes_on_when_ports_change() {
        Party a("ulaw", 400), b("ulaw", 700), c("alaw", 1000);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.whisper = SnoopWays::out});
        Listener spy(snoop, 1400);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(400) && spy.ear().hears(700); }));
        a.stream->exchange_ports(*c.stream);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(1000) && spy.ear().hears(700) && c.ear->hears(1400); }));
        Party d("ulaw", 1300);
        CPPUNIT_ASSERT(MediaStream::connect(*d.stream, *a.stream));
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(1000) && spy.ear().hears(1300); }));
    }
    void gives_silence_when_the_target_has_gone() {
        auto a = std::make_unique<Party>("ulaw", 400);
        Snoop snoop(*a->stream, {.whisper = SnoopWays::both});
        Listener spy(snoop, 1100);
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().hears(400); }));
        a.reset();
        CPPUNIT_ASSERT(wait_for([&] { return spy.ear().silent(); }));
        snoop.set_hear(SnoopWays::both);
        snoop.set_whisper(SnoopWays::none);
    }
    void rates_may_differ() {
        Party a("slin16", 400), b("slin16", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        Snoop snoop(*a.stream, {.hear = SnoopWays::none, .whisper = SnoopWays::out});
        Listener spy(snoop, 1100);
        // TestPort sends 160 samples every 20 ms, which at 16000 Hz is half of them: what counts is the whisper's pitch.
        CPPUNIT_ASSERT(wait_for([&] { return level_of(a.ear->latest(1600), 1100, 16000) > 2000; }));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SnoopTest);
