// Writing requests and responses.
#include "channels/sip/stack/message_writer.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

Message parsed(std::string_view text) {
    ParseResult result = parse_message(text);
    CPPUNIT_ASSERT_MESSAGE(std::string(result.reason), result.verdict == Verdict::accept);
    return std::move(result.message);
}

Message invite_with(std::string_view via) {
    return parsed(
        std::string("INVITE sip:6002@192.0.2.1 SIP/2.0\r\nVia: ") + std::string(via) +
        "\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKfar\r\nTo: sip:6002@192.0.2.1\r\n"
        "From: <sip:6001@192.0.2.1>;tag=f\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n"
        "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nTimestamp: 54\r\nRoute: <sip:p1;lr>\r\nContent-Length: 0\r\n\r\n");
}

std::string response(const Message& request, int status, const RequestSource& source = {}) {
    std::string buffer;
    MessageWriter writer(buffer);
    begin_response(writer, request, status, {}, "mytag", source);
    writer.finish();
    return buffer;
}

class MessageWriterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MessageWriterTest);
    CPPUNIT_TEST(a_response_copies_what_rfc_3261_says);
    CPPUNIT_TEST(trying_has_no_tag_but_the_timestamp);
    CPPUNIT_TEST(a_failure_makes_no_dialog);
    CPPUNIT_TEST(the_top_via_gets_the_real_source);
    CPPUNIT_TEST(an_invented_received_is_overwritten);
    CPPUNIT_TEST(an_existing_tag_is_kept);
    CPPUNIT_TEST(line_ends_in_values_can_not_make_headers);
    CPPUNIT_TEST(the_ack_of_a_failure_stays_in_the_transaction);
    CPPUNIT_TEST(a_cancel_mirrors_its_request);
    CPPUNIT_TEST(a_rejected_request_is_answered_with_what_it_had);
    CPPUNIT_TEST(what_we_mint_begins_with_the_generation);
    CPPUNIT_TEST_SUITE_END();

  public:
    void a_response_copies_what_rfc_3261_says() {
        const Message request = invite_with("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa");
        const std::string text = response(request, 180);
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0 180 Ringing\r\n"
                                         "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n"
                                         "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKfar\r\n"
                                         "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
                                         "From: <sip:6001@192.0.2.1>;tag=f\r\n"
                                         "To: sip:6002@192.0.2.1;tag=mytag\r\n"
                                         "Call-ID: c\r\n"
                                         "CSeq: 7 INVITE\r\n"
                                         "Content-Length: 0\r\n\r\n"),
                             text);
    }

    void trying_has_no_tag_but_the_timestamp() {
        const std::string text = response(invite_with("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa"), 100);
        CPPUNIT_ASSERT(text.find("mytag") == std::string::npos);
        CPPUNIT_ASSERT(text.find("Timestamp: 54\r\n") != std::string::npos);
        CPPUNIT_ASSERT(text.find("Record-Route") == std::string::npos);
    }

    void a_failure_makes_no_dialog() {
        CPPUNIT_ASSERT(response(invite_with("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa"), 486).find("Record-Route") ==
                       std::string::npos);
    }

    void the_top_via_gets_the_real_source() {
        const auto first_via = [](std::string_view via, const RequestSource& source) {
            const std::string text = response(invite_with(via), 200, source);
            const std::size_t start = text.find("Via: ") + 5;
            return text.substr(start, text.find("\r\n", start) - start);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa;received=203.0.113.4;rport=6000"),
                             first_via("SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bKa", {"203.0.113.4", 6000}));
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa"),
                             first_via("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa", {"192.0.2.9", 6000}));
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0/UDP host:5;branch=z9hG4bKa;received=192.0.2.9"),
                             first_via("SIP/2.0/UDP host:5;branch=z9hG4bKa", {"192.0.2.9", 6000}));
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0/UDP [::1];branch=z9hG4bKa"),
                             first_via("SIP/2.0/UDP [::1];branch=z9hG4bKa", {"::1", 6000}));
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0/UDP a;branch=x;received=192.0.2.9, SIP/2.0/UDP b;branch=y"),
                             first_via("SIP/2.0/UDP a;branch=x , SIP/2.0/UDP b;branch=y", {"192.0.2.9", 6000}));
    }

    void an_invented_received_is_overwritten() {
        const std::string text =
            response(invite_with("SIP/2.0/UDP h;received=1.2.3.4;rport=9;branch=z9hG4bKa"), 200, {"192.0.2.9", 6000});
        CPPUNIT_ASSERT(text.find("1.2.3.4") == std::string::npos);
        CPPUNIT_ASSERT(text.find(";received=192.0.2.9;rport=6000") != std::string::npos);
    }

    void an_existing_tag_is_kept() {
        const Message request = parsed(
            "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:a@b>;tag=theirs\r\n"
            "From: <sip:c@d>;tag=f\r\nCall-ID: c\r\nCSeq: 8 BYE\r\nContent-Length: 0\r\n\r\n");
        CPPUNIT_ASSERT(response(request, 200).find("mytag") == std::string::npos);
    }

    void line_ends_in_values_can_not_make_headers() {
        std::string buffer;
        MessageWriter writer(buffer);
        writer.request_line("OPTIONS", "sip:a@b").header("X-Note", "one\r\nEvil: two").finish();
        CPPUNIT_ASSERT(buffer.find("\nEvil") == std::string::npos);
        CPPUNIT_ASSERT(buffer.find("X-Note: one  Evil: two\r\n") != std::string::npos);
    }

    void the_ack_of_a_failure_stays_in_the_transaction() {
        const Message request = invite_with("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa");
        const Message busy = parsed(
            "SIP/2.0 486 Busy\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\n"
            "To: sip:6002@192.0.2.1;tag=t\r\nFrom: <sip:6001@192.0.2.1>;tag=f\r\nCall-ID: c\r\n"
            "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n");
        std::string buffer;
        write_failure_ack(buffer, request, busy);
        const Message ack = parsed(buffer);
        CPPUNIT_ASSERT(ack.method() == Method::ack);
        CPPUNIT_ASSERT(ack.request_uri().text == request.request_uri().text);
        CPPUNIT_ASSERT(ack.top_via().branch == "z9hG4bKa");
        CPPUNIT_ASSERT(ack.to_tag() == "t");
        CPPUNIT_ASSERT_EQUAL(7u, ack.cseq().number);
        CPPUNIT_ASSERT(ack.header(HeaderName::route) == "<sip:p1;lr>");
        CPPUNIT_ASSERT_EQUAL(Message::npos, ack.next_field(ack.first_field(HeaderName::via)));
    }

    void a_cancel_mirrors_its_request() {
        const Message request = invite_with("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa");
        std::string buffer;
        write_cancel(buffer, request, "SIP;cause=200;text=\"Call completed elsewhere\"");
        const Message cancel = parsed(buffer);
        CPPUNIT_ASSERT(cancel.method() == Method::cancel);
        CPPUNIT_ASSERT(cancel.top_via().branch == "z9hG4bKa");
        CPPUNIT_ASSERT(cancel.to_tag().empty());
        CPPUNIT_ASSERT_EQUAL(200u, parse_reason(cancel.header(HeaderName::reason)).cause.value());
    }

    void a_rejected_request_is_answered_with_what_it_had() {
        const ParseResult result = parse_message(
            "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;;\r\nTo: \"x <sip:a@b>\r\nCSeq: 1 INVITE\r\n\r\n");
        CPPUNIT_ASSERT(result.verdict == Verdict::reject);
        std::string buffer;
        MessageWriter writer(buffer);
        begin_response(writer, result.message, result.status, result.reason, "t", {"192.0.2.9", 6000});
        writer.finish();
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/2.0 400 Malformed Via\r\nVia: SIP/2.0/UDP h;;\r\nTo: \"x <sip:a@b>\r\n"
                                         "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"),
                             buffer);
    }

    void what_we_mint_begins_with_the_generation() {
        CPPUNIT_ASSERT(new_branch().starts_with(std::string(magic_cookie) + std::string(process_generation())));
        for (const std::string& token : {new_branch(), new_tag(), new_call_identifier()}) {
            CPPUNIT_ASSERT(grammar::is_token(token));
            CPPUNIT_ASSERT(minted_by(token) == process_generation());
        }
        CPPUNIT_ASSERT(new_tag() != new_tag());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MessageWriterTest);

}  // namespace
