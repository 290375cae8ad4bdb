#include "modules/audio/inverter.hpp"

#include "tests/unit/modules/audio/sound.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class InverterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(InverterTest);
    CPPUNIT_TEST(turns_the_spectrum_upside_down);
    CPPUNIT_TEST(two_in_a_row_give_what_was_said);
    CPPUNIT_TEST_SUITE_END();

  public:
    void turns_the_spectrum_upside_down() {
        audio::Inverter inverter(AudioProcessor::Direction::read);
        // Frames of odd length: the sign goes on from frame to frame.
        const Sound sound = processed(inverter, sine(1000, 8000, 1600), 161);
        CPPUNIT_ASSERT(amplitude(sound, 3000) > 7900);
        CPPUNIT_ASSERT(amplitude(sound, 1000) < 50);
    }
    void two_in_a_row_give_what_was_said() {
        audio::Inverter one(AudioProcessor::Direction::read), two(AudioProcessor::Direction::read);
        Sound extreme(320, -32768);
        const Sound sound = processed(two, processed(one, sine(700, 8000, 1600), 33), 160);
        CPPUNIT_ASSERT(sound == sine(700, 8000, 1600));
        extreme = processed(one, extreme);  // has no opposite: nearly
        CPPUNIT_ASSERT(std::ranges::count(extreme, 32767) == 160);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InverterTest);
