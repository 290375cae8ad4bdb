#include "apps/tones/tone_meter.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <numbers>
#include <random>

#include "apps/tones/mf_receiver.hpp"
#include "apps/tones/progress_scanner.hpp"
#include "apps/tones/tone_digits.hpp"

using namespace jackfield;
using namespace jackfield::tones;

namespace {

using Sound = std::vector<std::int16_t>;

// What a description of indications.conf sounds like, for at most so long.
Sound sound_of(const std::string& description, unsigned ms) {
    auto source = make_tone(description);
    CPPUNIT_ASSERT_MESSAGE(description, source.has_value());
    Sound sound;
    while (sound.size() < ms * 8u) {
        const Frame frame = (*source)->next(160);
        if (frame.payload.empty()) break;
        const auto samples = frame.linear();
        sound.insert(sound.end(), samples.begin(), samples.end());
    }
    return sound;
}

void add_noise(Sound& sound, double peak) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> value(-peak, peak);
    for (auto& sample : sound) sample = static_cast<std::int16_t>(std::clamp(sample + value(random), -32768.0, 32767.0));
}

template <class Detector>
std::string letters(Detector&& detector, const Sound& sound) {
    std::string found;
    for (std::size_t at = 0; at < sound.size(); at += 160)
        detector.hear(std::span(sound).subspan(at, std::min<std::size_t>(160, sound.size() - at)),
                      [&](auto digit) { found += static_cast<char>(digit); });
    return found;
}

std::string scanned(const Sound& sound, ProgressScanner::Settings settings = {}) {
    ProgressScanner scanner(settings);
    for (std::size_t at = 0; at < sound.size(); at += 160) {
        std::string first;
        scanner.hear(std::span(sound).subspan(at, std::min<std::size_t>(160, sound.size() - at)), [&](std::uint32_t found) {
            if (first.empty()) first = to_string(static_cast<Progress>(found));
        });
        if (!first.empty()) return first;
    }
    return "";
}

Sound followed_by(Sound sound, const Sound& more) {
    sound.insert(sound.end(), more.begin(), more.end());
    return sound;
}

}  // namespace

class TonesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TonesTest);
    CPPUNIT_TEST(a_tone_counts_when_it_has_lasted);
    CPPUNIT_TEST(another_tone_or_noise_does_not_count);
    CPPUNIT_TEST(mf_digits_that_are_sent_are_received);
    CPPUNIT_TEST(sf_digits_that_are_sent_are_received);
    CPPUNIT_TEST(refuses_digits_that_there_are_not);
    CPPUNIT_TEST(tells_the_tones_of_the_network_apart);
    CPPUNIT_TEST(tells_machines_and_voices);
    CPPUNIT_TEST(silence_and_noise_are_nothing);
    CPPUNIT_TEST_SUITE_END();

  public:
    static unsigned counted(const Sound& sound, double hz, unsigned ms) {
        ToneCounter counter(hz, ms);
        unsigned count = 0;
        for (std::size_t at = 0; at < sound.size(); at += 160)
            counter.hear(std::span(sound).subspan(at, std::min<std::size_t>(160, sound.size() - at)), [&] { ++count; });
        return count;
    }
    void a_tone_counts_when_it_has_lasted() {
        CPPUNIT_ASSERT_EQUAL(1u, counted(sound_of("2600", 1000), 2600, 500));
        CPPUNIT_ASSERT_EQUAL(3u, counted(sound_of("!2600/600,!0/200,!2600/600,!0/200,!2600/600", 4000), 2600, 500));
        CPPUNIT_ASSERT_EQUAL(0u, counted(sound_of("!2600/400,!0/200,!2600/400", 4000), 2600, 500));
        Sound noisy = sound_of("1004", 1000);
        add_noise(noisy, 800);
        CPPUNIT_ASSERT_EQUAL(1u, counted(noisy, 1004, 500));
    }
    void another_tone_or_noise_does_not_count() {
        CPPUNIT_ASSERT_EQUAL(0u, counted(sound_of("2500", 2000), 2600, 100));
        CPPUNIT_ASSERT_EQUAL(0u, counted(sound_of("440+480", 2000), 2600, 100));
        Sound noise(16000);
        add_noise(noise, 8000);
        CPPUNIT_ASSERT_EQUAL(0u, counted(noise, 1004, 100));
    }
    void mf_digits_that_are_sent_are_received() {
        const std::string all = "*1234567890ABC#";
        const auto tones = mf_tones(all, {});
        CPPUNIT_ASSERT(tones);
        MfReceiver receiver;
        CPPUNIT_ASSERT_EQUAL(all, letters(receiver, followed_by(sound_of(*tones, 10000), Sound(1600))));
    }
    void sf_digits_that_are_sent_are_received() {
        const auto tones = sf_tones("1239045", 2600);
        CPPUNIT_ASSERT(tones);
        CPPUNIT_ASSERT_EQUAL(std::string("1239045"), letters(PulseCounter(2600), followed_by(sound_of(*tones, 20000), Sound(4000))));
        // An idle line sends the tone all the time.
        CPPUNIT_ASSERT_EQUAL(std::string("3"), letters(PulseCounter(2600), followed_by(sound_of("!2600/900,!0/500," + *sf_tones("3", 2600), 20000), Sound(4000))));
    }
    void refuses_digits_that_there_are_not() {
        CPPUNIT_ASSERT(mf_tones("12D", {}).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(mf_tones("1f", {}).error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(sf_tones("1*", 2600).error().code == ErrorCode::invalid);
    }
    void tells_the_tones_of_the_network_apart() {
        CPPUNIT_ASSERT_EQUAL(std::string("DIALTONE"), scanned(sound_of("350+440", 6000)));
        CPPUNIT_ASSERT_EQUAL(std::string("RINGING"), scanned(sound_of("440+480/2000,0/4000", 12000)));
        CPPUNIT_ASSERT_EQUAL(std::string("BUSY"), scanned(sound_of("480+620/500,0/500", 6000)));
        CPPUNIT_ASSERT_EQUAL(std::string("BUSY"), scanned(sound_of("480+620/250,0/250", 6000)));
        CPPUNIT_ASSERT_EQUAL(std::string("SIT"), scanned(sound_of("!914/276,!1371/276,!1777/380,!0/2000", 4000)));
        CPPUNIT_ASSERT_EQUAL(std::string("SIT"), scanned(sound_of("!985/380,!1429/380,!1777/380,!0/2000", 4000)));
        Sound noisy = sound_of("480+620/500,0/500", 6000);
        add_noise(noisy, 300);
        CPPUNIT_ASSERT_EQUAL(std::string("BUSY"), scanned(noisy));
        // It begins in the middle of a ring.
        Sound ring = sound_of("440+480/2000,0/4000", 16000);
        ring.erase(ring.begin(), ring.begin() + 11200);
        CPPUNIT_ASSERT_EQUAL(std::string("RINGING"), scanned(ring));
    }
    void tells_machines_and_voices() {
        CPPUNIT_ASSERT_EQUAL(std::string("FAX"), scanned(sound_of("2100", 3000), {.fax = true}));
        CPPUNIT_ASSERT_EQUAL(std::string(), scanned(sound_of("2100", 3000)));
        CPPUNIT_ASSERT_EQUAL(std::string("MODEM"), scanned(sound_of("2225", 3000)));
        Sound voice = sound_of("!211+333/200,!0/60,!620+1250/300,!0/40,!280+760/300", 3000);
        CPPUNIT_ASSERT_EQUAL(std::string("VOICE"), scanned(voice, {.voice = true}));
        CPPUNIT_ASSERT_EQUAL(std::string(), scanned(voice));
    }
    void silence_and_noise_are_nothing() {
        Sound sound(32000);
        CPPUNIT_ASSERT_EQUAL(std::string(), scanned(sound, {.voice = true, .fax = true}));
        add_noise(sound, 2000);
        CPPUNIT_ASSERT_EQUAL(std::string(), scanned(sound, {.fax = true}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TonesTest);
