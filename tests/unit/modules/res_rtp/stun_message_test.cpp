#include "modules/res_rtp/stun_message.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/base/strings.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

std::vector<std::uint8_t> bytes_of_hex(std::string_view hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16)));
    return bytes;
}

// RFC 5769 2.1 and 2.2.
const std::string sample_request =
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
const std::string sample_response =
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
const std::string sample_password = "VOkJxbRl1RmTxUk/WvJxBt";

}  // namespace

class StunMessageTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StunMessageTest);
    CPPUNIT_TEST(reads_the_request_of_rfc_5769);
    CPPUNIT_TEST(reads_the_response_of_rfc_5769);
    CPPUNIT_TEST(writes_what_it_reads);
    CPPUNIT_TEST(refuses_what_was_changed_on_the_way);
    CPPUNIT_TEST(refuses_lengths_that_do_not_fit);
    CPPUNIT_TEST(passes_over_what_follows_the_integrity);
    CPPUNIT_TEST(lists_what_it_must_understand_and_does_not);
    CPPUNIT_TEST(writes_addresses_of_both_families);
    CPPUNIT_TEST(makes_the_long_term_key_of_rfc_8489);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_the_request_of_rfc_5769() {
        const auto bytes = bytes_of_hex(sample_request);
        const auto message = parse_stun(bytes);
        CPPUNIT_ASSERT(message);
        CPPUNIT_ASSERT(message->method == StunMethod::binding && message->kind == StunClass::request && message->has_fingerprint);
        CPPUNIT_ASSERT(message->username == "evtj:h6vY");
        CPPUNIT_ASSERT(message->priority == 0x6e0001ffU && message->controlled == 0x932ff9b151263b36U);
        CPPUNIT_ASSERT(has_integrity(*message, sample_password));
        CPPUNIT_ASSERT(!has_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBT"));
    }
    void reads_the_response_of_rfc_5769() {
        const auto bytes = bytes_of_hex(sample_response);
        const auto message = parse_stun(bytes);
        CPPUNIT_ASSERT(message && message->kind == StunClass::success);
        CPPUNIT_ASSERT(message->mapped && message->mapped->to_string() == "192.0.2.1:32853");
        CPPUNIT_ASSERT(has_integrity(*message, sample_password));
    }
    void writes_what_it_reads() {
        StunWriter writer(StunMethod::create_permission, StunClass::error, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
        writer.error(438, "Stale Nonce").text(StunAttribute::realm, "example.com").text(StunAttribute::nonce, "n").number(StunAttribute::lifetime, 600);
        const auto message = parse_stun(writer.finish("key"));
        CPPUNIT_ASSERT(message && message->method == StunMethod::create_permission && message->kind == StunClass::error);
        CPPUNIT_ASSERT(message->error == 438 && message->realm == "example.com" && message->nonce == "n" && message->lifetime == 600U);
        CPPUNIT_ASSERT(message->transaction[11] == 12 && has_integrity(*message, "key"));
        StunWriter plain(StunMethod::binding, StunClass::request, {});
        CPPUNIT_ASSERT_EQUAL(stun_header_size, plain.finish({}, false).size());
    }
    void refuses_what_was_changed_on_the_way() {
        for (std::size_t at = 0; at < sample_request.size() / 2; ++at) {
            auto bytes = bytes_of_hex(sample_request);
            bytes[at] ^= 1;
            const auto message = parse_stun(bytes);  // without the name of its fingerprint it has none
            CPPUNIT_ASSERT_MESSAGE("byte " + std::to_string(at), !message || !message->has_fingerprint);
        }
    }
    void refuses_lengths_that_do_not_fit() {
        const auto bytes = bytes_of_hex(sample_request);
        for (std::size_t size = 0; size < bytes.size(); ++size) CPPUNIT_ASSERT(!parse_stun(std::span(bytes).first(size)));
        auto longer = bytes;
        longer.resize(bytes.size() + 4);
        CPPUNIT_ASSERT(!parse_stun(longer));
    }
    void passes_over_what_follows_the_integrity() {
        StunWriter writer(StunMethod::binding, StunClass::request, {});
        writer.text(StunAttribute::username, "a:b");
        std::vector<std::uint8_t> message;
        {
            const auto written = writer.finish("secret", false);
            message.assign(written.begin(), written.end());
        }
        const std::vector<std::uint8_t> smuggled{0x00, 0x25, 0x00, 0x00};  // USE-CANDIDATE
        message.insert(message.end(), smuggled.begin(), smuggled.end());
        message[3] = static_cast<std::uint8_t>(message.size() - stun_header_size);
        const auto read = parse_stun(message);
        CPPUNIT_ASSERT(read && has_integrity(*read, "secret") && !read->use_candidate);
    }
    void lists_what_it_must_understand_and_does_not() {
        StunWriter writer(StunMethod::binding, StunClass::request, {});
        writer.number(static_cast<StunAttribute>(0x7ffe), 1).number(static_cast<StunAttribute>(0xc001), 1);
        const auto message = parse_stun(writer.finish({}));
        CPPUNIT_ASSERT(message && message->unknown == std::vector<std::uint16_t>{0x7ffe});
    }
    void writes_addresses_of_both_families() {
        for (const char* text : {"192.0.2.7:5000", "[2001:db8::7]:65535"}) {
            StunWriter writer(StunMethod::binding, StunClass::success, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2});
            writer.address(StunAttribute::xor_mapped_address, SocketAddress::parse(text).value());
            const auto message = parse_stun(writer.finish("x"));
            CPPUNIT_ASSERT(message && message->mapped && message->mapped->to_string() == text);
        }
    }
    void makes_the_long_term_key_of_rfc_8489() {
        // The example of section 9.2.2.
        const std::string key = long_term_key("user", "realm", "pass");
        CPPUNIT_ASSERT(std::vector<std::uint8_t>(key.begin(), key.end()) == bytes_of_hex("8493fbc53ba582fb4c044c456bdc40eb"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StunMessageTest);
