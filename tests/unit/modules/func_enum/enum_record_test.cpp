#include "modules/func_enum/enum_record.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::enumeration;

namespace {

NaptrRecord naptr(std::string service, std::string regexp) { return {10, 10, "u", std::move(service), std::move(regexp), ""}; }

// The URI; "-" when the expression does not match, "!" for an error.
std::string made(const char* regexp, const char* number) {
    const auto uri = uri_of(naptr("E2U+sip", regexp), number);
    return !uri ? "!" : uri->value_or("-");
}

class EnumRecordTest : public CppUnit::TestFixture {
    void numbers_are_turned_into_domains() {
        const auto domain = [](const char* number, Tree tree) { return domain_of(number, "e164.arpa", tree).value_or("!"); };
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.3.3.9.7.9.1.3.4.e164.arpa"), domain("+43 1-979 3321", Tree::user));
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.7.1.0.0.3.0.2.7.i.3.4.e164.arpa"), domain("+437203001721", Tree::infrastructure));
        CPPUNIT_ASSERT_EQUAL(std::string("5.5.5.i.1.e164.arpa"), domain("+1555", Tree::infrastructure));
        CPPUNIT_ASSERT_EQUAL(std::string("5.i.3.5.3.e164.arpa"), domain("+3535", Tree::infrastructure));
        CPPUNIT_ASSERT_EQUAL(std::string("4.3.2.1.256.e164.arpa"), domain("1234*256", Tree::isn));
        CPPUNIT_ASSERT_EQUAL(std::string("www.e164.arpa"), domain("www", Tree::direct));
        for (const char* number : {"", "+", "ann"}) CPPUNIT_ASSERT_EQUAL(std::string("!"), domain(number, Tree::user));
        for (const char* number : {"12", "*12", "12*"}) CPPUNIT_ASSERT_EQUAL(std::string("!"), domain(number, Tree::isn));
        CPPUNIT_ASSERT_EQUAL(std::string("!"), domain(std::string(200, '1').c_str(), Tree::user));
    }
    void kinds_of_service_are_told_apart() {
        CPPUNIT_ASSERT(serves(naptr("E2U+sip", ""), "sip"));
        CPPUNIT_ASSERT(serves(naptr("e2u+SIP", ""), "pjsip"));
        CPPUNIT_ASSERT(serves(naptr("sip+E2U", ""), "sip"));
        CPPUNIT_ASSERT(serves(naptr("E2U+voice:tel+sip", ""), "SIP"));
        CPPUNIT_ASSERT(serves(naptr("E2U+voice:tel", ""), "voice"));
        CPPUNIT_ASSERT(serves(naptr("E2U+mailto", ""), "ALL"));
        CPPUNIT_ASSERT(!serves(naptr("E2U+mailto", ""), "sip"));
        CPPUNIT_ASSERT(!serves(naptr("SIP+D2U", ""), "sip"));
        CPPUNIT_ASSERT(!serves(naptr("", ""), "ALL"));
    }
    void substitutions_make_addresses() {
        CPPUNIT_ASSERT_EQUAL(std::string("sip:ann@example.com"), made("!^.*$!sip:ann@example.com!", "+431979"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:1979@43.example"), made("!^\\+43(.*)$!sip:\\1@43.example!", "+431979"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:+431979"), made("/^.*$/sip:\\0/", "+431979"));
        CPPUNIT_ASSERT_EQUAL(std::string("a!b"), made("!.*!a\\!b!", "+4"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:"), made("!(x)?.*!sip:\\1\\9!", "+4"));
        CPPUNIT_ASSERT_EQUAL(std::string("X"), made("!A!X!i", "a"));
        CPPUNIT_ASSERT_EQUAL(std::string("-"), made("!A!X!", "a"));
    }
    void malformed_records_are_refused() {
        for (const char* regexp : {"", "!", "!!", "!!!", "!a!b", "!a!b!!", "1a1b1", "iaibi", "!(!b!", "\\a\\b\\"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(regexp, std::string("!"), made(regexp, "+4"));
        const std::string grows = "!.*!" + std::string(100, 'x') + "\\0\\0\\0\\0\\0\\0\\0\\0\\0!";
        CPPUNIT_ASSERT_EQUAL(std::string("!"), made(grows.c_str(), std::string(200, '1').c_str()));
        CPPUNIT_ASSERT_EQUAL(std::string("!"), made(("!.*!" + std::string(300, 'x') + "!").c_str(), "+4"));
    }
    void schemes_are_left_out() {
        CPPUNIT_ASSERT_EQUAL(std::string_view("ann@example.com"), without_scheme("sip:ann@example.com"));
        CPPUNIT_ASSERT_EQUAL(std::string_view("ann"), without_scheme("ann"));
    }

    CPPUNIT_TEST_SUITE(EnumRecordTest);
    CPPUNIT_TEST(numbers_are_turned_into_domains);
    CPPUNIT_TEST(kinds_of_service_are_told_apart);
    CPPUNIT_TEST(substitutions_make_addresses);
    CPPUNIT_TEST(malformed_records_are_refused);
    CPPUNIT_TEST(schemes_are_left_out);
    CPPUNIT_TEST_SUITE_END();
};
CPPUNIT_TEST_SUITE_REGISTRATION(EnumRecordTest);

}  // namespace
