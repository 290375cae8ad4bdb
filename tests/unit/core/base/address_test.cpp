#include "core/base/address.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstring>

using namespace jackfield;

class AddressTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AddressTest);
    CPPUNIT_TEST(parses_what_it_prints);
    CPPUNIT_TEST(refuses_what_is_no_address);
    CPPUNIT_TEST(a_mapped_address_is_its_ipv4_address);
    CPPUNIT_TEST(a_subnet_holds_its_addresses_only);
    CPPUNIT_TEST_SUITE_END();

    void parses_what_it_prints() {
        for (const std::string text : {"192.0.2.1:5060", "[2001:db8::1]:5061", "0.0.0.0:0"})
            CPPUNIT_ASSERT_EQUAL(text, SocketAddress::parse(text)->to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("[::1]:5060"), SocketAddress::parse("::1", 5060)->to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1:7"), SocketAddress::parse("127.0.0.1", 7)->to_string());
        CPPUNIT_ASSERT(SocketAddress::parse("[::1]")->is_loopback() && SocketAddress::parse("127.9.9.9")->is_loopback());
        CPPUNIT_ASSERT(SocketAddress::parse("::")->is_any() && SocketAddress::parse("0.0.0.0")->is_any());
        CPPUNIT_ASSERT(!SocketAddress().is_any() && !SocketAddress().valid());
        CPPUNIT_ASSERT(*SocketAddress::parse("192.0.2.1:1") != *SocketAddress::parse("192.0.2.1:2"));
        CPPUNIT_ASSERT(SocketAddress::parse("192.0.2.1:1")->with_port(2) == *SocketAddress::parse("192.0.2.1:2"));
    }
    void refuses_what_is_no_address() {
        for (const std::string text : {"", "a", "1.2.3", "1.2.3.4:", "1.2.3.4:99999", "[1.2.3.4]:5", "[::1", "[::1]5", "::g",
                                       "1.2.3.4:5:6"})
            CPPUNIT_ASSERT_MESSAGE(text, !SocketAddress::parse(text));
        CPPUNIT_ASSERT(!SocketAddress::parse(std::string(10000, '1')));
    }
    void a_mapped_address_is_its_ipv4_address() {
        const auto mapped = SocketAddress::parse("[::ffff:192.0.2.7]:9");
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.7:9"), mapped->to_string());
        CPPUNIT_ASSERT(*mapped == *SocketAddress::parse("192.0.2.7:9"));
        CPPUNIT_ASSERT_EQUAL(mapped->hash(), SocketAddress::parse("192.0.2.7:9")->hash());
    }
    void a_subnet_holds_its_addresses_only() {
        const auto inside = [](const char* net, const char* host) {
            return Subnet::parse(net)->contains(*SocketAddress::parse(host));
        };
        CPPUNIT_ASSERT(inside("192.0.2.0/24", "192.0.2.255") && !inside("192.0.2.0/24", "192.0.3.0"));
        CPPUNIT_ASSERT(inside("192.0.2.128/255.255.255.128", "192.0.2.200"));
        CPPUNIT_ASSERT(!inside("192.0.2.128/255.255.255.128", "192.0.2.100"));
        CPPUNIT_ASSERT(inside("0.0.0.0/0", "8.8.8.8") && !inside("0.0.0.0/0", "::1"));
        CPPUNIT_ASSERT(inside("192.0.2.7", "192.0.2.7:5060") && !inside("192.0.2.7", "192.0.2.6"));
        CPPUNIT_ASSERT(inside("2001:db8::/33", "2001:db8:7fff::1") && !inside("2001:db8::/33", "2001:db8:8000::1"));
        for (const char* bad : {"192.0.2.0/33", "192.0.2.0/255.0.255.0", "x/8", "192.0.2.0/", "192.0.2.0/ffff::"})
            CPPUNIT_ASSERT_MESSAGE(bad, !Subnet::parse(bad));
        CPPUNIT_ASSERT_EQUAL(std::string("10.0.0.0/8"), Subnet::parse("10.0.0.0/255.0.0.0")->to_string());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AddressTest);
