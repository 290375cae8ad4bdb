// Diversion and History-Info.
#include "channels/sip/stack/redirection.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield::sip;

namespace {

std::string found_in(std::string_view headers) {
    const ParseResult parsed = parse_message("INVITE sip:c@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nTo: <sip:c@h>\r\nFrom: <sip:x@h>;tag=f\r\nCall-ID: i\r\n"
                                             "CSeq: 1 INVITE\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(parsed.verdict == Verdict::accept);
    const auto found = find_redirection(parsed.message);
    return found ? found->user + " " + found->name + " " + found->reason + " " + std::to_string(found->count) : "none";
}

class RedirectionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RedirectionTest);
    CPPUNIT_TEST(reasons_are_translated_both_ways);
    CPPUNIT_TEST(a_diversion_is_read);
    CPPUNIT_TEST(a_history_tells_who_was_left_last);
    CPPUNIT_TEST(what_is_written_is_read);
    CPPUNIT_TEST(who_is_hidden_stays_so);
    CPPUNIT_TEST(odd_histories_are_survived);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reasons_are_translated_both_ways() {
        CPPUNIT_ASSERT_EQUAL(std::string("user-busy"), diversion_reason("cfb"));
        CPPUNIT_ASSERT_EQUAL(std::string("cfb"), redirecting_reason("User-Busy"));
        CPPUNIT_ASSERT_EQUAL(std::string("unknown"), diversion_reason(""));
        CPPUNIT_ASSERT_EQUAL(std::string("own-word"), diversion_reason("own-word"));
    }
    void a_diversion_is_read() {
        CPPUNIT_ASSERT_EQUAL(std::string("ann Ann Lee cfnr 3"), found_in("Diversion: \"Ann Lee\" <sip:ann@h>;reason=\"no-answer\";counter=3\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("ann  cfu 1"), found_in("Diversion: <sip:ann@h>;reason=unconditional, <sip:bob@h>\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found_in(""));
    }
    void a_history_tells_who_was_left_last() {
        CPPUNIT_ASSERT_EQUAL(std::string("bob Bob cfb 2"),
                             found_in("History-Info: <sip:ann@h?Reason=SIP%3Bcause%3D302>;index=1\r\n"
                                      "History-Info: \"Bob\" <sip:bob@h?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%20Here%22>;index=1.1;mp=1, <sip:c@h>;index=1.1.1;rc=1.1\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found_in("History-Info: <sip:c@h>;index=1\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("ann  cfu 1"), found_in("Diversion: <sip:ann@h>;reason=unconditional\r\nHistory-Info: <sip:bob@h?Reason=SIP%3Bcause%3D486>;index=1\r\n"));
    }
    void what_is_written_is_read() {
        const std::string value = history_info("sip:5551@pbx;user=phone", "sip:bob@192.0.2.7:5060;transport=tcp", "cfnr", false);
        CPPUNIT_ASSERT_EQUAL(std::string("<sip:5551@pbx?Reason=SIP%3Bcause%3D408>;index=1, <sip:bob@192.0.2.7:5060>;index=1.1;mp=1"), value);
        CPPUNIT_ASSERT_EQUAL(std::string("5551  cfnr 1"), found_in("History-Info: " + value + "\r\n"));
    }
    void who_is_hidden_stays_so() {
        const std::string value = history_info("sip:5551@pbx", "sip:bob@h", "cfu", true);
        CPPUNIT_ASSERT(value.find("5551") == value.npos && value.find("Privacy=history") != value.npos);
    }
    void odd_histories_are_survived() {
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found_in("History-Info: <sip:ann@h?Reason=%>;index=1, <>, ;;, <sip:b@h?Reason=Q.850%3Bcause%3D17>\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("ann  unknown 1"), found_in("History-Info: <sip:ann@h?Reason=SIP%3Bcause%3D99999999999>;index=1\r\n"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RedirectionTest);

}  // namespace
