#include "channels/sip/stack/transport_attributes.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

class TransportAttributesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TransportAttributesTest);
    CPPUNIT_TEST(reads_and_writes_candidates);
    CPPUNIT_TEST(reads_and_writes_fingerprints);
    CPPUNIT_TEST(a_medium_has_what_the_session_says_for_all);
    CPPUNIT_TEST(reads_what_a_browser_writes);
    CPPUNIT_TEST(credentials_that_are_too_short_are_none);
    CPPUNIT_TEST(a_bundle_has_the_transport_of_its_first_medium);
    CPPUNIT_TEST(numbers_of_header_extensions_are_read);
    CPPUNIT_TEST_SUITE_END();

    static DescribedTransport described(const std::string& session, const std::string& media) {
        const auto parsed = parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + session +
                                      "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n" + media);
        CPPUNIT_ASSERT(parsed);
        return transport_of(*parsed, parsed->media.at(0));
    }

  public:
    void reads_and_writes_candidates() {
        const std::string text = "842163049 1 UDP 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.4 rport 0";
        const auto candidate = parse_candidate("842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.4 rport 0 generation 0 network-cost 999");
        CPPUNIT_ASSERT(candidate && candidate->kind == IceCandidate::Kind::server_reflexive && candidate->component == 1);
        CPPUNIT_ASSERT_EQUAL(text, write_candidate(*candidate));
        for (const char* bad : {"", "1 1 UDP", "1 1 TCP 1 10.0.0.1 9 typ host", "1 1 UDP 1 a0b1.local 9 typ host", "1 3 UDP 1 10.0.0.1 9 typ host",
                                "1 1 UDP 1 10.0.0.1 0 typ host", "1 1 UDP 1 10.0.0.1 70000 typ host", "1 1 UDP 1 10.0.0.1 9 typ any",
                                "1 1 UDP 1 10.0.0.1:80 9 typ host", "1 1 UDP 99999999999 10.0.0.1 9 typ host", "1 1 UDP 1 0.0.0.0 9 typ host"})
            CPPUNIT_ASSERT_MESSAGE(bad, !parse_candidate(bad));
        const auto v6 = parse_candidate("f 2 UDP 5 2001:db8::1 4000 typ host");
        CPPUNIT_ASSERT(v6 && v6->address.to_string() == "[2001:db8::1]:4000");
    }
    void reads_and_writes_fingerprints() {
        const std::string text = "sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33";
        const auto fingerprint = parse_fingerprint(" SHA-1  00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33");
        CPPUNIT_ASSERT(fingerprint && fingerprint->hash == FingerprintHash::sha1 && fingerprint->bytes.size() == 20);
        CPPUNIT_ASSERT_EQUAL(text, write_fingerprint(*fingerprint));
        for (const char* bad : {"", "sha-1", "md5 00:11", "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22",
                                "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:3g",
                                "sha-1 00-11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33"})
            CPPUNIT_ASSERT_MESSAGE(bad, !parse_fingerprint(bad));
    }
    void a_medium_has_what_the_session_says_for_all() {
        const std::string fingerprint = "a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n";
        const auto found = described("a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:active\r\na=ice-lite\r\n" + fingerprint, "");
        CPPUNIT_ASSERT(found.credentials.user == "abcd" && found.setup == DtlsSetup::active && found.ice_lite);
        CPPUNIT_ASSERT(found.fingerprints.size() == 1 && found.fingerprints[0].hash == FingerprintHash::sha1);
        CPPUNIT_ASSERT(described("a=setup:active\r\n", "a=setup:passive\r\n").setup == DtlsSetup::passive);
        CPPUNIT_ASSERT(!described("", "a=setup:maybe\r\n").setup);
    }
    void reads_what_a_browser_writes() {
        const auto parsed = parse_sdp("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
                                      "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
                                      "a=candidate:1 1 udp 2113937151 a0b1c2d3.local 51234 typ host generation 0 network-cost 999\r\n"
                                      "a=candidate:2 1 udp 1677729535 203.0.113.9 51234 typ srflx raddr 0.0.0.0 rport 0 generation 0\r\n"
                                      "a=ice-ufrag:Zb+1\r\na=ice-pwd:aG9sYSBxdWUgdGFsIGhvbGE/\r\na=ice-options:trickle\r\na=setup:actpass\r\na=mid:0\r\n"
                                      "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n");
        CPPUNIT_ASSERT(parsed);
        const auto found = transport_of(*parsed, parsed->media.at(0));
        CPPUNIT_ASSERT(found.candidates.size() == 1 && found.candidates[0].address.to_string() == "203.0.113.9:51234");
        CPPUNIT_ASSERT(found.mid == "0" && found.setup == DtlsSetup::actpass && found.credentials.user == "Zb+1");
        CPPUNIT_ASSERT((bundle_of(*parsed) == std::vector<std::string>{"0", "1"}));
    }
    void credentials_that_are_too_short_are_none() {
        CPPUNIT_ASSERT(described("", "a=ice-ufrag:abc\r\na=ice-pwd:0123456789012345678901\r\n").credentials.empty());
        CPPUNIT_ASSERT(described("", "a=ice-ufrag:abcd\r\na=ice-pwd:012345678901234567890\r\n").credentials.empty());
    }
    void a_bundle_has_the_transport_of_its_first_medium() {
        const std::string head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
        const std::string credentials = "a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 UDP 1 192.0.2.1 4000 typ host\r\n";
        auto session = parse_sdp(head + "a=group:BUNDLE 9 a v w\r\n"
                                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=bundle-only\r\na=ice-ufrag:wrong\r\na=sendonly\r\n"
                                 "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=setup:active\r\n" + credentials +
                                 "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:w\r\n"
                                 "m=text 5000 RTP/AVP 98\r\na=mid:t\r\n");
        CPPUNIT_ASSERT(session);
        CPPUNIT_ASSERT(tagged_medium(*session) == &session->media[1]);
        spread_bundle(*session);
        const SdpMedia& video = session->media[0];
        CPPUNIT_ASSERT(video.port == 4000 && video.rtcp_mux && video.direction == Direction::sendonly);
        const auto transport = transport_of(*session, video);
        CPPUNIT_ASSERT(transport.credentials.user == "abcd" && transport.candidates.size() == 1 && transport.setup == DtlsSetup::active && transport.mid == "v");
        CPPUNIT_ASSERT(session->media[2].refused() && session->media[3].port == 5000 && !session->media[3].rtcp_mux);
        auto none = parse_sdp(head + "a=group:BUNDLE a v\r\nm=audio 0 RTP/AVP 0\r\na=mid:a\r\nm=video 0 RTP/AVP 96\r\na=mid:v\r\na=bundle-only\r\n");
        CPPUNIT_ASSERT(none && !tagged_medium(*none));
        spread_bundle(*none);
        CPPUNIT_ASSERT(none->media[1].refused());
    }
    void numbers_of_header_extensions_are_read() {
        const auto number = [](const std::string& line) {
            const auto parsed = parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\na=extmap:2 urn:other\r\n" + line);
            return static_cast<int>(extension_number(parsed->media.at(0), mid_extension_uri));
        };
        CPPUNIT_ASSERT_EQUAL(4, number("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"));
        CPPUNIT_ASSERT_EQUAL(14, number("a=extmap:14/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n"));
        for (const char* bad : {"", "a=extmap:0 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", "a=extmap\r\n",
                                "a=extmap:x urn:ietf:params:rtp-hdrext:sdes:mid\r\n", "a=extmap:300 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bad, 0, number(bad));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TransportAttributesTest);
