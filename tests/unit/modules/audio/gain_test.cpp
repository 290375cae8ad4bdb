#include "modules/audio/gain.hpp"

#include "tests/unit/modules/audio/sound.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class GainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GainTest);
    CPPUNIT_TEST(multiplies);
    CPPUNIT_TEST(cuts_off_what_is_too_loud_and_does_not_wrap);
    CPPUNIT_TEST(follows_a_new_factor);
    CPPUNIT_TEST_SUITE_END();

  public:
    static double level(float factor) {
        audio::GainProcessor gain(AudioProcessor::Direction::read, std::make_shared<audio::GainFactor>(factor));
        return amplitude(processed(gain, sine(500, 8000, 1600)), 500);
    }
    void multiplies() {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(16000, level(2), 40);    // +6.02 dB
        CPPUNIT_ASSERT_DOUBLES_EQUAL(4000, level(0.5f), 20);  // -6.02 dB
    }
    void cuts_off_what_is_too_loud_and_does_not_wrap() {
        audio::GainProcessor gain(AudioProcessor::Direction::read, std::make_shared<audio::GainFactor>(10.0f));
        const Sound loud = processed(gain, sine(500, 30000, 1600));
        CPPUNIT_ASSERT_EQUAL(32767, static_cast<int>(*std::ranges::max_element(loud)));
        CPPUNIT_ASSERT_EQUAL(-32768, static_cast<int>(*std::ranges::min_element(loud)));
        CPPUNIT_ASSERT(loud[4] == 32767 && loud[5] == 32767);  // the first crest: flat
    }
    void follows_a_new_factor() {
        const auto factor = std::make_shared<audio::GainFactor>(1.0f);
        audio::GainProcessor gain(AudioProcessor::Direction::read, factor);
        Sound sound = sine(500, 8000, 800);
        gain.process(sound, AudioProcessor::Direction::read);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(8000, amplitude(sound, 500), 20);
        *factor = 0.25f;
        gain.process(sound, AudioProcessor::Direction::read);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(2000, amplitude(sound, 500), 20);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GainTest);
