#include "modules/res_rtp/header_extension.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

#include "modules/res_rtp/rtp_packet.hpp"

using namespace jackfield::rtp;

class HeaderExtensionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HeaderExtensionTest);
    CPPUNIT_TEST(what_was_put_in_is_found);
    CPPUNIT_TEST(what_does_not_fit_changes_nothing);
    CPPUNIT_TEST(reads_heads_of_both_lengths);
    CPPUNIT_TEST(what_is_cut_off_is_not_found);
    CPPUNIT_TEST_SUITE_END();

    static std::vector<std::uint8_t> packet(std::vector<std::uint8_t> extension = {}) {
        std::vector<std::uint8_t> bytes(header_size);
        write({96, true, 7, 8, 9}, bytes.data());
        if (!extension.empty()) bytes[0] |= 0x10;
        bytes.insert(bytes.end(), extension.begin(), extension.end());
        bytes.insert(bytes.end(), {'p', 'a', 'y'});
        return bytes;
    }

  public:
    void what_was_put_in_is_found() {
        for (const std::string_view mid : {"0", "mid", "video", "0123456789abcdef"}) {
            auto bytes = packet();
            const std::size_t before = bytes.size();
            bytes.resize(before + largest_extension);
            const std::size_t size = insert_extension(bytes, before, 4, mid);
            CPPUNIT_ASSERT(size > before && size <= bytes.size() && (size - before) % 4 == 0);
            const auto made = std::span<const std::uint8_t>(bytes).first(size);
            CPPUNIT_ASSERT_EQUAL(std::string(mid), std::string(find_extension(made, 4)));
            CPPUNIT_ASSERT(find_extension(made, 5).empty());
            const auto parsed = parse(made);
            CPPUNIT_ASSERT(parsed && parsed->header.sequence == 7 && parsed->header.ssrc == 9);
            CPPUNIT_ASSERT_EQUAL(std::string("pay"), std::string(parsed->payload.begin(), parsed->payload.end()));
        }
    }
    void what_does_not_fit_changes_nothing() {
        const auto plain = packet();
        const auto unchanged = [&](std::size_t room, std::uint8_t number, std::string_view value) {
            auto bytes = plain;
            bytes.resize(plain.size() + room);
            const std::size_t size = insert_extension(bytes, plain.size(), number, value);
            bytes.resize(plain.size());
            return size == plain.size() && bytes == plain;
        };
        CPPUNIT_ASSERT(unchanged(largest_extension, 0, "a") && unchanged(largest_extension, 15, "a"));
        CPPUNIT_ASSERT(unchanged(largest_extension, 1, "") && unchanged(largest_extension, 1, "0123456789abcdefg"));
        CPPUNIT_ASSERT(unchanged(7, 1, "a") && !unchanged(8, 1, "a"));
    }
    void reads_heads_of_both_lengths() {
        const auto found = [](const std::vector<std::uint8_t>& bytes, std::uint8_t number) { return std::string(find_extension(bytes, number)); };
        const auto brief = packet({0xbe, 0xde, 0, 2, 0x10, 0xff, 0, 0x32, 'a', 'b', 'c', 0});
        CPPUNIT_ASSERT_EQUAL(std::string("\xff"), found(brief, 1));
        CPPUNIT_ASSERT_EQUAL(std::string("abc"), found(brief, 3));
        const auto longer = packet({0x10, 0x00, 0, 2, 0x10, 0, 0, 200, 2, 'h', 'i', 0});
        CPPUNIT_ASSERT_EQUAL(std::string("hi"), found(longer, 200));
        CPPUNIT_ASSERT(found(longer, 16).empty() && found(longer, 0).empty());
        CPPUNIT_ASSERT(found(packet({0xab, 0xcd, 0, 1, 0x10, 1, 0, 0}), 1).empty());  // of another kind
        CPPUNIT_ASSERT(found(packet({0xbe, 0xde, 0, 1, 0xf0, 1, 0x10, 1}), 1).empty());  // RFC 8285 4.2: 15 ends it
    }
    void what_is_cut_off_is_not_found() {
        const auto whole = packet({0xbe, 0xde, 0, 1, 0x12, 'a', 'b', 'c'});
        CPPUNIT_ASSERT_EQUAL(std::string("abc"), std::string(find_extension(whole, 1)));
        for (std::size_t size = 0; size < header_size + 8; ++size) {
            const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            CPPUNIT_ASSERT(find_extension(part, 1).empty());
        }
        CPPUNIT_ASSERT(find_extension(packet({0xbe, 0xde, 0, 1, 0x13, 'a', 'b', 'c'}), 1).empty());  // longer than the extension
        CPPUNIT_ASSERT(find_extension(packet({0xbe, 0xde, 0xff, 0xff, 0x12, 'a', 'b', 'c'}), 1).empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HeaderExtensionTest);
