// The parts of a NOTIFY about a list.
#include "channels/sip/stack/resource_list_body.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace jackfield::sip;

namespace {

class ResourceListBodyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ResourceListBodyTest);
    CPPUNIT_TEST(parts_are_found_by_their_content_id);
    CPPUNIT_TEST(a_list_may_be_empty_or_partial);
    CPPUNIT_TEST_SUITE_END();

  public:
    void parts_are_found_by_their_content_id() {
        const std::vector<ListedResource> resources{{"sip:1@h", "One", true, "application/pidf+xml", "<one/>"}, {"sip:2@h", {}, false, {}, {}}};
        const MultipartBody body = resource_list_body("sip:list@h", "", 3, true, resources, "b1");
        CPPUNIT_ASSERT_EQUAL(std::string("multipart/related;type=\"application/rlmi+xml\";start=\"<b1.0@jackfield>\";boundary=\"b1\""), body.content_type);
        CPPUNIT_ASSERT(body.text.starts_with("--b1\r\nContent-ID: <b1.0@jackfield>\r\nContent-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n"));
        CPPUNIT_ASSERT(body.text.contains("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:list@h\" version=\"3\" fullState=\"true\">"));
        CPPUNIT_ASSERT(body.text.contains("<name>One</name>"));
        CPPUNIT_ASSERT(body.text.contains("state=\"active\" cid=\"b1.1@jackfield\"/>"));
        CPPUNIT_ASSERT(body.text.contains("state=\"terminated\" reason=\"noresource\"/>"));
        CPPUNIT_ASSERT(body.text.ends_with("\r\n--b1\r\nContent-ID: <b1.1@jackfield>\r\nContent-Type: application/pidf+xml\r\nContent-Length: 6\r\n\r\n<one/>\r\n--b1--\r\n"));
    }

    void a_list_may_be_empty_or_partial() {
        const MultipartBody body = resource_list_body("sip:list@h", "Sales", 0, false, {}, "b1");
        CPPUNIT_ASSERT(body.text.contains("fullState=\"false\">\n <name>Sales</name>\n</list>"));
        CPPUNIT_ASSERT(body.text.ends_with("\r\n--b1--\r\n"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ResourceListBodyTest);

}  // namespace
