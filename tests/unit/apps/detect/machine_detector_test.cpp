// AMD's decisions, heard in pieces of 20 ms.
#include "apps/detect/machine_detector.hpp"

#include <cppunit/extensions/HelperMacros.h>

namespace {

using jackfield::amd::MachineDetector;
using jackfield::amd::Settings;
using std::chrono::milliseconds;

constexpr milliseconds piece{20};

class MachineDetectorTest : public CppUnit::TestFixture {
    // True when it has decided within that time.
    static bool say(MachineDetector& detector, int ms) {
        for (milliseconds said{0}; said < milliseconds(ms); said += piece)
            if (detector.hear_voice(piece)) return true;
        return false;
    }
    static bool be_silent(MachineDetector& detector, int ms) {
        for (milliseconds silent{piece}; silent <= milliseconds(ms); silent += piece)
            if (detector.hear_silence(silent, piece)) return true;
        return false;
    }
    static std::string result(const MachineDetector& detector) { return detector.status() + " " + detector.cause(); }

    void a_short_hello_is_a_person() {
        MachineDetector detector{Settings()};
        CPPUNIT_ASSERT(!be_silent(detector, 500));
        CPPUNIT_ASSERT(!say(detector, 600));
        CPPUNIT_ASSERT(be_silent(detector, 1000));
        CPPUNIT_ASSERT_EQUAL(std::string("HUMAN HUMAN-800-800"), result(detector));
    }
    void a_long_greeting_is_a_machine() {
        MachineDetector detector{Settings()};
        CPPUNIT_ASSERT(say(detector, 3000));
        CPPUNIT_ASSERT_EQUAL(std::string("MACHINE LONGGREETING-1500-1500"), result(detector));
    }
    void long_silence_at_first_is_a_machine() {
        MachineDetector detector{Settings()};
        CPPUNIT_ASSERT(be_silent(detector, 3000));
        CPPUNIT_ASSERT_EQUAL(std::string("MACHINE INITIALSILENCE-2500-2500"), result(detector));
    }
    void many_words_are_a_machine() {
        MachineDetector detector{Settings()};
        for (int word = 0; word < 2; ++word) {
            CPPUNIT_ASSERT(!be_silent(detector, 100));
            CPPUNIT_ASSERT(!say(detector, 200));
        }
        CPPUNIT_ASSERT(!be_silent(detector, 100));
        CPPUNIT_ASSERT(say(detector, 200));
        CPPUNIT_ASSERT_EQUAL(std::string("MACHINE MAXWORDS-3-2"), result(detector));
    }
    void a_long_word_is_a_machine() {
        Settings settings;
        settings.maximum_word_length = milliseconds(1000);
        MachineDetector detector{settings};
        CPPUNIT_ASSERT(say(detector, 2000));
        CPPUNIT_ASSERT_EQUAL(std::string("MACHINE MAXWORDLENGTH-1000"), result(detector));
    }
    void clicks_are_no_words() {
        MachineDetector detector{Settings()};
        for (int click = 0; click < 12; ++click) {
            CPPUNIT_ASSERT(!say(detector, 40));
            CPPUNIT_ASSERT(!be_silent(detector, 160));
        }
        CPPUNIT_ASSERT(be_silent(detector, 2600));  // still the first silence
        CPPUNIT_ASSERT_EQUAL(std::string("MACHINE INITIALSILENCE-2500-2500"), result(detector));
    }
    void what_goes_on_for_too_long_is_not_sure() {
        Settings settings;
        settings.total_analysis_time = milliseconds(1000);
        MachineDetector detector{settings};
        CPPUNIT_ASSERT(!be_silent(detector, 500));
        CPPUNIT_ASSERT(be_silent(detector, 600));
        CPPUNIT_ASSERT_EQUAL(std::string("NOTSURE TOOLONG-1000"), result(detector));
    }

    CPPUNIT_TEST_SUITE(MachineDetectorTest);
    CPPUNIT_TEST(a_short_hello_is_a_person);
    CPPUNIT_TEST(a_long_greeting_is_a_machine);
    CPPUNIT_TEST(long_silence_at_first_is_a_machine);
    CPPUNIT_TEST(many_words_are_a_machine);
    CPPUNIT_TEST(a_long_word_is_a_machine);
    CPPUNIT_TEST(clicks_are_no_words);
    CPPUNIT_TEST(what_goes_on_for_too_long_is_not_sure);
    CPPUNIT_TEST_SUITE_END();
};
CPPUNIT_TEST_SUITE_REGISTRATION(MachineDetectorTest);

}  // namespace
