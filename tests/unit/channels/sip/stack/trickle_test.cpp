#include "channels/sip/stack/trickle.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

// RFC 8840 9.3, in our words.
constexpr std::string_view trickled =
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
    "a=ice-ufrag:8hhY\r\n"
    "m=audio 9 RTP/AVP 0\r\n"
    "a=mid:1\r\n"
    "a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 5000 typ host\r\n"
    "a=candidate:2 1 UDP 1694498815 192.0.2.3 5000 typ srflx raddr 10.0.1.1 rport 8998\r\n"
    "a=candidate:3 1 TCP 1694498815 192.0.2.3 9 typ host tcptype active\r\n"
    "a=candidate:4 1 UDP 1694498815 name.local 9 typ host\r\n"
    "m=video 9 RTP/AVP 0\r\n"
    "a=mid:2\r\n"
    "a=end-of-candidates\r\n";

}  // namespace

class TrickleTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TrickleTest);
    CPPUNIT_TEST(reads_media_with_their_candidates);
    CPPUNIT_TEST(what_is_written_is_read_again);
    CPPUNIT_TEST(an_end_at_the_head_is_of_all_media);
    CPPUNIT_TEST(refuses_what_is_malformed_or_too_much);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_media_with_their_candidates() {
        const auto fragment = parse_trickle_fragment(trickled);
        CPPUNIT_ASSERT(fragment);
        CPPUNIT_ASSERT(fragment->credentials == (IceCredentials{"8hhY", "asd88fgpdd777uzjYhagZg"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, fragment->media.size());
        const TrickleMedia& audio = fragment->media[0];
        CPPUNIT_ASSERT(audio.type == "audio" && audio.mid == "1" && !audio.complete);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, audio.candidates.size());  // neither TCP nor a name
        CPPUNIT_ASSERT(audio.candidates[1].kind == IceCandidate::Kind::server_reflexive);
        CPPUNIT_ASSERT(fragment->media[1].complete && !fragment->complete);
    }
    void what_is_written_is_read_again() {
        const auto fragment = parse_trickle_fragment(trickled);
        CPPUNIT_ASSERT(parse_trickle_fragment(write_trickle_fragment(*fragment)).value() == *fragment);
        CPPUNIT_ASSERT(parse_trickle_fragment("").value() == TrickleFragment{});
    }
    void an_end_at_the_head_is_of_all_media() {
        const auto fragment = parse_trickle_fragment("a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=end-of-candidates\nm=audio 9 RTP/AVP 0\n");
        CPPUNIT_ASSERT(fragment && fragment->complete && !fragment->media[0].complete);
    }
    void refuses_what_is_malformed_or_too_much() {
        for (const std::string_view text : {"hello\r\n", "a", "a=ice-ufrag:8hhY\r\n", "a=ice-ufrag:8 hY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"})
            CPPUNIT_ASSERT_MESSAGE(std::string(text), !parse_trickle_fragment(text));
        CPPUNIT_ASSERT(parse_trickle_fragment(std::string(20000, '\n')).error().code == ErrorCode::limit);
        std::string many, candidates = "m=audio 9 RTP/AVP 0\n";
        for (int i = 0; i < 17; ++i) many += "m=audio 9 RTP/AVP 0\n";
        CPPUNIT_ASSERT(parse_trickle_fragment(many).error().code == ErrorCode::limit);
        for (int i = 0; i < 200; ++i) candidates += "a=candidate:1 1 UDP 1 192.0.2.3 5000 typ host\n";
        CPPUNIT_ASSERT_EQUAL(std::size_t{64}, parse_trickle_fragment(candidates)->media[0].candidates.size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TrickleTest);
