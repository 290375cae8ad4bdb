#include "channels/audiosocket/message.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace jackfield;
using namespace jackfield::audiosocket;

class AudioSocketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AudioSocketTest);
    CPPUNIT_TEST(reads_messages_however_they_are_cut);
    CPPUNIT_TEST(ends_where_it_is_told);
    CPPUNIT_TEST(the_largest_message_fits);
    CPPUNIT_TEST(reads_uuids);
    CPPUNIT_TEST(knows_the_kinds_of_audio);
    CPPUNIT_TEST_SUITE_END();

  public:
    static std::string told(std::span<const std::uint8_t> bytes, std::size_t piece) {
        MessageReader reader;
        std::string text;
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)), [&](const MessageReader::Message& message) {
                text += std::to_string(message.kind) + ":" + std::string(message.payload.begin(), message.payload.end()) + " ";
                return true;
            });
        return text;
    }
    void reads_messages_however_they_are_cut() {
        const std::vector<std::uint8_t> bytes{0x10, 0, 4, 'a', 'b', 'c', 'd', 0x03, 0, 1, '5', 0x00, 0, 0, 0x10, 0, 2, 'e'};
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
            CPPUNIT_ASSERT_EQUAL(std::string("16:abcd 3:5 0: "), told(bytes, piece));
    }
    void ends_where_it_is_told() {
        const std::vector<std::uint8_t> bytes{0x00, 0, 0, 0x03, 0, 1, '5'};
        MessageReader reader;
        unsigned messages = 0;
        reader.feed(bytes, [&](const MessageReader::Message&) { return ++messages, false; });
        CPPUNIT_ASSERT_EQUAL(1u, messages);
    }
    void the_largest_message_fits() {
        std::vector<std::uint8_t> bytes{0x10, 0xff, 0xff};
        bytes.resize(header_size + largest_payload, 'x');
        CPPUNIT_ASSERT_EQUAL(largest_payload + 4, told(bytes, 1000).size());
        const auto head = header(0x10, largest_payload);
        CPPUNIT_ASSERT(std::equal(head.begin(), head.end(), bytes.begin()));
    }
    void reads_uuids() {
        const auto uuid = parse_uuid("6BA7b810-9dad-11d1-80b4-00c04fd430c8");
        CPPUNIT_ASSERT(uuid && (*uuid)[0] == 0x6b && (*uuid)[1] == 0xa7 && (*uuid)[15] == 0xc8);
        for (const char* wrong : {"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                                  "6ba7b810-9dad-11d1-80b40-0c04fd430c8"})
            CPPUNIT_ASSERT_MESSAGE(wrong, !parse_uuid(wrong));
    }
    void knows_the_kinds_of_audio() {
        CPPUNIT_ASSERT(audio_kind(find_codec("slin")) == 0x10);
        CPPUNIT_ASSERT(audio_kind(find_codec("slin16")) == 0x12);
        CPPUNIT_ASSERT(audio_kind(find_codec("slin192")) == 0x18);
        CPPUNIT_ASSERT(!audio_kind(find_codec("ulaw")) && !audio_kind(nullptr));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AudioSocketTest);
