#include "modules/audio/pitch_shifter.hpp"

#include "tests/unit/modules/audio/sound.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class PitchShifterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PitchShifterTest);
    CPPUNIT_TEST(a_tone_in_is_another_tone_out);
    CPPUNIT_TEST(keeps_the_level);
    CPPUNIT_TEST(works_at_high_rates_and_with_odd_frames);
    CPPUNIT_TEST_SUITE_END();

  public:
    static Sound shifted(double ratio, double hz, double rate = 8000, std::size_t frame = 160) {
        audio::PitchShifter shifter(AudioProcessor::Direction::read, ratio);
        const auto second = static_cast<std::size_t>(rate);
        const Sound sound =
            processed(shifter, sine(hz, 8000, second, rate), frame, static_cast<std::uint32_t>(rate));
        return Sound(sound.end() - static_cast<std::ptrdiff_t>(second / 2), sound.end());
    }
    // The strongest of all frequencies in steps of 5 Hz.
    static double strongest(const Sound& sound, double rate = 8000) {
        double best = 0, most = 0;
        for (double hz = 50; hz < 3800; hz += 5)
            if (const double level = amplitude(sound, hz, rate); level > most) {
                most = level;
                best = hz;
            }
        return best;
    }
    void a_tone_in_is_another_tone_out() {
        for (const double ratio : {0.5, 0.7, 0.85, 1.25, 1.5, 2.0, 3.0}) {
            const Sound sound = shifted(ratio, 410);
            CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(std::to_string(ratio), 410 * ratio, strongest(sound), 410 * ratio * 0.03);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(ratio), amplitude(sound, 410) < 2000);
        }
    }
    void keeps_the_level() {
        for (const double ratio : {0.7, 1.5}) CPPUNIT_ASSERT_DOUBLES_EQUAL(8000 / std::numbers::sqrt2, loudness(shifted(ratio, 410)), 900);
    }
    void works_at_high_rates_and_with_odd_frames() {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(615, strongest(shifted(1.5, 410, 48000, 960), 48000), 20);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(615, strongest(shifted(1.5, 410, 8000, 7)), 20);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PitchShifterTest);
