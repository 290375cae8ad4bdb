// What the tests of the media threads share: a control loop, media threads, G.711 translators, ports that speak a tone
// and keep what they are given, and an ear that finds tones.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

#include "codecs/g711.hpp"
#include "core/media/media_stream.hpp"
#include "core/media/translator.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::testing {

using namespace std::chrono_literals;

// Power of one frequency in linear audio, as the amplitude of the sine that it would be.
inline double level_of(const std::vector<std::int16_t>& audio, double hz, double rate = 8000) {
    if (audio.empty()) return 0;
    double real = 0, imaginary = 0;
    for (std::size_t i = 0; i < audio.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
        real += audio[i] * std::cos(angle);
        imaginary += audio[i] * std::sin(angle);
    }
    return 2 * std::hypot(real, imaginary) / static_cast<double>(audio.size());
}

// What somebody heard; filled on a media thread, asked by the test.
class Ear {
  public:
    void hear(const Frame& frame) {
        const std::lock_guard lock(mutex_);
        ++frames_;
        codec_ = frame.codec;
        if (frame.codec == find_codec("ulaw"))
            for (const auto byte : frame.payload) audio_.push_back(g711::from_ulaw(byte));
        else if (frame.codec == find_codec("alaw"))
            for (const auto byte : frame.payload) audio_.push_back(g711::from_alaw(byte));
        else if (frame.codec->linear)
            for (const auto sample : frame.linear()) audio_.push_back(sample);
    }
    void digit(const Digit& digit) {
        const std::lock_guard lock(mutex_);
        digits_ += digit.end ? std::string("/") + digit.key : std::string(1, digit.key);
    }
    // The last 100 ms, when there is so much.
    std::vector<std::int16_t> latest(std::size_t samples = 800) const {
        const std::lock_guard lock(mutex_);
        if (audio_.size() < samples) return {};
        return {audio_.end() - static_cast<std::ptrdiff_t>(samples), audio_.end()};
    }
    bool hears(double hz, double least = 2000) const { return level_of(latest(), hz) > least; }
    bool silent() const {
        const auto audio = latest();
        for (const auto sample : audio)
            if (std::abs(sample) > 50) return false;
        return !audio.empty();
    }
    std::size_t frames() const { return locked(frames_); }
    const Codec* codec() const { return locked(codec_); }
    std::string digits() const { return locked(digits_); }
    void forget() {
        const std::lock_guard lock(mutex_);
        audio_.clear();
        digits_.clear();
        frames_ = 0;
    }

  private:
    template <class T>
    T locked(const T& value) const {
        const std::lock_guard lock(mutex_);
        return value;
    }
    mutable std::mutex mutex_;
    std::vector<std::int16_t> audio_;
    std::string digits_;
    std::size_t frames_ = 0;
    const Codec* codec_ = nullptr;
};

class Tone {
  public:
    explicit Tone(double hz, double peak = 8000, double rate = 8000)
        : step_(2 * std::numbers::pi * hz / rate), peak_(peak) {}
    std::int16_t next() {
        phase_ += step_;
        return static_cast<std::int16_t>(std::sin(phase_) * peak_);
    }

  private:
    double step_, peak_, phase_ = 0;
};

// A far side that speaks a tone in its codec every 20 ms and hears what it is sent. Fails the test (`torn`) when two
// threads are in it at once, or when it is used while it lives nowhere.
class TestPort final : public Port, MediaThread::Ticked {
  public:
    TestPort(const Codec* codec, double hz, std::shared_ptr<Ear> ear, bool takes_digits = true, unsigned samples = 160)
        : codec_(codec),
          tone_(hz),
          speaks_(hz > 0),
          ear_(std::move(ear)),
          takes_digits_(takes_digits),
          samples_(samples),
          name_(new_frame_source()) {
        ++alive();
    }
    ~TestPort() override { --alive(); }

    void write(const Frame& frame) override {
        const Inside inside(*this);
        ear_->hear(frame);
    }
    bool write_digit(const Digit& digit) override {
        const Inside inside(*this);
        if (takes_digits_) ear_->digit(digit);
        return takes_digits_;
    }
    void attach(MediaThread& thread) override {
        const Inside inside(*this);
        if (thread_) torn() = true;
        thread_ = &thread;
        thread.add_ticked(*this, std::chrono::milliseconds(samples_ / 8));
    }
    void detach() override {
        const Inside inside(*this);
        if (!thread_) torn() = true;
        thread_->remove_ticked(*this);
        thread_ = nullptr;
    }
    std::uint32_t relay_kind() const override { return 1; }
    void tick(std::uint64_t) override {
        if (speaks_) speak();
    }
    void speak() {
        std::vector<std::uint8_t> bytes;
        for (unsigned i = 0; i < samples_; ++i) {
            const std::int16_t sample = tone_.next();
            if (codec_->linear) {
                bytes.push_back(static_cast<std::uint8_t>(sample));
                bytes.push_back(static_cast<std::uint8_t>(sample >> 8));
            } else {
                bytes.push_back(codec_ == find_codec("ulaw") ? g711::to_ulaw(sample) : g711::to_alaw(sample));
            }
        }
        Frame frame;
        frame.codec = codec_;
        frame.payload = bytes;
        frame.samples = static_cast<std::uint16_t>(samples_);
        frame.timestamp = timestamp_ += samples_;
        frame.sequence = sequence_++;
        frame.has_sequence = true;
        frame.source = name_;
        receive(frame);
    }
    void dial(char key, bool end) { receive_digit({key, end, Digit::limited(end ? 100 : 0)}); }
    void tell(std::uint32_t bits) { report(bits); }
    MediaThread* thread() const { return thread_; }

    static std::atomic<int>& alive() {
        static std::atomic<int> count{0};
        return count;
    }
    static std::atomic<bool>& torn() {
        static std::atomic<bool> seen{false};
        return seen;
    }

  private:
    struct Inside {
        explicit Inside(TestPort& port) : port_(port) {
            const auto me = std::this_thread::get_id();
            auto nobody = std::thread::id();
            outermost_ = port.inside_.compare_exchange_strong(nobody, me);
            if (!outermost_ && nobody != me) torn() = true;
        }
        ~Inside() {
            if (outermost_) port_.inside_ = std::thread::id();
        }
        TestPort& port_;
        bool outermost_;
    };
    const Codec* codec_;
    Tone tone_;
    bool speaks_;
    std::shared_ptr<Ear> ear_;
    bool takes_digits_;
    unsigned samples_;
    MediaThread* thread_ = nullptr;
    std::uint32_t name_, timestamp_ = 0;
    std::uint16_t sequence_ = 0;
    std::atomic<std::thread::id> inside_{};
};

// A tone to play, for so many frames.
class ToneSource final : public Source {
  public:
    ToneSource(double hz, unsigned frames, const Codec* codec = find_codec("slin"))
        : codec_(codec), tone_(hz, 8000, codec->rate.hz), left_(frames) {
        ++alive();
    }
    ~ToneSource() override {
        --alive();
        if (ControlLoop::instance() && !on_control_thread()) TestPort::torn() = true;
    }
    const Codec* codec() const override { return codec_; }
    Frame next(unsigned samples) override {
        if (left_ == 0) return {};
        --left_;
        audio_.resize(samples);
        for (auto& sample : audio_) sample = tone_.next();
        Frame frame;
        frame.codec = codec_;
        frame.payload = {reinterpret_cast<const std::uint8_t*>(audio_.data()), audio_.size() * 2};
        frame.samples = static_cast<std::uint16_t>(samples);
        return frame;
    }
    static std::atomic<int>& alive() {
        static std::atomic<int> count{0};
        return count;
    }

  private:
    const Codec* codec_;
    Tone tone_;
    unsigned left_;
    std::vector<std::int16_t> audio_;
};

// One stream with its far side.
struct Party {
    Party(const char* codec_name, double hz, bool takes_digits = true, unsigned samples = 160)
        : codec(find_codec(codec_name)), ear(std::make_shared<Ear>()), stream(std::make_unique<MediaStream>()) {
        stream->set_port(std::make_unique<TestPort>(codec, hz, ear, takes_digits, samples));
        stream->set_formats(codec, codec, 20ms);
        stream->on_digit([this](const Digit& digit) {
            digits += digit.end ? std::string("/") + digit.key : std::string(1, digit.key);
        });
    }
    void dial(char key) {
        stream->with_port<TestPort>([key](TestPort& port) {
            port.dial(key, false);
            port.dial(key, true);
        });
    }
    const Codec* codec;
    std::shared_ptr<Ear> ear;
    std::unique_ptr<MediaStream> stream;
    std::string digits;
};

template <std::uint8_t (*to)(std::int16_t), std::int16_t (*from)(std::uint8_t)>
struct Law {
    static inline std::atomic<unsigned> encoded{0};  // frames, by all of this kind
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        ++encoded;
        for (std::size_t i = 0; i < pcm.size(); ++i) out[i] = to(pcm[i]);
        return pcm.size();
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        for (std::size_t i = 0; i < in.size(); ++i) pcm[i] = from(in[i]);
        return in.size();
    }
};

class MediaTest : public CppUnit::TestFixture {
  public:
    void setUp() override {
        TestPort::torn() = false;
        loop = std::make_unique<ControlLoop>();
        codecs = std::make_unique<Module>("test");
        CPPUNIT_ASSERT((add_audio_codec<Law<g711::to_ulaw, g711::from_ulaw>>(*codecs, "ulaw", 1)));
        CPPUNIT_ASSERT((add_audio_codec<Law<g711::to_alaw, g711::from_alaw>>(*codecs, "alaw", 1)));
        engine = std::make_unique<MediaEngine>(2);
    }
    void tearDown() override {
        wait_for([] { return TestPort::alive() == 0 && ToneSource::alive() == 0; });
        CPPUNIT_ASSERT_EQUAL(0, TestPort::alive().load());
        engine.reset();
        loop->run_until_idle();
        codecs.reset();
        loop.reset();
        CPPUNIT_ASSERT_EQUAL(0, ToneSource::alive().load());
        CPPUNIT_ASSERT(!TestPort::torn());
    }
    bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds limit = 10s) {
        // The media threads do not wake this loop for what only the test looks at.
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            loop->run_for(5ms, [] { return false; });
        }
        return true;
    }
    void on_fiber(std::move_only_function<void()> body) {
        bool done = false;
        CPPUNIT_ASSERT(spawn({.name = "test"}, [&] {
            body();
            done = true;
        }));
        CPPUNIT_ASSERT(loop->run_for(10s, [&] { return done; }));
    }

  protected:
    std::unique_ptr<ControlLoop> loop;
    std::unique_ptr<Module> codecs;
    std::unique_ptr<MediaEngine> engine;
};

}  // namespace jackfield::testing
