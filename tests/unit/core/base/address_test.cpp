#include "core/base/address.hpp"

#include <arpa/inet.h>
#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

class AddressTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AddressTest);
    CPPUNIT_TEST(parses_what_it_prints);
    CPPUNIT_TEST(takes_the_default_port);
    CPPUNIT_TEST(refuses_what_is_no_address);
    CPPUNIT_TEST(keeps_mapped_addresses_as_ipv4);
    CPPUNIT_TEST(compares_hosts_and_ports);
    CPPUNIT_TEST(knows_any_and_loopback);
    CPPUNIT_TEST(matches_subnets);
    CPPUNIT_TEST(refuses_bad_subnets);
    CPPUNIT_TEST_SUITE_END();

  public:
    void parses_what_it_prints() {
        for (const char* text : {"192.0.2.1:5060", "0.0.0.0:0", "[2001:db8::1]:65535", "[::]:5061"})
            CPPUNIT_ASSERT_EQUAL(std::string(text), SocketAddress::parse(text).value().to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::1"), SocketAddress::parse("[2001:db8::1]:1").value().host());
    }
    void takes_the_default_port() {
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1:5060"), SocketAddress::parse("192.0.2.1", 5060)->to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("[::1]:5060"), SocketAddress::parse("::1", 5060)->to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("[::1]:5060"), SocketAddress::parse("[::1]", 5060)->to_string());
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{7}, SocketAddress::parse("::1")->with_port(7).port());
    }
    void refuses_what_is_no_address() {
        for (const char* text : {"", "example.org", "192.0.2.256", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:x",
                                 "[::1", "[::1]x", "[::1]:", "[192.0.2.1]:5", "1:2:3", "192.0.2.1 ", ":5060",
                                 "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
            const auto address = SocketAddress::parse(text);
            CPPUNIT_ASSERT_MESSAGE(text, !address);
            CPPUNIT_ASSERT(address.error().code == ErrorCode::invalid);
        }
    }
    void keeps_mapped_addresses_as_ipv4() {
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1:9"), SocketAddress::parse("[::ffff:192.0.2.1]:9")->to_string());
        CPPUNIT_ASSERT_EQUAL(AF_INET, SocketAddress::parse("::ffff:192.0.2.1")->family());
    }
    void compares_hosts_and_ports() {
        const auto a = *SocketAddress::parse("192.0.2.1:1"), b = *SocketAddress::parse("192.0.2.1:2"),
                   c = *SocketAddress::parse("192.0.2.2:1");
        CPPUNIT_ASSERT(a.same_host(b));
        CPPUNIT_ASSERT(!(a == b));
        CPPUNIT_ASSERT(!a.same_host(c));
        CPPUNIT_ASSERT(a == *SocketAddress::parse("192.0.2.1:1"));
        CPPUNIT_ASSERT_EQUAL(a.hash(), SocketAddress::parse("192.0.2.1:1")->hash());
        CPPUNIT_ASSERT(a.hash() != b.hash());
        CPPUNIT_ASSERT(!SocketAddress().valid());
        CPPUNIT_ASSERT(SocketAddress() == SocketAddress());
    }
    void knows_any_and_loopback() {
        CPPUNIT_ASSERT(SocketAddress::parse("0.0.0.0")->is_any());
        CPPUNIT_ASSERT(SocketAddress::parse("::")->is_any());
        CPPUNIT_ASSERT(!SocketAddress::parse("::1")->is_any());
        CPPUNIT_ASSERT(!SocketAddress().is_any());
        CPPUNIT_ASSERT(SocketAddress::parse("127.9.9.9")->is_loopback());
        CPPUNIT_ASSERT(SocketAddress::parse("::1")->is_loopback());
        CPPUNIT_ASSERT(!SocketAddress::parse("192.0.2.1")->is_loopback());
    }
    void matches_subnets() {
        const auto inside = [](const char* net, const char* address) {
            return Subnet::parse(net).value().contains(SocketAddress::parse(address).value());
        };
        CPPUNIT_ASSERT(inside("192.0.2.0/24", "192.0.2.255"));
        CPPUNIT_ASSERT(!inside("192.0.2.0/24", "192.0.3.0"));
        CPPUNIT_ASSERT(inside("192.0.2.0/255.255.254.0", "192.0.3.1"));
        CPPUNIT_ASSERT(inside("10.1.2.3/0", "192.0.3.1"));
        CPPUNIT_ASSERT(inside("10.128.0.0/9", "10.255.0.1"));
        CPPUNIT_ASSERT(!inside("10.128.0.0/9", "10.127.0.1"));
        CPPUNIT_ASSERT(inside("192.0.2.7", "192.0.2.7"));
        CPPUNIT_ASSERT(!inside("192.0.2.7", "192.0.2.8"));
        CPPUNIT_ASSERT(inside("2001:db8::/33", "2001:db8:7fff::1"));
        CPPUNIT_ASSERT(!inside("2001:db8::/33", "2001:db8:8000::1"));
        CPPUNIT_ASSERT(!inside("0.0.0.0/0", "::1"));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.0/23"), Subnet::parse("192.0.2.0/255.255.254.0")->to_string());
    }
    void refuses_bad_subnets() {
        for (const char* text : {"", "/24", "192.0.2.0/", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/255.0.255.0",
                                 "x/8", "::1/255.255.255.0", "192.0.2.0/-1"})
            CPPUNIT_ASSERT_MESSAGE(text, !Subnet::parse(text));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AddressTest);
