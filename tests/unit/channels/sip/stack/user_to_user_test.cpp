// User-to-User (RFC 7433).
#include "channels/sip/stack/user_to_user.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

Message invite_with_uui(std::string_view headers) {
    ParseResult result = parse_message("INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nTo: <sip:b@h>\r\nFrom: <sip:a@h>;tag=f\r\n"
                                       "Call-ID: c\r\nCSeq: 1 INVITE\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(result.verdict == Verdict::accept);
    return std::move(result.message);
}
std::string text_of(std::string_view headers) { return isdn_user_text(invite_with_uui(headers)); }

class UserToUserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UserToUserTest);
    CPPUNIT_TEST(values_are_read_with_their_defaults);
    CPPUNIT_TEST(what_can_not_be_read_is_told);
    CPPUNIT_TEST(the_text_of_an_isdn_user_is_found);
    CPPUNIT_TEST_SUITE_END();

  public:
    void values_are_read_with_their_defaults() {
        const auto plain = parse_user_to_user("56a390f3d2b7310023a2").value();
        CPPUNIT_ASSERT_EQUAL(std::string_view("56a390f3d2b7310023a2"), plain.value);
        CPPUNIT_ASSERT_EQUAL(std::string_view("isdn-uui"), plain.purpose);
        CPPUNIT_ASSERT_EQUAL(std::string_view("hex"), plain.encoding);
        CPPUNIT_ASSERT(plain.is_hex());
        const auto full = parse_user_to_user("\"a;b,c\" ;encoding=text; purpose=foo ;content=bar;other").value();
        CPPUNIT_ASSERT_EQUAL(std::string_view("\"a;b,c\""), full.value);
        CPPUNIT_ASSERT_EQUAL(std::string_view("foo"), full.purpose);
        CPPUNIT_ASSERT_EQUAL(std::string_view("text"), full.encoding);
        CPPUNIT_ASSERT_EQUAL(std::string_view("bar"), full.content);
        CPPUNIT_ASSERT(!full.is_hex());
    }

    void what_can_not_be_read_is_told() {
        for (const std::string_view item : {"", ";purpose=x", "a b", "\"open", "abcd;=x", "<abcd>"}) CPPUNIT_ASSERT(!parse_user_to_user(item));
        CPPUNIT_ASSERT(user_to_user_well_formed(invite_with_uui("")));
        CPPUNIT_ASSERT(user_to_user_well_formed(invite_with_uui("User-to-User: abcd, ef01;purpose=x\r\nUser-to-User: \"hello\";encoding=text\r\n")));
        CPPUNIT_ASSERT(!user_to_user_well_formed(invite_with_uui("User-to-User: abc\r\n")));
        CPPUNIT_ASSERT(!user_to_user_well_formed(invite_with_uui("User-to-User: abcd\r\nUser-to-User: hello;encoding=hex\r\n")));
    }

    void the_text_of_an_isdn_user_is_found() {
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), text_of("User-to-User: 0448656c6c6f;encoding=hex\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), text_of("User-to-User: 00ff;purpose=other, \"0448656C6C6F\";purpose=isdn-uui\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), text_of("User-to-User: 0448656c6c6f;encoding=hex;purpose=other\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), text_of("User-to-User: 0048656c6c6f\r\n"));  // user-specific protocol
        CPPUNIT_ASSERT_EQUAL(std::string(), text_of("User-to-User: 0448000a\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), text_of("User-to-User: hello;encoding=text\r\n"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(UserToUserTest);

}  // namespace
