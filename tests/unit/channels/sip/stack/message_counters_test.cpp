// Counting messages by method and status.
#include "channels/sip/stack/message_counters.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield::sip;

namespace {

class MessageCountersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MessageCountersTest);
    CPPUNIT_TEST(counts_by_method_status_and_direction);
    CPPUNIT_TEST_SUITE_END();

    void counts_by_method_status_and_direction() {
        MessageCounters counters;
        for (const char* message : {"INVITE sip:a@b SIP/2.0\r\n", "INVITE sip:a@b SIP/2.0\r\n", "BREW x", "", "SIP/2.0 999 ?", "SIP/2.0 2"}) counters.count(false, message);
        counters.count(true, "INVITE sip:a@b SIP/2.0\r\n");
        counters.count(true, "SIP/2.0 200 OK\r\n");
        counters.count(false, "SIP/2.0 699 x\r\n");
        const auto requests = counters.requests(), responses = counters.responses();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, requests.size());
        CPPUNIT_ASSERT(requests[0].name == "INVITE" && requests[0].sent == 1 && requests[0].received == 2);
        CPPUNIT_ASSERT(requests[1].name == "?" && requests[1].sent == 0 && requests[1].received == 4);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, responses.size());
        CPPUNIT_ASSERT(responses[0].name == "200" && responses[0].sent == 1 && responses[1].name == "699" && responses[1].received == 1);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MessageCountersTest);

}  // namespace
