// Presence documents as clients publish them, and those that nobody should send.
#include "channels/sip/stack/pidf_parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/event_bodies.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

std::string document(const std::string& content) {
    return R"(<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:ann@h">)" +
           content + "</presence>";
}

class PidfParserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PidfParserTest);
    CPPUNIT_TEST(status_note_and_activities_are_read);
    CPPUNIT_TEST(what_we_write_we_read);
    CPPUNIT_TEST(what_is_no_presence_is_refused);
    CPPUNIT_TEST(entities_do_not_expand);
    CPPUNIT_TEST_SUITE_END();

  public:
    void status_note_and_activities_are_read() {
        const auto read = parse_pidf(document(R"(<tuple id="a"><status><basic>closed</basic></status></tuple>
            <tuple id="b"><status><basic> open </basic></status><note xml:lang="en">Back &amp; early</note></tuple>
            <dm:person id="p"><rpid:activities><rpid:note>x</rpid:note><rpid:on-the-phone/><rpid:away/></rpid:activities></dm:person>)"));
        CPPUNIT_ASSERT(read.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("sip:ann@h"), read->entity);
        CPPUNIT_ASSERT(read->open);
        CPPUNIT_ASSERT_EQUAL(std::string("Back & early"), read->note);
        CPPUNIT_ASSERT(read->activities == std::vector<std::string>({"on-the-phone", "away"}));
        CPPUNIT_ASSERT(!parse_pidf(document(""))->open);
    }

    void what_we_write_we_read() {
        const auto read = parse_pidf(pidf_body({"sip:6001@h", "6001", PresenceStatus::busy, "In <a> meeting"}));
        CPPUNIT_ASSERT(read && read->open && read->note == "In <a> meeting" && read->activities == std::vector<std::string>{"busy"});
        CPPUNIT_ASSERT(!parse_pidf(pidf_body({"sip:6001@h", "6001", PresenceStatus::closed, {}}))->open);
    }

    void what_is_no_presence_is_refused() {
        for (const char* const wrong : {"", "hello", "<presence/>", "<presence xmlns='urn:ietf:params:xml:ns:pidf'>", "<tuple xmlns='urn:ietf:params:xml:ns:pidf'/>"})
            CPPUNIT_ASSERT_MESSAGE(wrong, !parse_pidf(wrong));
        CPPUNIT_ASSERT(parse_pidf(document(std::string(longest_pidf, ' '))).error().code == ErrorCode::limit);
    }

    void entities_do_not_expand() {
        CPPUNIT_ASSERT(!parse_pidf(R"(<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><presence xmlns="urn:ietf:params:xml:ns:pidf"><note>&b;</note></presence>)"));
        std::string deep;
        for (int i = 0; i < 5000; ++i) deep += "<a>";
        CPPUNIT_ASSERT(!parse_pidf(document(deep)));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PidfParserTest);

}  // namespace
