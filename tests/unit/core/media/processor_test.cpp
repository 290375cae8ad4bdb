#include "core/media/processor.hpp"

#include <algorithm>

#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

// Multiplies; notes the rates that it was told.
class Gain final : public AudioProcessor {
  public:
    Gain(Direction direction, double factor, int order = level, std::atomic<std::uint32_t>* rate = nullptr)
        : AudioProcessor(direction, order), factor_(factor), rate_(rate) {}
    void begin(SampleRate rate) override {
        if (rate_) *rate_ = rate.hz;
    }
    void process(std::span<std::int16_t> audio, Direction) override {
        for (auto& sample : audio) sample = static_cast<std::int16_t>(std::clamp(sample * factor_, -32768.0, 32767.0));
    }

  private:
    double factor_;
    std::atomic<std::uint32_t>* rate_;
};

// Keeps the peak below a limit: not the same before a gain as after it.
class Clip final : public AudioProcessor {
  public:
    Clip(Direction direction, std::int16_t limit, int order) : AudioProcessor(direction, order), limit_(limit) {}
    void process(std::span<std::int16_t> audio, Direction) override {
        for (auto& sample : audio) sample = std::clamp<std::int16_t>(sample, static_cast<std::int16_t>(-limit_), limit_);
    }

  private:
    std::int16_t limit_;
};

class Sieve final : public FrameFilter {
  public:
    Sieve(Direction direction, bool frames, bool digits) : FrameFilter(direction), frames_(frames), digits_(digits) {}
    bool passes(const Frame&, Direction) override { return frames_; }
    bool passes(const Digit&, Direction) override { return digits_; }

  private:
    bool frames_, digits_;
};

class ReadEar final : public Tap {
  public:
    ReadEar(Direction direction, std::shared_ptr<Ear> ear) : Tap(direction), ear_(std::move(ear)) {}
    void hear(const Frame& frame, Direction) override { ear_->hear(frame); }

  private:
    std::shared_ptr<Ear> ear_;
};

// Sends a tone in bursts of three packets every 60 ms, the last of each burst before the others.
class BurstPort final : public Port, MediaThread::Ticked {
  public:
    void write(const Frame&) override {}
    void attach(MediaThread& thread) override { (thread_ = &thread)->add_ticked(*this, 60ms); }
    void detach() override { thread_->remove_ticked(*this); }
    void tick(std::uint64_t) override {
        std::array<std::array<std::uint8_t, 160>, 3> packets;
        for (auto& packet : packets)
            for (auto& byte : packet) byte = g711::to_ulaw(tone_.next());
        for (const unsigned i : {2u, 0u, 1u}) {
            Frame frame;
            frame.codec = find_codec("ulaw");
            frame.payload = packets[i];
            frame.samples = 160;
            frame.sequence = static_cast<std::uint16_t>(sequence_ + i);
            frame.has_sequence = true;
            frame.timestamp = frame.sequence * 160u;
            frame.source = name_;
            receive(frame);
        }
        sequence_ = static_cast<std::uint16_t>(sequence_ + 3);
    }

  private:
    Tone tone_{425};  // no whole number of periods in a packet
    std::uint16_t sequence_ = 0;
    const std::uint32_t name_ = new_frame_source();
    MediaThread* thread_ = nullptr;
};

}  // namespace

class ProcessorTest : public MediaTest {
    CPPUNIT_TEST_SUITE(ProcessorTest);
    CPPUNIT_TEST(changes_what_the_channel_says);
    CPPUNIT_TEST(changes_what_the_channel_hears_also_prompts);
    CPPUNIT_TEST(without_one_frames_pass_unopened_again);
    CPPUNIT_TEST(run_by_order_and_then_as_added);
    CPPUNIT_TEST(are_told_a_new_rate);
    CPPUNIT_TEST(taps_and_silence_watches_hear_what_it_makes);
    CPPUNIT_TEST(stay_when_ports_are_exchanged_and_bridges_change);
    CPPUNIT_TEST(may_outlive_the_stream);
    CPPUNIT_TEST(filters_keep_frames_and_digits_back);
    CPPUNIT_TEST(a_jitter_buffer_makes_bursts_even);
    CPPUNIT_TEST_SUITE_END();

  public:
    static double heard(const Ear& ear, double hz) { return level_of(ear.latest(), hz); }
    bool settles(const Ear& ear, double hz, double level) {
        return wait_for([&] { return std::abs(heard(ear, hz) - level) < level * 0.08; });
    }

    void changes_what_the_channel_says() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 8000));
        const auto half = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0.5));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 4000));  // -6 dB
        CPPUNIT_ASSERT(heard(*a.ear, 700) > 7000);
        // Between two codecs as well.
        b.stream->set_port(std::make_unique<TestPort>(find_codec("alaw"), 900, b.ear));
        b.stream->set_formats(find_codec("alaw"), find_codec("alaw"), 20ms);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(900) && b.ear->codec() == find_codec("alaw"); }));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 4000));
    }
    void changes_what_the_channel_hears_also_prompts() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        const auto twice = a.stream->add(std::make_unique<Gain>(Tap::Direction::write, 2));
        CPPUNIT_ASSERT(settles(*a.ear, 700, 16000));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 8000));
        a.stream->play(std::make_unique<ToneSource>(1000, 1000));
        CPPUNIT_ASSERT(settles(*a.ear, 1000, 16000));
    }
    void without_one_frames_pass_unopened_again() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed; }));
        auto gain = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0.5));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 4000));
        CPPUNIT_ASSERT(!a.stream->statistics().relayed);
        // The other direction is none of its business.
        CPPUNIT_ASSERT(b.stream->statistics().relayed);
        gain.reset();
        CPPUNIT_ASSERT(wait_for([&] { return a.stream->statistics().relayed; }));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 8000));
    }
    void run_by_order_and_then_as_added() {
        Party a("ulaw", 400), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        const auto last = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 3, AudioProcessor::mute));
        const auto first = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0.25, AudioProcessor::clean));
        const auto middle = a.stream->add(std::make_unique<Clip>(Tap::Direction::read, 4000, AudioProcessor::level));
        CPPUNIT_ASSERT(settles(*b.ear, 400, 6000));  // 8000 / 4, not clipped, times 3
        const auto before = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0, AudioProcessor::level));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->silent(); }));
    }
    void are_told_a_new_rate() {
        Party a("ulaw", 400), b("ulaw", 0);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        std::atomic<std::uint32_t> rate{0};
        const auto gain =
            a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 1, AudioProcessor::level, &rate));
        CPPUNIT_ASSERT(wait_for([&] { return rate == 8000; }));
        a.stream->set_port(std::make_unique<TestPort>(find_codec("slin16"), 400, a.ear));
        a.stream->set_formats(find_codec("slin16"), find_codec("slin16"), 20ms);
        CPPUNIT_ASSERT(wait_for([&] { return rate == 16000; }));
    }
    void taps_and_silence_watches_hear_what_it_makes() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        auto said = std::make_shared<Ear>();
        std::chrono::milliseconds quiet{}, talk{};
        const auto watch = a.stream->watch_silence(
            256, [&](const MediaStream::SilenceEvent& event) { (event.silent ? quiet : talk) = event.length; });
        const auto tap = a.stream->add(std::make_unique<ReadEar>(Tap::Direction::read, said));
        CPPUNIT_ASSERT(wait_for([&] { return talk >= 200ms && said->hears(400); }));
        const auto muted = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0, AudioProcessor::mute));
        CPPUNIT_ASSERT(wait_for([&] { return quiet >= 200ms && said->silent() && b.ear->silent(); }));
    }
    void stay_when_ports_are_exchanged_and_bridges_change() {
        Party a("ulaw", 400), b("alaw", 700), c("ulaw", 1000), d("ulaw", 1300);
        const auto gain = a.stream->add(std::make_unique<Gain>(Tap::Direction::read, 0.5));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *c.stream));
        CPPUNIT_ASSERT(settles(*c.ear, 400, 4000));
        a.stream->exchange_ports(*b.stream);
        CPPUNIT_ASSERT(settles(*c.ear, 700, 4000));
        CPPUNIT_ASSERT(MediaStream::connect(*d.stream, *a.stream));  // to another thread, perhaps
        CPPUNIT_ASSERT(settles(*d.ear, 700, 4000));
    }
    void may_outlive_the_stream() {
        std::unique_ptr<MediaStream::Attached> gain;
        {
            Party a("ulaw", 400);
            gain = a.stream->add(std::make_unique<Gain>(Tap::Direction::both, 0.5));
        }
        gain.reset();
    }
    void filters_keep_frames_and_digits_back() {
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400) && a.ear->hears(700); }));
        auto digits = a.stream->add(std::make_unique<Sieve>(Tap::Direction::read, true, false));
        a.dial('5');
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->hears(400); }));
        CPPUNIT_ASSERT_EQUAL(std::string(), b.ear->digits());
        digits.reset();
        auto frames = a.stream->add(std::make_unique<Sieve>(Tap::Direction::write, false, true));
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        const auto seen = a.ear->frames();
        wait_for([] { return false; }, 60ms);
        CPPUNIT_ASSERT_EQUAL(seen, a.ear->frames());
        a.dial('6');
        b.dial('7');
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->digits() == "6/6" && a.ear->digits() == "7/7"; }));
        frames.reset();
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->frames() > seen; }));
    }
    void a_jitter_buffer_makes_bursts_even() {
        Party a("ulaw", 0), b("ulaw", 0);
        a.stream->set_jitter_buffer(MediaStream::JitterSettings{.adaptive = false, .delay = 100ms});
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        a.stream->set_port(std::make_unique<BurstPort>());
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->frames() > 40; }));
        // In order: out of order the phase jumps, and a tenth of a second has less of the tone.
        CPPUNIT_ASSERT(heard(*b.ear, 425) > 7600);
        a.stream->set_jitter_buffer(std::nullopt);
        b.ear->forget();
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->frames() > 20 && a.stream->statistics().relayed; }));
        CPPUNIT_ASSERT(heard(*b.ear, 425) < 6000);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProcessorTest);
