// HEPv3 packets: chunks, both families, bounds.
#include "modules/res_hep/hep.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <map>

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

unsigned big_endian(std::string_view bytes) {
    unsigned value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

std::map<unsigned, std::string> chunks_of(std::string_view packet) {
    CPPUNIT_ASSERT(packet.starts_with("HEP3"));
    CPPUNIT_ASSERT_EQUAL(packet.size(), std::size_t(big_endian(packet.substr(4, 2))));
    std::map<unsigned, std::string> chunks;
    for (std::size_t at = 6; at < packet.size();) {
        CPPUNIT_ASSERT_EQUAL(0u, big_endian(packet.substr(at, 2)));
        const std::size_t size = big_endian(packet.substr(at + 4, 2));
        CPPUNIT_ASSERT(size >= 6 && at + size <= packet.size());
        CPPUNIT_ASSERT(chunks.emplace(big_endian(packet.substr(at + 2, 2)), packet.substr(at + 6, size - 6)).second);
        at += size;
    }
    return chunks;
}

class HepTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HepTest);
    CPPUNIT_TEST(a_message_is_described_by_chunks);
    CPPUNIT_TEST(ipv6_addresses_have_chunks_of_their_own);
    CPPUNIT_TEST(what_is_too_long_is_cut);
    CPPUNIT_TEST_SUITE_END();

  public:
    void a_message_is_described_by_chunks() {
        hep::Capture capture;
        capture.source = SocketAddress::parse("192.0.2.1:5060").value();
        capture.destination = SocketAddress::parse("192.0.2.2:5080").value();
        capture.stream = true;
        capture.time = WallTime(std::chrono::seconds(1000000) + 250ms);
        capture.agent = 77;
        capture.payload = "OPTIONS";
        auto chunks = chunks_of(hep::encode(capture));
        CPPUNIT_ASSERT_EQUAL(2u, big_endian(chunks[1]));
        CPPUNIT_ASSERT_EQUAL(6u, big_endian(chunks[2]));
        CPPUNIT_ASSERT_EQUAL(0xc0000201u, big_endian(chunks[3]));
        CPPUNIT_ASSERT_EQUAL(0xc0000202u, big_endian(chunks[4]));
        CPPUNIT_ASSERT_EQUAL(5060u, big_endian(chunks[7]));
        CPPUNIT_ASSERT_EQUAL(5080u, big_endian(chunks[8]));
        CPPUNIT_ASSERT_EQUAL(1000000u, big_endian(chunks[9]));
        CPPUNIT_ASSERT_EQUAL(250000u, big_endian(chunks[10]));
        CPPUNIT_ASSERT_EQUAL(1u, big_endian(chunks[11]));
        CPPUNIT_ASSERT_EQUAL(77u, big_endian(chunks[12]));
        CPPUNIT_ASSERT_EQUAL(std::string("OPTIONS"), chunks[15]);
        CPPUNIT_ASSERT(!chunks.contains(14) && !chunks.contains(17));  // no password, no correlation
    }

    void ipv6_addresses_have_chunks_of_their_own() {
        hep::Capture capture;
        capture.source = SocketAddress::parse("[2001:db8::1]:5060").value();
        capture.destination = SocketAddress::parse("[2001:db8::2]:5060").value();
        capture.password = "word";
        capture.correlation = "call@host";
        auto chunks = chunks_of(hep::encode(capture));
        CPPUNIT_ASSERT_EQUAL(10u, big_endian(chunks[1]));
        CPPUNIT_ASSERT_EQUAL(17u, big_endian(chunks[2]));
        CPPUNIT_ASSERT_EQUAL(std::size_t(16), chunks[5].size());
        CPPUNIT_ASSERT_EQUAL('\2', chunks[6].back());
        CPPUNIT_ASSERT_EQUAL(std::string("word"), chunks[14]);
        CPPUNIT_ASSERT_EQUAL(std::string("call@host"), chunks[17]);
    }

    void what_is_too_long_is_cut() {
        const std::string long_text(100000, 'x');
        hep::Capture capture;
        capture.source = capture.destination = SocketAddress::parse("192.0.2.1:5060").value();
        capture.payload = capture.password = capture.correlation = long_text;
        auto chunks = chunks_of(hep::encode(capture));
        CPPUNIT_ASSERT_EQUAL(hep::most_payload, chunks[15].size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(256), chunks[17].size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HepTest);

}  // namespace
