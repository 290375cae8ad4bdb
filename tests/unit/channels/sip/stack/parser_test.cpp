// Parsing messages and cutting streams.
#include "channels/sip/stack/parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield::sip;

namespace {

const std::string invite_text =
    "INVITE sip:6002@192.0.2.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bKnashds8\r\n"
    "Max-Forwards: 70\r\n"
    "To: <sip:6002@192.0.2.1>\r\n"
    "From: \"Alice\" <sip:6001@192.0.2.1>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:6001@192.0.2.9:5070>\r\n"
    "Allow: INVITE, ACK, BYE, CANCEL\r\n"
    "Allow: REFER\r\n"
    "Supported: replaces, 100rel\r\n"
    "User-Agent: phone\r\n"
    "X-Trunk: A\r\n"
    "Content-Type: application/sdp;charset=utf-8\r\n"
    "Content-Length: 5\r\n"
    "\r\n"
    "v=0\r\n";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    CPPUNIT_ASSERT(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

class ParserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ParserTest);
    CPPUNIT_TEST(reads_a_request);
    CPPUNIT_TEST(views_survive_a_move);
    CPPUNIT_TEST(fourteen_headers_take_no_memory_of_their_own);
    CPPUNIT_TEST(lists_cross_fields);
    CPPUNIT_TEST(folds_become_blanks);
    CPPUNIT_TEST(bare_line_feeds_are_understood);
    CPPUNIT_TEST(reads_a_response);
    CPPUNIT_TEST(limits_are_kept);
    CPPUNIT_TEST(an_ack_is_never_answered);
    CPPUNIT_TEST(keep_alives_are_dropped_silently);
    CPPUNIT_TEST(a_stray_carriage_return_is_refused);
    CPPUNIT_TEST(what_answers_repeat_has_no_control_characters);
    CPPUNIT_TEST(rubbish_is_dropped);
    CPPUNIT_TEST(a_stream_is_cut_wherever_it_was_split);
    CPPUNIT_TEST(a_stream_needs_content_length);
    CPPUNIT_TEST(a_stream_with_two_lengths_is_broken);
    CPPUNIT_TEST(a_folded_content_length_is_found);
    CPPUNIT_TEST(pings_and_pongs_are_told_apart);
    CPPUNIT_TEST(a_stream_never_holds_more_than_its_limit);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_a_request() {
        const ParseResult result = parse_message(invite_text);
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        const Message& message = result.message;
        CPPUNIT_ASSERT(message.is_request() && !message.is_response());
        CPPUNIT_ASSERT(message.method() == Method::invite);
        CPPUNIT_ASSERT(message.request_uri().user == "6002");
        CPPUNIT_ASSERT(message.top_via().has_rport && message.top_via().rport == 0);
        CPPUNIT_ASSERT(message.from_tag() == "1928301774" && message.to_tag().empty());
        CPPUNIT_ASSERT(message.call_id() == "a84b4c76e66710");
        CPPUNIT_ASSERT_EQUAL(314159u, message.cseq().number);
        CPPUNIT_ASSERT(message.header("x-trunk") == "A");
        CPPUNIT_ASSERT(message.header("X-Other").empty());
        CPPUNIT_ASSERT(message.header(HeaderName::user_agent) == "phone");
        CPPUNIT_ASSERT(message.content_type() == "application/sdp");
        CPPUNIT_ASSERT(message.body() == "v=0\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t(14), message.field_count());
    }

    void views_survive_a_move() {
        ParseResult result = parse_message(invite_text);
        const Message first = std::move(result.message);
        auto moved = std::make_unique<Message>(parse_message(invite_text).message);
        const Message second = std::move(*moved);
        moved.reset();
        CPPUNIT_ASSERT(second.call_id() == "a84b4c76e66710");
        CPPUNIT_ASSERT(second.from().uri.user == "6001");
        CPPUNIT_ASSERT(second.body() == first.body());
    }

    void fourteen_headers_take_no_memory_of_their_own() {
        const ParseResult result = parse_message(invite_text);
        CPPUNIT_ASSERT_EQUAL(sizeof(Message) + invite_text.size(), result.message.memory_used());
    }

    void lists_cross_fields() {
        const ParseResult result = parse_message(invite_text);
        CPPUNIT_ASSERT(result.message.lists(HeaderName::allow, "refer"));
        CPPUNIT_ASSERT(result.message.lists(HeaderName::allow, "CANCEL"));
        CPPUNIT_ASSERT(!result.message.lists(HeaderName::allow, "UPDATE"));
        CPPUNIT_ASSERT(!result.message.lists(HeaderName::require, "100rel"));
    }

    void folds_become_blanks() {
        const auto result = parse_message(replaced(invite_text, "replaces, 100rel", "replaces,\r\n\t 100rel\r\n  , timer"));
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        CPPUNIT_ASSERT(result.message.lists(HeaderName::supported, "timer"));
        CPPUNIT_ASSERT(result.message.header(HeaderName::supported).find('\n') == std::string_view::npos);
    }

    void bare_line_feeds_are_understood() {
        std::string text;
        for (const char c : invite_text)
            if (c != '\r') text += c;
        text = replaced(text, "Content-Length: 5", "Content-Length: 4");
        const auto result = parse_message(text);
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        CPPUNIT_ASSERT(result.message.body() == "v=0\n");
    }

    void reads_a_response() {
        const auto result =
            parse_message(replaced(invite_text, "INVITE sip:6002@192.0.2.1 SIP/2.0", "SIP/2.0 486 Busy Here"));
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        CPPUNIT_ASSERT(result.message.is_response());
        CPPUNIT_ASSERT_EQUAL(486, result.message.status());
        CPPUNIT_ASSERT(result.message.reason() == "Busy Here");
        CPPUNIT_ASSERT(result.message.method() == Method::invite);
        for (const std::string_view bad :
             {"SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2000 x", "SIP/2.0 ", "SIP/3.0 200 OK"})
            CPPUNIT_ASSERT(parse_message(replaced(invite_text, "INVITE sip:6002@192.0.2.1 SIP/2.0", bad)).verdict ==
                           Verdict::drop);
    }

    void limits_are_kept() {
        std::string many = "X-A: b\r\n";
        for (int i = 0; i < 9; ++i) many += many;
        const auto headers = parse_message(replaced(invite_text, "X-Trunk: A\r\n", many));
        CPPUNIT_ASSERT(headers.verdict == Verdict::reject);
        CPPUNIT_ASSERT_EQUAL(std::string("Too many header fields"), std::string(headers.reason));
        const auto wide = parse_message(replaced(invite_text, "X-Trunk: A", "X-Trunk: " + std::string(9000, 'x')));
        CPPUNIT_ASSERT_EQUAL(std::string("Header field too large"), std::string(wide.reason));
        CPPUNIT_ASSERT(parse_message(invite_text, Framing::datagram, {.message_size = 100}).verdict == Verdict::drop);
    }

    void an_ack_is_never_answered() {
        const auto ack = replaced(replaced(replaced(invite_text, "INVITE sip", "ACK sip"), "314159 INVITE", "314159 ACK"),
                                  "Call-ID: a84b4c76e66710\r\n", "");
        CPPUNIT_ASSERT(parse_message(ack).verdict == Verdict::drop);
    }

    void keep_alives_are_dropped_silently() {
        for (const std::string_view text :
             {std::string_view("\r\n\r\n"), std::string_view("\0", 1), std::string_view()})
            CPPUNIT_ASSERT_EQUAL(std::string("Keep-alive"), std::string(parse_message(text).reason));
        CPPUNIT_ASSERT(parse_message("\r\n\r\n" + invite_text).verdict == Verdict::accept);
    }

    void a_stray_carriage_return_is_refused() {
        CPPUNIT_ASSERT(parse_message(replaced(invite_text, "X-Trunk: A", "X-Trunk: A\rBad: b")).verdict == Verdict::reject);
    }

    // An answer could not be matched by its sender if they became blanks in it.
    void what_answers_repeat_has_no_control_characters() {
        for (const char control : {'\0', '\a', '\x7f'}) {
            for (const std::string_view before : {";branch=z9hG4bK", "Call-ID: ", ";tag="}) {
                CPPUNIT_ASSERT(invite_text.contains(before));
                CPPUNIT_ASSERT(parse_message(replaced(invite_text, before, std::string(before) + control)).verdict == Verdict::reject);
            }
            // Elsewhere they are nobody's business.
            CPPUNIT_ASSERT(parse_message(replaced(invite_text, "X-Trunk: A", std::string("X-Trunk: A") + control)).verdict == Verdict::accept);
        }
    }

    void rubbish_is_dropped() {
        for (const std::string_view text :
             {"GET / HTTP/1.1\r\n\r\n", "x", "\n\n\n ", "SIP/2.0", "INVITE sip:a@b\r\n\r\n", " \r\n : \r\n\r\n"})
            CPPUNIT_ASSERT(parse_message(text).verdict == Verdict::drop);
        CPPUNIT_ASSERT(parse_message("INVITE sip:a@b SIP/2.0\r\n\r\n").verdict == Verdict::drop);  // nobody to answer
    }

    void a_stream_is_cut_wherever_it_was_split() {
        const std::string two = invite_text + "\r\n\r\n" + invite_text;
        for (std::size_t split = 1; split < two.size(); ++split) {
            StreamFramer framer;
            std::vector<std::string> messages;
            for (const std::string_view part :
                 {std::string_view(two).substr(0, split), std::string_view(two).substr(split)}) {
                framer.append(part);
                for (auto frame = framer.next(); frame.kind != StreamFramer::Kind::incomplete; frame = framer.next()) {
                    CPPUNIT_ASSERT(frame.kind == StreamFramer::Kind::message ||
                                   frame.kind == StreamFramer::Kind::ping || frame.kind == StreamFramer::Kind::pong);
                    if (frame.kind == StreamFramer::Kind::message) messages.emplace_back(frame.bytes);
                }
            }
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), messages.size());
            CPPUNIT_ASSERT_EQUAL(invite_text, messages[0]);
            CPPUNIT_ASSERT_EQUAL(invite_text, messages[1]);
            CPPUNIT_ASSERT_EQUAL(std::size_t(0), framer.buffered());
        }
        CPPUNIT_ASSERT(parse_message(invite_text, Framing::stream).verdict == Verdict::accept);
    }

    void a_stream_needs_content_length() {
        StreamFramer framer;
        const std::string bare = replaced(invite_text, "Content-Length: 5\r\n", "");
        framer.append(bare);
        const auto frame = framer.next();
        CPPUNIT_ASSERT(frame.kind == StreamFramer::Kind::broken);
        const auto result = parse_message(frame.bytes, Framing::stream);
        CPPUNIT_ASSERT_EQUAL(400, result.status);
        CPPUNIT_ASSERT_EQUAL(std::string("Missing Content-Length"), std::string(result.reason));
        framer.append(invite_text);
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::incomplete);
    }

    void a_stream_with_two_lengths_is_broken() {
        StreamFramer framer;
        framer.append(replaced(invite_text, "Content-Length: 5", "l: 5\r\nContent-Length: 500"));
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::broken);
    }

    void a_folded_content_length_is_found() {
        StreamFramer framer;
        framer.append(replaced(invite_text, "Content-Length: 5", "Content-Length :\r\n  5"));
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::message);
    }

    void pings_and_pongs_are_told_apart() {
        StreamFramer framer;
        framer.append("\r\n\r\n");
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::ping);
        framer.append("\r\n");
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::pong);
        CPPUNIT_ASSERT(framer.next().kind == StreamFramer::Kind::incomplete);
    }

    void a_stream_never_holds_more_than_its_limit() {
        StreamFramer endless({.message_size = 1000});
        bool refused = false;
        for (int i = 0; i < 100 && !refused; ++i) {
            endless.append("X-Header: yyyyyyyyyyyyyyyyyyyyyyy\r\n");
            refused = endless.next().kind == StreamFramer::Kind::too_large;
        }
        CPPUNIT_ASSERT(refused);
        CPPUNIT_ASSERT(endless.buffered() < 1100);
        StreamFramer large({.message_size = 1000});
        large.append(replaced(invite_text, "Content-Length: 5", "Content-Length: 4294967295"));
        CPPUNIT_ASSERT(large.next().kind == StreamFramer::Kind::too_large);
        StreamFramer busy({.message_size = 1000});
        for (int i = 0; i < 10000; ++i) {
            busy.append(invite_text);
            CPPUNIT_ASSERT(busy.next().kind == StreamFramer::Kind::message);
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), busy.buffered());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ParserTest);

}  // namespace
