#include "core/media/media_stream.hpp"

#include "core/media/inband_digits.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class EarTap final : public Tap {
  public:
    EarTap(Direction direction, std::shared_ptr<Ear> ear, const Codec* wants = nullptr,
           Place place = Place::after_whisper)
        : Tap(direction, place), ear_(std::move(ear)), wants_(wants) {}
    const Codec* wants() const override { return wants_; }
    void hear(const Frame& frame, Direction) override { ear_->hear(frame); }

  private:
    std::shared_ptr<Ear> ear_;
    const Codec* wants_;
};

class ToneInjector final : public Injector {
  public:
    ToneInjector(Tap::Direction direction, double hz, bool replaces = false)
        : Injector(direction), tone_(hz, 6000), replaces_(replaces) {}
    bool replaces() const override { return replaces_; }
    void mix(std::span<std::int16_t> audio, SampleRate) override {
        for (auto& sample : audio) sample = static_cast<std::int16_t>(sample + tone_.next());
    }

  private:
    Tone tone_;
    bool replaces_;
};

// Says what it was given once, 20 ms at a time, then nothing but silence.
class FeedPort final : public Port, MediaThread::Ticked {
  public:
    explicit FeedPort(std::vector<std::int16_t> audio) : audio_(std::move(audio)) {}
    void write(const Frame&) override {}
    void attach(MediaThread& thread) override { (thread_ = &thread)->add_ticked(*this, 20ms); }
    void detach() override { thread_->remove_ticked(*this); }
    void tick(std::uint64_t) override {
        std::vector<std::uint8_t> bytes(160, g711::to_ulaw(0));
        for (std::size_t i = 0; i < 160 && at_ + i < audio_.size(); ++i) bytes[i] = g711::to_ulaw(audio_[at_ + i]);
        at_ += 160;
        Frame frame;
        frame.codec = find_codec("ulaw");
        frame.payload = bytes;
        frame.samples = 160;
        frame.timestamp = static_cast<std::uint32_t>(at_);
        receive(frame);
    }

  private:
    std::vector<std::int16_t> audio_;
    std::size_t at_ = 0;
    MediaThread* thread_ = nullptr;
};

}  // namespace

class MediaStreamTest : public MediaTest {
    CPPUNIT_TEST_SUITE(MediaStreamTest);
    CPPUNIT_TEST(relays_both_ways_unopened);
    CPPUNIT_TEST(tells_whether_audio_only_passes);
    CPPUNIT_TEST(translates_between_codecs);
    CPPUNIT_TEST(says_that_there_is_no_translation);
    CPPUNIT_TEST(gives_an_echo_when_looped);
    CPPUNIT_TEST(a_source_interrupts_the_peer_only_towards_its_channel);
    CPPUNIT_TEST(tells_the_end_of_a_source_and_not_of_a_replaced_one);
    CPPUNIT_TEST(keeps_the_peer_silent_on_hold_while_music_plays);
    CPPUNIT_TEST(passes_digits_to_the_peer_and_to_control);
    CPPUNIT_TEST(holds_digits_back_and_replays_them);
    CPPUNIT_TEST(an_ended_connection_ends_a_digit_on_its_way);
    CPPUNIT_TEST(sends_digits_one_after_the_other);
    CPPUNIT_TEST(makes_tones_for_a_port_without_digits);
    CPPUNIT_TEST(finds_digits_in_the_audio);
    CPPUNIT_TEST(tells_silence_from_talk);
    CPPUNIT_TEST(a_watch_may_end_itself);
    CPPUNIT_TEST(a_phone_that_sends_nothing_is_silent);
    CPPUNIT_TEST(taps_hear_both_directions_in_the_codec_they_want);
    CPPUNIT_TEST(a_whisper_is_heard_by_the_channel_alone);
    CPPUNIT_TEST(an_early_tap_does_not_hear_the_whisper);
    CPPUNIT_TEST(an_injection_is_heard_though_the_phone_sends_nothing);
    CPPUNIT_TEST(mute_stops_either_direction);
    CPPUNIT_TEST(taps_stay_when_ports_are_exchanged);
    CPPUNIT_TEST(gives_its_port_back);
    CPPUNIT_TEST(a_callee_lives_on_the_callers_thread);
    CPPUNIT_TEST(ports_move_between_threads_under_load);
    CPPUNIT_TEST(port_events_coalesce_and_arrive);
    CPPUNIT_TEST(a_callback_may_destroy_its_stream);
    CPPUNIT_TEST(a_turn_passes_after_what_was_ordered_before);
    CPPUNIT_TEST_SUITE_END();

  public:
    void relays_both_ways_unopened() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(400); }));
        CPPUNIT_ASSERT(a.stream->statistics().relayed);
        CPPUNIT_ASSERT(a.stream->statistics().frames_out >= 5);
        CPPUNIT_ASSERT_EQUAL(a.stream->thread_index(), b.stream->thread_index());
        a.stream->disconnect();
        CPPUNIT_ASSERT(!b.stream->connected());
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        const auto frames = a.ear->frames();
        wait_for([] { return false; }, 60ms);
        CPPUNIT_ASSERT_EQUAL(frames, a.ear->frames());
    }
    void tells_whether_audio_only_passes() {
        Party a("ulaw", 0), b("ulaw", 0);
        unsigned told = 0;
        a.stream->on_use_changed([&] { ++told; });
        const auto changes_to = [&](bool passes) { return std::exchange(told, 0) > 0 && a.stream->only_passes() == passes && b.stream->only_passes() == passes; };
        CPPUNIT_ASSERT(!a.stream->only_passes());
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(changes_to(true));
        auto tap = b.stream->add(std::make_unique<EarTap>(Tap::Direction::read, b.ear));  // what happens at the peer counts
        CPPUNIT_ASSERT(changes_to(false));
        tap.reset();
        CPPUNIT_ASSERT(changes_to(true));
        b.stream->set_digit_mode(MediaStream::DigitMode::hold);
        CPPUNIT_ASSERT(changes_to(false));
        b.stream->set_digit_mode(MediaStream::DigitMode::replay);
        CPPUNIT_ASSERT(changes_to(true));
        a.stream->mute(false, true);
        CPPUNIT_ASSERT(changes_to(false));
        a.stream->mute(false, false);
        CPPUNIT_ASSERT(changes_to(true));
        a.stream->detect_inband_digits(true);
        CPPUNIT_ASSERT(changes_to(false));
        a.stream->detect_inband_digits(false);
        CPPUNIT_ASSERT(changes_to(true));
        b.stream->disconnect();
        CPPUNIT_ASSERT(changes_to(false));
        b.stream->mute(true, true);
        CPPUNIT_ASSERT_EQUAL(0u, told);  // of no interest any more
    }
    void translates_between_codecs() {
        Party a("ulaw", 400), b("alaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        CPPUNIT_ASSERT(b.ear->codec() == find_codec("alaw"));
        CPPUNIT_ASSERT(!a.stream->statistics().relayed);
        CPPUNIT_ASSERT(a.stream->statistics().write_path.find("ulaw") != std::string::npos);
        // A change of codec in the middle of the call needs nothing but the new codec.
        b.stream->set_port(std::make_unique<TestPort>(find_codec("ulaw"), 900, b.ear));
        b.stream->set_formats(find_codec("ulaw"), find_codec("ulaw"), 20ms);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(900) && b.ear->codec() == find_codec("ulaw"); }));
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed; }));
    }
    void says_that_there_is_no_translation() {
        Party a("ulaw", 0);
        MediaStream b;
        b.set_formats(find_codec("g729"), find_codec("g729"), 20ms);
        const auto connected = MediaStream::connect(*a.stream, b);
        CPPUNIT_ASSERT(!connected);
        CPPUNIT_ASSERT(connected.error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(connected.error().text.find("g729") != std::string::npos);
        CPPUNIT_ASSERT(!a.stream->connected());
    }
    void gives_an_echo_when_looped() {
        Party a("ulaw", 400);
        a.stream->loop_back(true);
        CPPUNIT_ASSERT(!a.stream->connected());
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(400); }));
        a.dial('5');
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->digits() == "5/5"; }));
        a.stream->loop_back(false);
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        const auto frames = a.ear->frames();
        wait_for([] { return false; }, 60ms);
        CPPUNIT_ASSERT_EQUAL(frames, a.ear->frames());
    }
    void a_source_interrupts_the_peer_only_towards_its_channel() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        bool ended = false;
        a.stream->play(std::make_unique<ToneSource>(1200, 25), [&] { ended = true; });
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1200) && !a.ear->hears(700, 500); }));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
        CPPUNIT_ASSERT(a.stream->playing());
        CPPUNIT_ASSERT(wait_for([&] { return ended; }));
        CPPUNIT_ASSERT(!a.stream->playing());
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && !a.ear->hears(1200, 500); }));
    }
    void tells_the_end_of_a_source_and_not_of_a_replaced_one() {
        Party a("ulaw", 0);
        std::string ends;
        a.stream->play(std::make_unique<ToneSource>(1200, 5), [&] { ends += '1'; });
        a.stream->play(std::make_unique<ToneSource>(1200, 5), [&] {
            ends += '2';
            a.stream->play(std::make_unique<ToneSource>(900, 5), [&] { ends += '3'; });
        });
        CPPUNIT_ASSERT(wait_for([&] { return ends == "23"; }));
        a.stream->play(std::make_unique<ToneSource>(900, 1000), [&] { ends += '4'; });
        a.stream->stop_playing();
        CPPUNIT_ASSERT(wait_for([&] { return ToneSource::alive() == 0; }));
        CPPUNIT_ASSERT_EQUAL(std::string("23"), ends);
        CPPUNIT_ASSERT(a.ear->frames() >= 10);
    }
    void keeps_the_peer_silent_on_hold_while_music_plays() {
        Party a("ulaw", 400), b("alaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
        b.stream->hold_outgoing(true);
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        const auto frames = b.ear->frames();
        wait_for([] { return false; }, 60ms);
        CPPUNIT_ASSERT_EQUAL(frames, b.ear->frames());
        b.stream->play(std::make_unique<ToneSource>(1100, 1000));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(1100); }));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700); }));
        b.stream->stop_playing();
        b.stream->hold_outgoing(false);
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
    }
    void passes_digits_to_the_peer_and_to_control() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        for (const char key : std::string("1*#")) a.dial(key);
        CPPUNIT_ASSERT(wait_for([&] { return a.digits == "1/1*/*#/#" && b.ear->digits() == "1/1*/*#/#"; }));
        CPPUNIT_ASSERT_EQUAL(std::string(), b.digits);
    }
    void holds_digits_back_and_replays_them() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        a.stream->set_digit_mode(MediaStream::DigitMode::hold);
        a.dial('4');
        a.dial('2');
        CPPUNIT_ASSERT(wait_for([&] { return a.digits == "4/42/2"; }));
        CPPUNIT_ASSERT_EQUAL(std::string(), b.ear->digits());
        a.stream->set_digit_mode(MediaStream::DigitMode::replay);
        a.dial('7');  // must not overtake those that were held
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->digits() == "4/42/27/7"; }));
    }
    void an_ended_connection_ends_a_digit_on_its_way() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        a.stream->with_port<TestPort>([](TestPort& port) { port.dial('9', false); });
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->digits() == "9"; }));
        b.stream->disconnect();
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->digits() == "9/9"; }));
    }
    void sends_digits_one_after_the_other() {
        Party a("ulaw", 0);
        for (const char key : std::string("123")) a.stream->send_digit(key, 60ms);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->digits() == "1/12/23/3"; }));
    }
    void makes_tones_for_a_port_without_digits() {
        Party a("ulaw", 0, false), b("ulaw", 300);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        a.stream->send_digit('5', 300ms);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(770) && a.ear->hears(1336); }));
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(300, 1000); }));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(300) && !a.ear->hears(770, 500); }));
    }
    void finds_digits_in_the_audio() {
        Party b("ulaw", 0), c("ulaw", 0);
        b.stream->detect_inband_digits(true);
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *c.stream));
        std::vector<std::int16_t> audio;
        for (const char key : std::string("60D")) {
            DigitTone tone;
            tone.start(key, {8000});
            audio.resize(audio.size() + 1440);
            tone.fill(std::span(audio).last(1440).first(800));
        }
        b.stream->set_port(std::make_unique<FeedPort>(audio));
        CPPUNIT_ASSERT(wait_for([&] { return b.digits == "6/60/0D/D"; }));
        CPPUNIT_ASSERT(wait_for([&] { return c.ear->digits() == "6/60/0D/D"; }));
    }
    void tells_silence_from_talk() {
        Party a("ulaw", 400);
        std::chrono::milliseconds talk{}, quiet{}, deaf{};
        auto watch = a.stream->watch_silence(
            256, [&](const MediaStream::SilenceEvent& event) { (event.silent ? quiet : talk) = event.length; });
        // A second one, for which the tone is not loud enough, does not disturb the first.
        auto second = a.stream->watch_silence(20000, [&](const MediaStream::SilenceEvent& event) {
            CPPUNIT_ASSERT(event.silent);
            deaf = event.length;
        });
        CPPUNIT_ASSERT(wait_for([&] { return talk >= 200ms && deaf >= 200ms; }));
        a.stream->set_port(std::make_unique<TestPort>(a.codec, 0, a.ear));
        CPPUNIT_ASSERT(wait_for([&] { return quiet >= 200ms; }));
        second.reset();
        const auto until = deaf;
        quiet = {};
        CPPUNIT_ASSERT(wait_for([&] { return quiet >= 200ms; }));
        CPPUNIT_ASSERT_EQUAL(until.count(), deaf.count());
    }
    void a_watch_may_end_itself() {
        Party a("ulaw", 400);
        unsigned calls = 0;
        std::unique_ptr<MediaStream::Attached> watch;
        watch = a.stream->watch_silence(256, [&](const MediaStream::SilenceEvent&) {
            ++calls;
            watch.reset();
        });
        CPPUNIT_ASSERT(wait_for([&] { return calls > 0; }));
        wait_for([] { return false; }, 250ms);
        CPPUNIT_ASSERT_EQUAL(1u, calls);
    }
    void a_phone_that_sends_nothing_is_silent() {
        Party a("ulaw", 0);
        std::chrono::milliseconds quiet{};
        const auto watch = a.stream->watch_silence(256, [&](const MediaStream::SilenceEvent& event) {
            if (event.silent) quiet = event.length;
        });
        CPPUNIT_ASSERT(wait_for([&] { return quiet >= 300ms; }));
    }
    void taps_hear_both_directions_in_the_codec_they_want() {
        Party a("ulaw", 400), b("ulaw", 700);
        auto said = std::make_shared<Ear>(), heard = std::make_shared<Ear>();
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        auto first = a.stream->add(std::make_unique<EarTap>(Tap::Direction::read, said, find_codec("alaw")));
        auto second = a.stream->add(std::make_unique<EarTap>(Tap::Direction::write, heard));
        CPPUNIT_ASSERT(a.stream->has_taps());
        CPPUNIT_ASSERT(wait_for([&] { return said->hears(400) && heard->hears(700); }));
        CPPUNIT_ASSERT(said->codec() == find_codec("alaw"));
        CPPUNIT_ASSERT(heard->codec() == find_codec("ulaw"));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        first.reset();
        second.reset();
        CPPUNIT_ASSERT(!a.stream->has_taps());
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed; }));
        const auto frames = said->frames();
        wait_for([] { return false; }, 60ms);
        CPPUNIT_ASSERT_EQUAL(frames, said->frames());
    }
    void a_whisper_is_heard_by_the_channel_alone() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        auto whisper = a.stream->add(std::make_unique<ToneInjector>(Tap::Direction::write, 1500));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1500) && a.ear->hears(700); }));
        CPPUNIT_ASSERT(wait_for([&] { return !b.ear->hears(1500, 300); }));
        whisper.reset();
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && !a.ear->hears(1500, 300); }));
        auto instead = a.stream->add(std::make_unique<ToneInjector>(Tap::Direction::read, 1500, true));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(1500) && !b.ear->hears(400, 300); }));
    }
    void an_early_tap_does_not_hear_the_whisper() {
        Party a("ulaw", 0), b("ulaw", 700);
        auto early = std::make_shared<Ear>(), late = std::make_shared<Ear>();
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        auto whisper = a.stream->add(std::make_unique<ToneInjector>(Tap::Direction::write, 1500));
        auto first =
            a.stream->add(std::make_unique<EarTap>(Tap::Direction::both, early, nullptr, Tap::Place::before_whisper));
        auto second = a.stream->add(std::make_unique<EarTap>(Tap::Direction::both, late));
        CPPUNIT_ASSERT(wait_for([&] { return early->hears(700) && late->hears(700) && late->hears(1500); }));
        CPPUNIT_ASSERT(wait_for([&] { return !early->hears(1500, 300); }));
    }
    void an_injection_is_heard_though_the_phone_sends_nothing() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        auto barge = a.stream->add(std::make_unique<ToneInjector>(Tap::Direction::read, 1500));
        auto whisper = a.stream->add(std::make_unique<ToneInjector>(Tap::Direction::write, 1100));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(1500) && a.ear->hears(1100); }));
    }
    void mute_stops_either_direction() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        a.stream->mute(true, false);
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        b.ear->forget();
        a.ear->forget();
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700); }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, b.ear->frames());
        a.stream->mute(false, true);
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        a.ear->forget();
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, a.ear->frames());
    }
    void taps_stay_when_ports_are_exchanged() {
        Party a("ulaw", 400), b("alaw", 700), c("ulaw", 1000);
        auto said = std::make_shared<Ear>();
        auto tap = a.stream->add(std::make_unique<EarTap>(Tap::Direction::read, said));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *c.stream));
        CPPUNIT_ASSERT(wait_for([&] { return said->hears(400) && a.ear->hears(1000); }));
        CPPUNIT_ASSERT(a.stream->thread_index() != b.stream->thread_index());
        a.stream->exchange_ports(*b.stream);
        CPPUNIT_ASSERT(a.stream->read_codec() == find_codec("alaw"));
        CPPUNIT_ASSERT(wait_for([&] { return said->hears(700) && c.ear->hears(700) && b.ear->hears(1000); }));
        CPPUNIT_ASSERT(wait_for([&] { return !said->hears(400, 500); }));  // once the last of it is out of the ear's window
        CPPUNIT_ASSERT(b.ear->codec() == find_codec("alaw"));
    }
    void gives_its_port_back() {
        Party a("ulaw", 400), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        on_fiber([&] {
            auto port = a.stream->take_port();
            CPPUNIT_ASSERT(port);
            CPPUNIT_ASSERT(!static_cast<TestPort&>(*port).thread());
            CPPUNIT_ASSERT(!a.stream->has_port() && !a.stream->take_port());
            a.stream->set_port(std::move(port));
        });
        b.ear->forget();
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
    }
    void a_callee_lives_on_the_callers_thread() {
        Party a("ulaw", 0), b("ulaw", 0);
        CPPUNIT_ASSERT(a.stream->thread_index() != b.stream->thread_index());
        MediaStream callee;
        callee.set_port(std::make_unique<TestPort>(a.codec, 0, a.ear), b.stream.get());
        CPPUNIT_ASSERT_EQUAL(b.stream->thread_index(), callee.thread_index());
        MediaStream other;
        other.set_port(std::make_unique<TestPort>(a.codec, 0, a.ear), a.stream.get());
        CPPUNIT_ASSERT_EQUAL(a.stream->thread_index(), other.thread_index());
    }
    void ports_move_between_threads_under_load() {
        Party a("ulaw", 400, true, 8), b("ulaw", 700, true, 8), c("alaw", 1000, true, 8), d("ulaw", 1300, true, 8);
        for (int round = 0; round < 200; ++round) {
            CPPUNIT_ASSERT(MediaStream::connect(*a.stream, round % 2 ? *b.stream : *c.stream));
            CPPUNIT_ASSERT(MediaStream::connect(*d.stream, round % 2 ? *c.stream : *b.stream));
            if (round % 3 == 0) a.stream->exchange_ports(*d.stream);
            if (round % 5 == 0) a.stream->disconnect();
            if (round % 7 == 0)
                b.stream->set_port(std::make_unique<TestPort>(b.codec, 700, b.ear, true, 8), d.stream.get());
            loop->run_for(round % 4 ? 0ms : 3ms, [] { return false; });
        }
        a.stream->set_port(std::make_unique<TestPort>(a.codec, 400, a.ear));
        a.stream->set_formats(a.codec, a.codec, 20ms);
        c.stream->set_port(std::make_unique<TestPort>(c.codec, 1000, c.ear));
        c.stream->set_formats(c.codec, c.codec, 20ms);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *c.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(1000) && c.ear->hears(400); }));
        CPPUNIT_ASSERT(!TestPort::torn());
    }
    void port_events_coalesce_and_arrive() {
        Party a("ulaw", 0);
        std::uint32_t seen = 0;
        int calls = 0;
        a.stream->on_port_event([&](std::uint32_t bits) {
            seen |= bits;
            ++calls;
        });
        // Where the media thread loses the processor after each of them, each is told by itself: more than there are turns.
        a.stream->with_port<TestPort>([](TestPort& port) {
            for (int i = 0; i < 10'000; ++i) port.tell(1u << (i % 3));
        });
        CPPUNIT_ASSERT(wait_for([&] { return seen == 7; }));
        CPPUNIT_ASSERT(calls < 10'000);
    }
    void a_callback_may_destroy_its_stream() {
        auto a = std::make_unique<Party>("ulaw", 0);
        bool gone = false;
        a->stream->on_digit([&, keep = std::string(100, 'x')](const Digit&) {
            a.reset();
            gone = keep.size() == 100;
        });
        a->dial('1');
        CPPUNIT_ASSERT(wait_for([&] { return gone; }));
    }
    void a_turn_passes_after_what_was_ordered_before() {
        Party a("ulaw", 0);
        on_fiber([&] {
            std::atomic<bool> ran{false};
            a.stream->with_port<TestPort>([&](TestPort&) { ran = true; });
            a.stream->play(std::make_unique<ToneSource>(100, 1000));
            a.stream->stop_playing();
            CPPUNIT_ASSERT(engine->pass_turn());
            CPPUNIT_ASSERT(ran);
            CPPUNIT_ASSERT_EQUAL(0, ToneSource::alive().load());
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MediaStreamTest);
