#include "modules/res_manager/event_filter.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace jackfield;
using namespace jackfield::manager;

class EventFilterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventFilterTest);
    CPPUNIT_TEST(lets_everything_through_when_empty);
    CPPUNIT_TEST(lets_only_what_matches_through);
    CPPUNIT_TEST(leaves_out_what_matches_behind_an_exclamation_mark);
    CPPUNIT_TEST(needs_both_when_there_are_both);
    CPPUNIT_TEST(anchors_stand_for_the_ends_of_the_event);
    CPPUNIT_TEST(refuses_what_is_no_expression_and_too_many);
    CPPUNIT_TEST_SUITE_END();

    const std::string hangup = "Event: Hangup\r\nPrivilege: call,all\r\nChannel: SIP/a-1\r\n\r\n";
    const std::string new_channel = "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: SIP/b-1\r\n\r\n";

    void lets_everything_through_when_empty() { CPPUNIT_ASSERT(EventFilter().passes(hangup)); }
    void lets_only_what_matches_through() {
        EventFilter filter;
        CPPUNIT_ASSERT(filter.add("Event: Hangup"));
        CPPUNIT_ASSERT(filter.add("Channel: SIP/x"));
        CPPUNIT_ASSERT(filter.passes(hangup));
        CPPUNIT_ASSERT(!filter.passes(new_channel));
    }
    void leaves_out_what_matches_behind_an_exclamation_mark() {
        EventFilter filter;
        CPPUNIT_ASSERT(filter.add("!Channel: SIP/a.*"));
        CPPUNIT_ASSERT(!filter.passes(hangup));
        CPPUNIT_ASSERT(filter.passes(new_channel));
    }
    void needs_both_when_there_are_both() {
        EventFilter filter;
        CPPUNIT_ASSERT(filter.add("Privilege: call"));
        CPPUNIT_ASSERT(filter.add("!SIP/a"));
        CPPUNIT_ASSERT(!filter.passes(hangup));
        CPPUNIT_ASSERT(filter.passes(new_channel));
        CPPUNIT_ASSERT(!filter.passes("Event: Reload\r\nPrivilege: system,all\r\n\r\n"));
    }
    void anchors_stand_for_the_ends_of_the_event() {
        EventFilter filter;
        CPPUNIT_ASSERT(filter.add("^Channel"));
        CPPUNIT_ASSERT(!filter.passes(hangup));
        CPPUNIT_ASSERT(filter.add("^Event.*SIP/a"));
        CPPUNIT_ASSERT(filter.passes(hangup));
    }
    void refuses_what_is_no_expression_and_too_many() {
        EventFilter filter;
        CPPUNIT_ASSERT(filter.add("(").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(filter.add("!").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(filter.add("(((a{100}){100}){100})").error().code == ErrorCode::invalid);
        for (std::size_t i = 0; i < EventFilter::most; ++i) CPPUNIT_ASSERT(filter.add("x"));
        CPPUNIT_ASSERT(filter.add("x").error().code == ErrorCode::limit);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventFilterTest);
