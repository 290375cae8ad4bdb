// Session descriptions.
#include "channels/sip/stack/sdp.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

#include <fstream>
#include <iterator>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

const std::string phone =
    "v=0\r\no=alice 53655765 2353687637 IN IP4 pc33.example.com\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nb=AS:84\r\nt=0 0\r\n"
    "a=group:BUNDLE 0\r\n"
    "m=audio 49172 RTP/AVP 96 0 8 9 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\n"
    "a=rtcp:53020 IN IP4 192.0.2.10\r\na=rtcp-mux\r\na=sendonly\r\na=mid:0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\n"
    "m=video 0 RTP/AVP 31\r\nm=image 4000 udptl t38\r\nc=IN IP6 2001:db8::1\r\na=T38FaxVersion:0\r\n"
    "a=T38MaxBitRate:9600\r\na=T38FaxFillBitRemoval:0\r\na=T38FaxTranscodingMMR\r\na=T38FaxRateManagement:"
    "transferredTCF\r\n"
    "a=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n";

class SdpTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SdpTest);
    CPPUNIT_TEST(reads_what_a_phone_sends);
    CPPUNIT_TEST(writes_what_it_read);
    CPPUNIT_TEST(session_direction_is_the_default_of_media);
    CPPUNIT_TEST(static_payload_types_need_no_rtpmap);
    CPPUNIT_TEST(reads_t38_and_writes_it);
    CPPUNIT_TEST(refuses_what_is_no_description);
    CPPUNIT_TEST(limits_are_kept);
    CPPUNIT_TEST(absurd_packet_times_are_ignored);
    CPPUNIT_TEST(reads_the_bodies_of_rfc_4475);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_what_a_phone_sends() {
        const auto session = parse_sdp(phone);
        CPPUNIT_ASSERT_MESSAGE(session ? "" : session.error().text, session.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("alice"), session->user);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(2353687637), session->version);
        CPPUNIT_ASSERT(session->attribute("group")->value == "BUNDLE 0");
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), session->media.size());
        const SdpMedia& audio = session->media[0];
        CPPUNIT_ASSERT_EQUAL(49172, int(audio.port));
        CPPUNIT_ASSERT_EQUAL(std::size_t(5), audio.codecs.size());
        CPPUNIT_ASSERT((audio.codecs[0] == SdpCodec{"opus", 48000, 2, 96, "useinbandfec=1"}));
        CPPUNIT_ASSERT((audio.codecs[1] == SdpCodec{"PCMU", 8000, 1, 0, ""}));
        CPPUNIT_ASSERT((audio.codecs[3] == SdpCodec{"G722", 8000, 1, 9, ""}));
        CPPUNIT_ASSERT(audio.codecs[4].is_telephone_event() && audio.codecs[4].fmtp == "0-16");
        CPPUNIT_ASSERT_EQUAL(20u, audio.ptime);
        CPPUNIT_ASSERT_EQUAL(150u, audio.maxptime);
        CPPUNIT_ASSERT_EQUAL(53020, int(audio.rtcp_port));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.10"), audio.rtcp_address);
        CPPUNIT_ASSERT(audio.rtcp_mux && audio.direction == Direction::sendonly);
        CPPUNIT_ASSERT(audio.attribute("crypto")->value.starts_with("1 AES_CM_128"));
        CPPUNIT_ASSERT(session->connection_of(audio).address == "192.0.2.9");
        CPPUNIT_ASSERT(session->media[1].refused());
        CPPUNIT_ASSERT(session->connection_of(session->media[2]).ipv6);
    }

    void writes_what_it_read() {
        const auto session = parse_sdp(phone);
        const auto again = parse_sdp(write_sdp(*session));
        CPPUNIT_ASSERT(again.has_value());
        CPPUNIT_ASSERT_EQUAL(write_sdp(*session), write_sdp(*again));
        CPPUNIT_ASSERT(again->media[0].codecs == session->media[0].codecs);
        CPPUNIT_ASSERT(again->media[0].attributes == session->media[0].attributes);
        CPPUNIT_ASSERT(again->media[0].direction == Direction::sendonly);
        CPPUNIT_ASSERT(again->media[0].rtcp_address == "192.0.2.10");
    }

    void session_direction_is_the_default_of_media() {
        const auto session = parse_sdp(
            "v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\na=inactive\nm=audio 4 RTP/AVP 0\nm=audio 6 RTP/AVP "
            "0\na=recvonly\n");
        CPPUNIT_ASSERT(session->media[0].direction == Direction::inactive);
        CPPUNIT_ASSERT(session->media[1].direction == Direction::recvonly);
        CPPUNIT_ASSERT(reversed(Direction::recvonly) == Direction::sendonly);
        CPPUNIT_ASSERT(reversed(Direction::sendrecv) == Direction::sendrecv);
        CPPUNIT_ASSERT(common(Direction::sendonly, Direction::recvonly) == Direction::inactive);
    }

    void static_payload_types_need_no_rtpmap() {
        const auto session = parse_sdp("v=0\no=- 1 1 IN IP4 h\nc=IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 8 18 3 34 77\n");
        CPPUNIT_ASSERT_EQUAL(std::string("PCMA"), session->media[0].codecs[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("G729"), session->media[0].codecs[1].name);
        CPPUNIT_ASSERT_EQUAL(90000u, session->media[0].codecs[3].clock_rate);
        CPPUNIT_ASSERT(session->media[0].codecs[4].name.empty());
    }

    void reads_t38_and_writes_it() {
        const auto session = parse_sdp(phone);
        CPPUNIT_ASSERT(!t38_of(session->media[0]).has_value());
        const auto fax = t38_of(session->media[2]);
        CPPUNIT_ASSERT(fax.has_value());
        CPPUNIT_ASSERT_EQUAL(9600u, fax->max_bit_rate);
        CPPUNIT_ASSERT(!fax->fill_bit_removal && fax->transcoding_mmr && !fax->local_tcf);
        CPPUNIT_ASSERT_EQUAL(400u, fax->max_datagram);
        SdpMedia written{.type = "image", .port = 1, .protocol = "udptl", .formats = {"t38"}};
        written.attributes = t38_attributes(*fax);
        CPPUNIT_ASSERT(t38_of(written) == fax);
    }

    void refuses_what_is_no_description() {
        for (const std::string_view bad :
             {"", "hello", "v=1\n", "v=0\n", "v=0\no=x\n", "v=0\no=- 1 1 IN IP4 h\nm=audio\n",
              "v=0\no=- 1 1 IN IP4 h\nm=audio 70000 RTP/AVP 0\n", "v=0\no=- 1 1 IN IP4 h\nm=audio 4 RTP/AVP\n",
              "v=0\no=- 1 1 IN IP4 h\nm=audio 4 RTP/AVP 0\n",  // no address
              "v=0\no=- 1 1 IN IP4 h\nc=IN IP9 x\n", "v=0\no=- 1 1 IN IP4 h\nc=IN IP4 1\nm=audio 4 RTP/AVP 128\n",
              "v=0\no=- 1 1 IN IP4 h\nm =audio 0 RTP/AVP 0\n", "v=0\no=- 1 1 IN IP4 h\nm=x 0 a b\ra=recvonly 0\n"})
            CPPUNIT_ASSERT_MESSAGE(std::string(bad), !parse_sdp(bad).has_value());
        const std::string nul("v=0\no=- 1 1 IN IP4 h\nm=x 0 a b\0 c\n", 34);
        CPPUNIT_ASSERT(nul.ends_with("c\n") && !parse_sdp(nul).has_value());
    }

    void limits_are_kept() {
        const std::string head = "v=0\no=- 1 1 IN IP4 h\nc=IN IP4 1\n";
        std::string media = head, attributes = head, formats = head + "m=audio 4 RTP/AVP";
        for (int i = 0; i < 33; ++i) media += "m=audio 4 RTP/AVP 0\n";
        for (int i = 0; i < 1001; ++i) attributes += "a=x\n";
        for (int i = 0; i < 129; ++i) formats += " 0";
        for (const std::string& text : {media, attributes, formats})
            CPPUNIT_ASSERT(parse_sdp(text).error().code == ErrorCode::limit);
    }

    void absurd_packet_times_are_ignored() {
        for (const std::string value : {"nan", "-20", "1e300", "99999999999", "x", ""})
            CPPUNIT_ASSERT_EQUAL(
                0u,
                parse_sdp("v=0\no=- 1 1 IN IP4 h\nc=IN IP4 1\nm=audio 4 RTP/AVP 0\na=ptime:" + value)->media[0].ptime);
        CPPUNIT_ASSERT_EQUAL(
            30u, parse_sdp("v=0\no=- 1 1 IN IP4 h\nc=IN IP4 1\nm=audio 4 RTP/AVP 0\na=ptime:30.5")->media[0].ptime);
    }

    void reads_the_bodies_of_rfc_4475() {
        std::ifstream file(JF_TEST_DATA "/rfc4475/wsinv.dat", std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const ParseResult message = parse_message(text);
        const auto session = parse_sdp(message.message.body());
        CPPUNIT_ASSERT(session.has_value());
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), session->media.size());
        // a=rtpmap:31 LPC has no rate.
        CPPUNIT_ASSERT(session->media[1].codecs[0].name.empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SdpTest);

}  // namespace
