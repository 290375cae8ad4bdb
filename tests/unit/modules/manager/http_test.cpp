#include "modules/res_manager/digest.hpp"
#include "modules/res_manager/http_text.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::manager;
using namespace std::chrono_literals;

class ManagerHttpTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManagerHttpTest);
    CPPUNIT_TEST(writes_blocks_as_xml);
    CPPUNIT_TEST(writes_html_that_no_value_breaks);
    CPPUNIT_TEST(reads_digest_fields_with_quotes_and_commas);
    CPPUNIT_TEST(knows_the_response_of_who_has_the_secret);
    CPPUNIT_TEST(knows_its_own_nonces_and_their_age);
    CPPUNIT_TEST_SUITE_END();

    void writes_blocks_as_xml() {
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "<ajax-response>\n"
                "<response type='object' id='unknown'><generic response='Success' ping='a&lt;b&apos;' /></response>\n"
                "<response type='object' id='unknown'><generic event='X' variable_1='1' output='a' output-2='b: c' "
                "/></response>\n"
                "</ajax-response>\n"),
            to_xml(
                "Response: Success\r\nPing: a<b'\r\n\r\nEvent: X\r\nVariable(1: 1\r\nOutput: a\r\nOutput: b: c\r\n\r\n",
                "", ""));
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "<ajax-response>\n<response type='object' id='&lt;'><mine a='1' /></response>\n</ajax-response>\n"),
            to_xml("A: 1\r\n\r\n", "<", "mine"));
    }

    void writes_html_that_no_value_breaks() {
        const std::string page = to_html("A: <b>\r\n\r\n");
        CPPUNIT_ASSERT(page.find("<tr><td>A</td><td>&lt;b&gt;</td></tr>") != std::string::npos);
    }

    void reads_digest_fields_with_quotes_and_commas() {
        const auto fields = parse_digest("Digest username=\"a, \\\"b\", nc=00000001 ,qop=auth, uri=\"/x?y=1,2\"");
        CPPUNIT_ASSERT_EQUAL(std::string("a, \"b"), fields.at("Username"));
        CPPUNIT_ASSERT_EQUAL(std::string("00000001"), fields.at("nc"));
        CPPUNIT_ASSERT_EQUAL(std::string("/x?y=1,2"), fields.at("uri"));
        for (const char* bad : {"", "Basic x", "Digest a", "Digest a=\"b", "Digest a=1, a=2", "Digest a=\"b\"c"})
            CPPUNIT_ASSERT_MESSAGE(bad, parse_digest(bad).empty());
    }

    void knows_the_response_of_who_has_the_secret() {  // the example of RFC 2617 3.5
        auto fields = parse_digest(
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
            "uri=\"/dir/index.html\", "
            "qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\"");
        CPPUNIT_ASSERT(digest_fits(fields, "GET", "testrealm@host.com", "Circle Of Life"));
        CPPUNIT_ASSERT(!digest_fits(fields, "POST", "testrealm@host.com", "Circle Of Life"));
        CPPUNIT_ASSERT(!digest_fits(fields, "GET", "testrealm@host.com", "circle of life"));
        CPPUNIT_ASSERT(!digest_fits(fields, "GET", "other", "Circle Of Life"));
        fields["qop"] = "auth-int";
        CPPUNIT_ASSERT(!digest_fits(fields, "GET", "testrealm@host.com", "Circle Of Life"));
    }

    void knows_its_own_nonces_and_their_age() {
        using Verdict = NonceMaker::Verdict;
        const NonceMaker maker, other;
        const Instant now = Clock::now();
        std::string nonce = maker.make(now);
        CPPUNIT_ASSERT(maker.make(now) != nonce);
        CPPUNIT_ASSERT(Verdict::good == maker.judge(nonce, now + 59s, 60s));
        CPPUNIT_ASSERT(Verdict::stale == maker.judge(nonce, now + 61s, 60s));
        CPPUNIT_ASSERT(Verdict::foreign == other.judge(nonce, now, 60s));
        nonce[15] ^= 1;
        CPPUNIT_ASSERT(Verdict::foreign == maker.judge(nonce, now, 60s));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ManagerHttpTest);
