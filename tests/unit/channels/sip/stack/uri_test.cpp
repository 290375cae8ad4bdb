// SIP, SIPS and TEL URIs.
#include "channels/sip/stack/uri.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

bool same(std::string_view a, std::string_view b) {
    const auto left = parse_uri(a), right = parse_uri(b);
    CPPUNIT_ASSERT_MESSAGE(std::string(a), left.has_value());
    CPPUNIT_ASSERT_MESSAGE(std::string(b), right.has_value());
    const bool result = equivalent(*left, *right);
    CPPUNIT_ASSERT_EQUAL(result, equivalent(*right, *left));
    return result;
}

class UriTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UriTest);
    CPPUNIT_TEST(takes_a_full_sip_uri_apart);
    CPPUNIT_TEST(keeps_separators_in_the_user_part);
    CPPUNIT_TEST(reads_ipv6_hosts_with_ports);
    CPPUNIT_TEST(reads_telephone_numbers);
    CPPUNIT_TEST(keeps_other_schemes_whole);
    CPPUNIT_TEST(refuses_malformed_uris);
    CPPUNIT_TEST(compares_as_rfc_3261_shows);
    CPPUNIT_TEST(undoes_and_makes_escapes);
    CPPUNIT_TEST(makes_an_address_of_record);
    CPPUNIT_TEST(knows_telephone_numbers);
    CPPUNIT_TEST(writes_uris);
    CPPUNIT_TEST_SUITE_END();

  public:
    void takes_a_full_sip_uri_apart() {
        const auto uri = parse_uri("sips:alice:secret@Example.com:5071;transport=tcp;lr?Subject=hi&Priority=urgent");
        CPPUNIT_ASSERT(uri.has_value());
        CPPUNIT_ASSERT(uri->scheme == UriScheme::sips);
        CPPUNIT_ASSERT(uri->user == "alice");
        CPPUNIT_ASSERT(uri->password == "secret");
        CPPUNIT_ASSERT(uri->host == "Example.com");
        CPPUNIT_ASSERT_EQUAL(5071, int(uri->port));
        CPPUNIT_ASSERT(uri->parameters.value("Transport") == "tcp");
        CPPUNIT_ASSERT(uri->is_loose_router());
        CPPUNIT_ASSERT(uri->headers == "Subject=hi&Priority=urgent");
    }

    void keeps_separators_in_the_user_part() {
        const auto uri = parse_uri("sip:user;par=u%40example.net@example.com;x");
        CPPUNIT_ASSERT(uri.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("user;par=u@example.net"), uri->decoded_user());
        CPPUNIT_ASSERT(uri->parameters.has("x"));
        const auto star = parse_uri("sip:*97#@pbx");
        CPPUNIT_ASSERT(star.has_value() && star->user == "*97#");
    }

    void reads_ipv6_hosts_with_ports() {
        const auto uri = parse_uri("sip:alice@[2001:db8::10]:5070");
        CPPUNIT_ASSERT(uri.has_value());
        CPPUNIT_ASSERT(uri->host == "[2001:db8::10]");
        CPPUNIT_ASSERT(uri->bare_host() == "2001:db8::10");
        CPPUNIT_ASSERT_EQUAL(5070, int(uri->port));
    }

    void reads_telephone_numbers() {
        const auto uri = parse_uri("tel:+1-201-555-0123;phone-context=example.com");
        CPPUNIT_ASSERT(uri.has_value());
        CPPUNIT_ASSERT(uri->scheme == UriScheme::tel);
        CPPUNIT_ASSERT(uri->user == "+1-201-555-0123");
        CPPUNIT_ASSERT(uri->parameters.value("phone-context") == "example.com");
        CPPUNIT_ASSERT(same("tel:+1-201-555-0123", "tel:+12015550123"));
        CPPUNIT_ASSERT(!same("tel:+12015550123", "tel:+12015550124"));
        CPPUNIT_ASSERT(!same("tel:911;phone-context=a.example", "tel:911;phone-context=b.example"));
    }

    void keeps_other_schemes_whole() {
        const auto uri = parse_uri("soap.beep://192.0.2.103:3002");
        CPPUNIT_ASSERT(uri.has_value());
        CPPUNIT_ASSERT(uri->scheme == UriScheme::other);
        CPPUNIT_ASSERT(uri->opaque == "//192.0.2.103:3002");
    }

    void refuses_malformed_uris() {
        for (
            const std::string_view bad :
            {"",          "sip",           "sip:",     ":x",         "sip:@host",       "sip:alice@", "sip:alice@ho st",
             "sip:a@b:0", "sip:a@b:65536", "sip:a@b:", "sip:a@b:x",  "sip:a@evil@b",    "sip:a@[::1", "sip:a@[]",
             "sip:%4@b",  "sip:%zz@b",     "sip:a@b;", "sip:a@b;;x", "sip:a@b;=x",      "sip:a@b?",   "<sip:a@b>",
             "sip:a\"@b", "tel:",          "tel:abx",  "tel:+",      "sip:a@b\r\nX: y", "h@llo:x",    "other:"})
            CPPUNIT_ASSERT_MESSAGE(std::string(bad), !parse_uri(bad).has_value());
        std::string many = "sip:a@b";
        for (int i = 0; i < 33; ++i) many += ";p" + std::to_string(i);
        CPPUNIT_ASSERT(!parse_uri(many).has_value());
    }

    void compares_as_rfc_3261_shows() {
        CPPUNIT_ASSERT(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"));
        CPPUNIT_ASSERT(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
        CPPUNIT_ASSERT(same("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"));
        CPPUNIT_ASSERT(same("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"));
        CPPUNIT_ASSERT(same("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                            "sip:alice@atlanta.com?priority=urgent&subject=project%20x"));
        CPPUNIT_ASSERT(!same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
        CPPUNIT_ASSERT(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
        CPPUNIT_ASSERT(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
        CPPUNIT_ASSERT(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
        CPPUNIT_ASSERT(!same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
        CPPUNIT_ASSERT(!same("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"));
        CPPUNIT_ASSERT(same("sip:host;x=1;x=2", "sip:host;x=1;x=2"));
        CPPUNIT_ASSERT(!same("sip:a%40b@host", "sips:a%40b@host"));
        CPPUNIT_ASSERT(!same("sip:a%3Bb@host", "sip:a;b@host"));  // an escaped reserved character is another one
    }

    void undoes_and_makes_escapes() {
        CPPUNIT_ASSERT_EQUAL(std::string("a b%4"), unescape("a%20b%4"));
        CPPUNIT_ASSERT_EQUAL(std::string("null-") + '\0' + "-", unescape("null-%00-"));
        CPPUNIT_ASSERT_EQUAL(std::string("a%20b%40c%23"), escape_user("a b@c#"));
        for (const std::string_view text : {"plain", "sips:user@example.com", "50% off & more", "\x01\xff"})
            CPPUNIT_ASSERT_EQUAL(std::string(text), unescape(escape_user(text)));
        CPPUNIT_ASSERT_EQUAL(std::string("%3Csip:a%40b%3E%26"), escape_uri_header("<sip:a@b>&"));
    }

    void makes_an_address_of_record() {
        CPPUNIT_ASSERT_EQUAL(std::string("Alice@example.com"),
                             address_of_record(*parse_uri("sip:%41lice@EXAMPLE.com:5060;transport=tcp")));
        CPPUNIT_ASSERT_EQUAL(std::string("example.com"), address_of_record(*parse_uri("sip:example.com")));
        CPPUNIT_ASSERT_EQUAL(std::string("+15551234"), address_of_record(*parse_uri("tel:+1-555-1234")));
    }

    void knows_telephone_numbers() {
        for (const char* yes : {"6001", "+4930123", "*97", "12#"}) CPPUNIT_ASSERT(is_telephone_number(yes));
        for (const char* no : {"", "+", "alice", "60x", "1+2"}) CPPUNIT_ASSERT(!is_telephone_number(no));
    }

    void writes_uris() {
        CPPUNIT_ASSERT_EQUAL(std::string("sip:a%20b@[::1]:5070;lr"),
                             make_uri(UriScheme::sip, "a b", "::1", 5070, ";lr"));
        CPPUNIT_ASSERT_EQUAL(std::string("sips:host"), make_uri(UriScheme::sips, "", "host"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(UriTest);

}  // namespace
