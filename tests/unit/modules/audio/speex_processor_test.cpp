#include "modules/audio/speex_processor.hpp"

#include "tests/unit/modules/audio/sound.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using audio::SpeexProcessor;

class SpeexProcessorTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SpeexProcessorTest);
    CPPUNIT_TEST(takes_noise_out);
    CPPUNIT_TEST(brings_quiet_and_loud_speech_to_one_level);
    CPPUNIT_TEST(frames_of_any_length_come_whole_and_a_little_later);
    CPPUNIT_TEST_SUITE_END();

  public:
    static constexpr auto direction = AudioProcessor::Direction::read;
    void takes_noise_out() {
        SpeexProcessor processor(direction, {.denoise = true});
        const Sound before = noise(1000, 24000), after = processed(processor, before);
        CPPUNIT_ASSERT(loudness(tail(after, 8000)) < loudness(tail(before, 8000)) / 3);  // by 10 dB
        SpeexProcessor untouched(direction, {.level = 8000});
        CPPUNIT_ASSERT(loudness(tail(processed(untouched, before), 8000)) > loudness(tail(before, 8000)) / 2);
    }
    // Syllables of several frequencies: a tone that never ends counts as noise.
    static Sound speech(double peak) {
        Sound sound;
        for (int syllable = 0; syllable < 40; ++syllable) {
            Sound part(2400);
            for (const double hz : {210.0, 420.0, 630.0, 1050.0, 1900.0}) {
                const Sound one = sine(hz + syllable * 7, peak / 5, 2400);
                for (std::size_t i = 0; i < part.size(); ++i)
                    part[i] = static_cast<std::int16_t>(
                        part[i] + one[i] * std::sin(std::numbers::pi * static_cast<double>(i) / 2400));
            }
            sound.insert(sound.end(), part.begin(), part.end());
            sound.insert(sound.end(), 800, 0);
        }
        return sound;
    }
    void brings_quiet_and_loud_speech_to_one_level() {
        const auto level = [](double peak) {
            SpeexProcessor processor(direction, {.level = 8000});
            return loudness(tail(processed(processor, speech(peak)), 24000));
        };
        const double quiet = level(1500), loud = level(12000);
        CPPUNIT_ASSERT(loudness(tail(speech(12000), 24000)) > 7 * loudness(tail(speech(1500), 24000)));
        CPPUNIT_ASSERT_MESSAGE(std::to_string(quiet) + " " + std::to_string(loud), loud < 2 * quiet && quiet < 2 * loud);
        CPPUNIT_ASSERT(quiet > 2 * loudness(tail(speech(1500), 24000)));
    }
    void frames_of_any_length_come_whole_and_a_little_later() {
        SpeexProcessor processor(direction, {.level = 8000});
        const Sound odd = processed(processor, speech(8000), 110);
        CPPUNIT_ASSERT(loudness(odd) > 500);
        CPPUNIT_ASSERT_EQUAL(0, static_cast<int>(odd[0]));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SpeexProcessorTest);
