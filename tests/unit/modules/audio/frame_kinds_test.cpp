#include "modules/audio/frame_kinds.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using audio::FrameKinds;

class FrameKindsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FrameKindsTest);
    CPPUNIT_TEST(reads_a_list);
    CPPUNIT_TEST(tells_what_does_not_exist_here_from_what_exists_nowhere);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_a_list() {
        const auto kinds = FrameKinds::parse("FRAME_DROP", "dtmf_begin, VIDEO");
        CPPUNIT_ASSERT(kinds && kinds->has(FrameKinds::dtmf_begin) && kinds->has(FrameKinds::video));
        CPPUNIT_ASSERT(!kinds->has(FrameKinds::voice) && kinds->others().has(FrameKinds::voice));
        CPPUNIT_ASSERT(FrameKinds::parse("FRAME_DROP", "")->empty());
        CPPUNIT_ASSERT_EQUAL(std::string_view("DTMF_END"), FrameKinds::name_of(FrameKinds::dtmf_end));
    }
    void tells_what_does_not_exist_here_from_what_exists_nowhere() {
        CPPUNIT_ASSERT(FrameKinds::parse("FRAME_DROP", "CONTROL").error().code == ErrorCode::unsupported);
        const auto wrong = FrameKinds::parse("FRAME_DROP", "VOICES");
        CPPUNIT_ASSERT(wrong.error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(wrong.error().text.find("VOICES") != std::string::npos);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FrameKindsTest);
