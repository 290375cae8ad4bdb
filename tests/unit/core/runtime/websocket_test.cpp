#include "core/runtime/websocket.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace jackfield;
using Kind = WebSocketMessage::Kind;

class WebSocketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebSocketTest);
    CPPUNIT_TEST(reads_the_examples_of_the_rfc);
    CPPUNIT_TEST(reads_what_it_wrote_however_it_is_cut);
    CPPUNIT_TEST(gives_control_frames_between_fragments);
    CPPUNIT_TEST(refuses_what_the_rfc_forbids);
    CPPUNIT_TEST(bounds_a_message_and_all_its_fragments);
    CPPUNIT_TEST(checks_utf8);
    CPPUNIT_TEST(reads_and_writes_close);
    CPPUNIT_TEST_SUITE_END();

    static constexpr std::array<char, 4> mask{0x37, static_cast<char>(0xfa), 0x21, 0x3d};

    static std::string bytes(std::initializer_list<int> list) {
        std::string text;
        for (const int byte : list) text += static_cast<char>(byte);
        return text;
    }
    // A client's frame with these first byte and payload.
    static std::string frame(int first, std::string_view payload) {
        std::string text;
        append_websocket_frame(text, Kind::text, payload, mask);
        text[0] = static_cast<char>(first);
        return text;
    }
    static WebSocketClose refused(std::string_view input, std::size_t limit = 1000) {
        WebSocketReader reader(WebSocketReader::Side::server, limit);
        reader.feed(input);
        for (;;) {
            const auto message = reader.next();
            if (!message) return reader.close_code();
            if (!*message) return WebSocketClose::normal;
        }
    }

    void reads_the_examples_of_the_rfc() {  // 5.7
        WebSocketReader server(WebSocketReader::Side::server), client(WebSocketReader::Side::client);
        server.feed(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), (*server.next())->payload);
        client.feed(bytes({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}));
        const auto message = client.next();
        CPPUNIT_ASSERT_EQUAL(std::string("Hello"), (*message)->payload);
        CPPUNIT_ASSERT(Kind::text == (*message)->kind);
        std::string out;
        append_websocket_frame(out, Kind::text, "Hello");
        CPPUNIT_ASSERT_EQUAL(bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), out);
    }

    void reads_what_it_wrote_however_it_is_cut() {
        for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 70000u}) {
            const std::string payload(size, 'x');
            std::string out;
            append_websocket_frame(out, Kind::binary, payload, mask);
            append_websocket_frame(out, Kind::ping, "p", mask);
            for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, out.size()}) {
                WebSocketReader reader(WebSocketReader::Side::server, 70000);
                std::vector<WebSocketMessage> messages;
                for (std::size_t at = 0; at < out.size(); at += piece) {
                    reader.feed(std::string_view(out).substr(at, piece));
                    for (auto next = reader.next(); *next; next = reader.next()) messages.push_back(std::move(**next));
                }
                CPPUNIT_ASSERT_EQUAL(std::size_t{2}, messages.size());
                CPPUNIT_ASSERT(messages[0].payload == payload && messages[0].kind == Kind::binary);
                CPPUNIT_ASSERT(messages[1].payload == "p" && messages[1].kind == Kind::ping);
            }
        }
    }

    void gives_control_frames_between_fragments() {
        WebSocketReader reader(WebSocketReader::Side::server);
        reader.feed(frame(0x01, "one ") + frame(0x89, "ping") + frame(0x00, "two ") + frame(0x80, "three"));
        CPPUNIT_ASSERT(Kind::ping == (*reader.next())->kind);
        CPPUNIT_ASSERT_EQUAL(std::string("one two three"), (*reader.next())->payload);
        CPPUNIT_ASSERT(!*reader.next());
    }

    void refuses_what_the_rfc_forbids() {
        const auto protocol_error = WebSocketClose::protocol_error;
        CPPUNIT_ASSERT(protocol_error == refused(frame(0xc1, "reserved bit")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x83, "opcode 3")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x8b, "opcode 11")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x09, "a fragmented ping")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x89, std::string(126, 'x'))));
        CPPUNIT_ASSERT(protocol_error == refused(bytes({0x81, 0x01, 'x'})));  // no mask
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x80, "a fragment of nothing")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x01, "a") + frame(0x81, "b")));
        CPPUNIT_ASSERT(protocol_error == refused(bytes({0x81, 0xfe, 0x00, 0x05})));  // five needs no two bytes
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x88, "x")));
        CPPUNIT_ASSERT(protocol_error == refused(frame(0x88, bytes({0x03, 0xed}))));  // 1005 is never sent
        CPPUNIT_ASSERT(WebSocketClose::bad_text == refused(frame(0x81, bytes({0xc0, 0xaf}))));
        CPPUNIT_ASSERT(WebSocketClose::normal == refused(frame(0x82, bytes({0xc0, 0xaf}))));
    }

    void bounds_a_message_and_all_its_fragments() {
        CPPUNIT_ASSERT(WebSocketClose::normal == refused(frame(0x81, std::string(100, 'x')), 100));
        CPPUNIT_ASSERT(WebSocketClose::too_big == refused(frame(0x81, std::string(101, 'x')), 100));
        CPPUNIT_ASSERT(WebSocketClose::too_big ==
                       refused(frame(0x01, std::string(60, 'x')) + frame(0x80, std::string(41, 'x')), 100));
        // Known from its first bytes.
        CPPUNIT_ASSERT(WebSocketClose::too_big ==
                       refused(bytes({0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})));
    }

    void checks_utf8() {
        for (const char* good : {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x93\x9e", "\xf4\x8f\xbf\xbf"})
            CPPUNIT_ASSERT_MESSAGE(good, valid_utf8(good));
        for (const char* bad :
             {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"})
            CPPUNIT_ASSERT_MESSAGE(bad, !valid_utf8(bad));
    }

    void reads_and_writes_close() {
        WebSocketReader reader(WebSocketReader::Side::server);
        std::string out;
        append_websocket_close(out, WebSocketClose::going_away, "bye", mask);
        append_websocket_close(out, WebSocketClose::normal, std::string(122, 'x') + "\xc3\xa4", mask);
        reader.feed(out + frame(0x88, ""));
        auto message = reader.next();
        CPPUNIT_ASSERT(Kind::close == (*message)->kind && WebSocketClose::going_away == (*message)->code);
        CPPUNIT_ASSERT_EQUAL(std::string("bye"), (*message)->payload);
        message = reader.next();
        CPPUNIT_ASSERT_EQUAL(std::string(122, 'x'), (*message)->payload);
        CPPUNIT_ASSERT(WebSocketClose::no_status == (*reader.next())->code);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(WebSocketTest);
