// Capture files.
#include "channels/sip/stack/pcap.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <cstring>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

class PcapTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PcapTest);
    CPPUNIT_TEST(a_file_begins_with_its_kind);
    CPPUNIT_TEST(a_packet_has_an_ipv4_header_that_adds_up);
    CPPUNIT_TEST(a_packet_has_an_ipv6_header_when_either_side_has_one);
    CPPUNIT_TEST(what_no_datagram_holds_is_cut);
    CPPUNIT_TEST_SUITE_END();

    static std::uint32_t word(std::string_view text, std::size_t at) {
        std::uint32_t value;
        std::memcpy(&value, text.data() + at, 4);
        return value;
    }
    static unsigned net(std::string_view text, std::size_t at) {
        return static_cast<unsigned>(static_cast<unsigned char>(text[at]) << 8 | static_cast<unsigned char>(text[at + 1]));
    }
    // RFC 1071: with its checksum in it, the sum of all words is all ones.
    static std::uint32_t sum(std::string_view text, std::uint32_t from = 0) {
        for (std::size_t i = 0; i < text.size(); i += 2)
            from += static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]) << 8 | (i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0));
        while (from >> 16) from = (from & 0xffff) + (from >> 16);
        return from;
    }
    static SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

    void a_file_begins_with_its_kind() {
        const std::string header = pcap_file_header();
        CPPUNIT_ASSERT_EQUAL(std::size_t{24}, header.size());
        CPPUNIT_ASSERT_EQUAL(0xa1b2c3d4u, word(header, 0));
        CPPUNIT_ASSERT_EQUAL(101u, word(header, 20));
    }
    void a_packet_has_an_ipv4_header_that_adds_up() {
        std::string text;
        const WallTime time(std::chrono::microseconds(1'767'225'600'123'456));
        append_pcap_packet(text, time, at("192.0.2.1:5060"), at("198.51.100.7:40000"), "OPTIONS");
        CPPUNIT_ASSERT_EQUAL(1'767'225'600u, word(text, 0));
        CPPUNIT_ASSERT_EQUAL(123'456u, word(text, 4));
        CPPUNIT_ASSERT_EQUAL(35u, word(text, 8));
        CPPUNIT_ASSERT_EQUAL(text.size(), std::size_t{16 + 35});
        const std::string ip = text.substr(16);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0xffff}, sum(ip.substr(0, 20)));
        CPPUNIT_ASSERT_EQUAL(std::string("\xc0\x00\x02\x01\xc6\x33\x64\x07", 8), ip.substr(12, 8));
        CPPUNIT_ASSERT_EQUAL(5060u, net(ip, 20));
        CPPUNIT_ASSERT_EQUAL(40000u, net(ip, 22));
        CPPUNIT_ASSERT_EQUAL(15u, net(ip, 24));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0xffff}, sum(ip.substr(12), 17 + 15));
        CPPUNIT_ASSERT_EQUAL(std::string("OPTIONS"), ip.substr(28));
    }
    void a_packet_has_an_ipv6_header_when_either_side_has_one() {
        std::string text;
        append_pcap_packet(text, WallTime(), at("[2001:db8::1]:5060"), at("192.0.2.1:5061"), "x");
        const std::string ip = text.substr(16);
        CPPUNIT_ASSERT_EQUAL(std::size_t{49}, ip.size());
        CPPUNIT_ASSERT_EQUAL('\x60', ip[0]);
        CPPUNIT_ASSERT_EQUAL(9u, net(ip, 4));
        CPPUNIT_ASSERT_EQUAL(std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 16), ip.substr(24, 16));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0xffff}, sum(ip.substr(8), 17 + 9));
    }
    void what_no_datagram_holds_is_cut() {
        std::string text;
        append_pcap_packet(text, WallTime(), at("192.0.2.1:1"), at("192.0.2.2:2"), std::string(70000, 'x'));
        CPPUNIT_ASSERT_EQUAL(std::size_t{16 + 65535}, text.size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PcapTest);

}  // namespace
