// Who connected to a front.
#include "channels/sip/stack/proxy_header.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::string_literals;

namespace {

using State = ProxyHeaderReader::State;

// Reads as from a connection, never beyond what is wanted; what is left stands in `rest`.
struct Outcome {
    State state;
    std::string source, rest;
};
Outcome take_header(std::string bytes) {
    ProxyHeaderReader reader;
    while (reader.wanted() > 0 && !bytes.empty()) {
        const std::size_t size = std::min(reader.wanted(), bytes.size());
        reader.append(std::string_view(bytes).substr(0, size));
        bytes.erase(0, size);
    }
    return {reader.state(), reader.source().valid() ? reader.source().to_string() : "", bytes};
}
const std::string binary = "\r\n\r\n\0\r\nQUIT\n"s;

class ProxyHeaderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProxyHeaderTest);
    CPPUNIT_TEST(lines_are_read_to_their_end_and_no_further);
    CPPUNIT_TEST(binary_headers_are_read_to_their_end_and_no_further);
    CPPUNIT_TEST(a_front_that_names_nobody_is_the_source_itself);
    CPPUNIT_TEST(what_makes_no_sense_is_broken);
    CPPUNIT_TEST_SUITE_END();

  public:
    void lines_are_read_to_their_end_and_no_further() {
        auto read = take_header("PROXY TCP4 192.0.2.1 198.51.100.1 56324 5061\r\n\x16\x03\x01");
        CPPUNIT_ASSERT(read.state == State::done);
        CPPUNIT_ASSERT_EQUAL("192.0.2.1:56324"s, read.source);
        CPPUNIT_ASSERT_EQUAL("\x16\x03\x01"s, read.rest);
        read = take_header("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\nR");
        CPPUNIT_ASSERT_EQUAL("[2001:db8::1]:1"s, read.source);
        CPPUNIT_ASSERT_EQUAL("R"s, read.rest);
        CPPUNIT_ASSERT(take_header("PROXY TCP4 192.0.2.1").state == State::incomplete);
    }
    void binary_headers_are_read_to_their_end_and_no_further() {
        auto read = take_header(binary + "\x21\x11\0\x10"s + "\xC0\0\2\1\xC6\x33\x64\1\xDC\4\x13\xC5"s + "\4\0\1x"s + "REGISTER"s);
        CPPUNIT_ASSERT(read.state == State::done);
        CPPUNIT_ASSERT_EQUAL("192.0.2.1:56324"s, read.source);
        CPPUNIT_ASSERT_EQUAL("REGISTER"s, read.rest);
        read = take_header(binary + "\x21\x21\0\x24"s + "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\1"s + std::string(16, '\0') + "\0\7\0\x09"s);
        CPPUNIT_ASSERT_EQUAL("[2001:db8::1]:7"s, read.source);
    }
    void a_front_that_names_nobody_is_the_source_itself() {
        for (const std::string& each : {"PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"s, binary + "\x20\0\0\0"s, binary + "\x21\0\0\0"s,
                                        binary + "\x20\x11\0\x0c"s + std::string(12, 'x')}) {
            const auto read = take_header(each);
            CPPUNIT_ASSERT(read.state == State::done && read.source.empty() && read.rest.empty());
        }
    }
    void what_makes_no_sense_is_broken() {
        for (const std::string& each :
             {"REGISTER sip:h SIP/2.0\r\n"s, "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n"s, "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n"s,
              "PROXY TCP4 192.0.2.1 198.51.100.1 99999 1\r\n"s, "PROXY TCP4 192.0.2.1 198.51.100.1 1 2\nx"s, "PROXY "s + std::string(120, 'a'),
              binary + "\x11\x11\0\x0c"s, binary + "\x22\x11\0\x0c"s, binary + "\x21\x11\0\4"s + "abcd"s, binary + "\x21\x11\xff\xff"s, "\r\n\r\nOPTIONS sip"s})
            CPPUNIT_ASSERT_MESSAGE(each, take_header(each).state == State::broken);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProxyHeaderTest);

}  // namespace
