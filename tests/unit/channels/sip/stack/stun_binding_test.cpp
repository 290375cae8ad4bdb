// STUN on the SIP port.
#include "channels/sip/stack/stun_binding.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::string_literals;

namespace {

const std::string transaction = "\x21\x12\xa4\x42"s + "0123456789ab";

// A Binding request with these attributes.
std::string binding(const std::string& attributes = {}, char type = 1) {
    return "\0"s + type + static_cast<char>(attributes.size() >> 8) + static_cast<char>(attributes.size() & 0xff) + transaction + attributes;
}
std::string answer_to(const std::string& request, std::string_view from = "192.0.2.1:32853") {
    return std::string(answer_binding(request, SocketAddress::parse(from).value()).bytes());
}

class StunBindingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StunBindingTest);
    CPPUNIT_TEST(the_address_is_told_as_rfc_5769_has_it);
    CPPUNIT_TEST(what_must_be_understood_and_is_not_is_named);
    CPPUNIT_TEST(nothing_else_is_answered);
    CPPUNIT_TEST(sip_is_no_stun);
    CPPUNIT_TEST_SUITE_END();

  public:
    // The address, and so the XOR of it, is that of RFC 5769 2.2 and 2.3.
    void the_address_is_told_as_rfc_5769_has_it() {
        CPPUNIT_ASSERT_EQUAL("\x01\x01\0\x0c"s + transaction + "\0\x20\0\x08\0\x01\xa1\x47\xe1\x12\xa6\x43"s, answer_to(binding()));
        const std::string v6 = answer_to(binding(), "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
        CPPUNIT_ASSERT_EQUAL(std::size_t(44), v6.size());
        CPPUNIT_ASSERT_EQUAL("\0\x20\0\x14\0\x02\xa1\x47\x01\x13\xa9\xfa"s, v6.substr(20, 12));
        // SOFTWARE is optional, USERNAME without meaning.
        CPPUNIT_ASSERT_EQUAL(answer_to(binding()), answer_to(binding("\x80\x22\0\x03xyz\0\0\x06\0\x01u\0\0\0"s)));
    }

    void what_must_be_understood_and_is_not_is_named() {
        CPPUNIT_ASSERT_EQUAL("\x01\x11\0\x10"s + transaction + "\0\x09\0\x04\0\0\x04\x14\0\x0a\0\x02\0\x03\0\0"s,
                             answer_to(binding("\0\x03\0\x08"s + "change..")));
        // A 420 names as much as it can without being longer than what was asked, or than a success.
        std::string many;
        for (char name = 0x50; name < 0x60; ++name) many += "\0"s + name + "\0\0"s;
        CPPUNIT_ASSERT(answer_to(binding(many)).size() <= 48);
        for (std::size_t count = 1; count < 16; ++count)
            CPPUNIT_ASSERT(answer_to(binding(many.substr(0, 4 * count))).size() <= std::max<std::size_t>(44, binding(many.substr(0, 4 * count)).size()));
    }

    void nothing_else_is_answered() {
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding({}, 0x11)));                        // an indication
        CPPUNIT_ASSERT_EQUAL(""s, answer_to("\x01\x01\0\0"s + transaction));            // an answer
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding({}, 3)));                           // Allocate
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding() + "x"));                          // longer than it says
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding("\x80\x22\0\x09xyz\0"s)));           // an attribute beyond its end
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding("\x80\x22"s)));
        CPPUNIT_ASSERT_EQUAL(""s, answer_to(binding().substr(0, 19)));
    }

    void sip_is_no_stun() {
        CPPUNIT_ASSERT(is_stun(binding()));
        CPPUNIT_ASSERT(!is_stun("INVITE sip:600@192.0.2.1 SIP/2.0\r\n\r\n"));
        CPPUNIT_ASSERT(!is_stun("\r\n\r\n"));
        CPPUNIT_ASSERT(!is_stun("\0\1\0\0abcdefghijklmnop"s));  // no cookie
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StunBindingTest);

}  // namespace
