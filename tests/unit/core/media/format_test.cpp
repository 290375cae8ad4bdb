#include "core/media/format.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <initializer_list>

using namespace jackfield;

namespace {

unsigned samples(const char* codec, std::initializer_list<std::uint8_t> payload) {
    const std::vector<std::uint8_t> bytes(payload);
    return find_codec(codec)->samples(bytes);
}
unsigned samples_of_size(const char* codec, std::size_t size) {
    return find_codec(codec)->samples(std::vector<std::uint8_t>(size));
}

}  // namespace

class FormatTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FormatTest);
    CPPUNIT_TEST(one_object_stands_for_a_name);
    CPPUNIT_TEST(rtp_names_and_static_types_lead_to_the_codec);
    CPPUNIT_TEST(every_codec_is_found_by_what_it_announces);
    CPPUNIT_TEST(opus_is_announced_with_two_channels);
    CPPUNIT_TEST(counts_samples_of_constant_rates);
    CPPUNIT_TEST(counts_samples_of_framed_speech);
    CPPUNIT_TEST(counts_opus_samples_by_the_first_bytes);
    CPPUNIT_TEST(counts_speex_frames_by_their_modes);
    CPPUNIT_TEST(rubbish_never_reads_past_its_end);
    CPPUNIT_TEST(a_list_begins_anew_after_not_all);
    CPPUNIT_TEST(packet_times_follow_the_colon);
    CPPUNIT_TEST(a_wrong_word_changes_nothing_and_names_the_nearest);
    CPPUNIT_TEST(disallow_takes_away);
    CPPUNIT_TEST(joint_keeps_my_order);
    CPPUNIT_TEST(prints_as_asterisk_does);
    CPPUNIT_TEST(a_new_codec_is_known_at_once);
    CPPUNIT_TEST_SUITE_END();

    void one_object_stands_for_a_name() {
        CPPUNIT_ASSERT(find_codec("ulaw"));
        CPPUNIT_ASSERT(find_codec("ulaw") == find_codec("ULAW"));
        CPPUNIT_ASSERT(find_codec("slinear") == find_codec("slin"));
        CPPUNIT_ASSERT(!find_codec("nothing"));
        CPPUNIT_ASSERT(linear_codec({16000}) == find_codec("slin16"));
        CPPUNIT_ASSERT(!linear_codec({11025}));
    }
    void rtp_names_and_static_types_lead_to_the_codec() {
        CPPUNIT_ASSERT(find_codec("pcmu", 8000, 1) == find_codec("ulaw"));
        CPPUNIT_ASSERT(find_codec("PCMA", 8000, 0) == find_codec("alaw"));
        CPPUNIT_ASSERT(find_codec("G722", 8000, 1) == find_codec("g722"));
        CPPUNIT_ASSERT(find_codec("G722", 16000, 1) == find_codec("g722"));
        CPPUNIT_ASSERT(find_codec("L16", 44100, 1) == find_codec("slin44"));
        CPPUNIT_ASSERT(!find_codec("L16", 44100, 2));
        CPPUNIT_ASSERT(find_codec("speex", 32000, 1) == find_codec("speex32"));
        CPPUNIT_ASSERT(find_codec("G7221", 32000, 1) == find_codec("siren14"));
        CPPUNIT_ASSERT(!find_codec("", 8000, 1));
        constexpr std::array<std::pair<int, const char*>, 10> types{{{0, "ulaw"},
                                                                     {3, "gsm"},
                                                                     {4, "g723"},
                                                                     {8, "alaw"},
                                                                     {9, "g722"},
                                                                     {11, "slin44"},
                                                                     {18, "g729"},
                                                                     {26, "jpeg"},
                                                                     {31, "h261"},
                                                                     {34, "h263"}}};
        for (const auto& [type, name] : types) CPPUNIT_ASSERT(find_static_payload(type) == find_codec(name));
        CPPUNIT_ASSERT(!find_static_payload(96));
        CPPUNIT_ASSERT(!find_static_payload(-1));
    }
    void every_codec_is_found_by_what_it_announces() {
        for (const Codec* codec : list_codecs()) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(codec->name, codec, find_codec(codec->name));
            if (!codec->encoding.empty())
                CPPUNIT_ASSERT_EQUAL_MESSAGE(codec->name, codec,
                                             find_codec(codec->encoding, codec->rtp_clock.hz, codec->channels));
            if (codec->type == MediaType::audio) CPPUNIT_ASSERT_MESSAGE(codec->name, codec->samples != nullptr);
        }
    }
    void opus_is_announced_with_two_channels() {
        CPPUNIT_ASSERT(find_codec("opus", 48000, 2) == find_codec("opus"));
        CPPUNIT_ASSERT(find_codec("opus", 48000, 2));
    }
    void counts_samples_of_constant_rates() {
        CPPUNIT_ASSERT_EQUAL(160u, samples_of_size("ulaw", 160));
        CPPUNIT_ASSERT_EQUAL(320u, samples_of_size("g722", 160));
        CPPUNIT_ASSERT_EQUAL(160u, samples_of_size("g726", 80));
        CPPUNIT_ASSERT_EQUAL(960u, samples_of_size("slin48", 1920));
        CPPUNIT_ASSERT_EQUAL(640u, samples_of_size("siren14", 120));
        CPPUNIT_ASSERT_EQUAL(0u, samples_of_size("ulaw", 0));
    }
    void counts_samples_of_framed_speech() {
        CPPUNIT_ASSERT_EQUAL(320u, samples_of_size("gsm", 66));
        CPPUNIT_ASSERT_EQUAL(160u, samples_of_size("gsm", 40));
        CPPUNIT_ASSERT_EQUAL(160u, samples_of_size("g729", 20));
        CPPUNIT_ASSERT_EQUAL(240u, samples_of_size("g729", 22));  // two frames and one of comfort noise
        CPPUNIT_ASSERT_EQUAL(240u, samples_of_size("ilbc", 50));
        CPPUNIT_ASSERT_EQUAL(320u, samples_of_size("ilbc", 76));
        std::vector<std::uint8_t> g723(44);
        g723[0] = 0;   // 24 bytes
        g723[24] = 1;  // 20 bytes
        CPPUNIT_ASSERT_EQUAL(480u, find_codec("g723")->samples(g723));
    }
    void counts_opus_samples_by_the_first_bytes() {
        CPPUNIT_ASSERT_EQUAL(960u, samples("opus", {0x78, 1, 2}));           // hybrid, 20 ms, one frame
        CPPUNIT_ASSERT_EQUAL(1920u, samples("opus", {0x79, 1, 2}));          // two frames
        CPPUNIT_ASSERT_EQUAL(2880u, samples("opus", {0x18, 1}));             // SILK 60 ms
        CPPUNIT_ASSERT_EQUAL(360u, samples("opus", {0xe3, 0x03, 1, 2, 3}));  // CELT 2.5 ms, three frames
        CPPUNIT_ASSERT_EQUAL(0u, samples("opus", {0x1b, 0x3f}));             // longer than 120 ms
        CPPUNIT_ASSERT_EQUAL(0u, samples("opus", {0x7b}));
    }
    void counts_speex_frames_by_their_modes() {
        std::vector<std::uint8_t> mode3(20);  // 160 bits
        mode3[0] = 3 << 3;
        CPPUNIT_ASSERT_EQUAL(160u, find_codec("speex")->samples(mode3));
        CPPUNIT_ASSERT_EQUAL(0u, samples("speex", {0x7f}));  // terminator and padding
        std::vector<std::uint8_t> wide(25);                  // 160 bits and a layer of mode 1: 36 bits
        wide[0] = 3 << 3;
        wide[20] = 0x90;
        wide[24] = 0x0f;
        CPPUNIT_ASSERT_EQUAL(320u, find_codec("speex16")->samples(wide));
    }
    void rubbish_never_reads_past_its_end() {
        std::uint32_t random = 1;
        for (const Codec* codec : list_codecs()) {
            if (!codec->samples) continue;
            for (std::size_t size = 0; size < 80; ++size) {
                std::vector<std::uint8_t> bytes(size);
                for (auto& byte : bytes)
                    byte = static_cast<std::uint8_t>((random = random * 1664525 + 1013904223) >> 24);
                CPPUNIT_ASSERT_MESSAGE(codec->name, codec->samples(bytes) < 100'000);
            }
        }
    }
    void a_list_begins_anew_after_not_all() {
        FormatList list;
        CPPUNIT_ASSERT(list.allow("all"));
        CPPUNIT_ASSERT(list.size() > 30);
        CPPUNIT_ASSERT(list.has(find_codec("h264")));
        CPPUNIT_ASSERT(!list.has(find_codec("png")));  // nothing that can't stand in an offer
        CPPUNIT_ASSERT(list.allow("!all,ulaw, alaw"));
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw|alaw)"), list.to_string());
        CPPUNIT_ASSERT(list.allow("g722,!ulaw"));
        CPPUNIT_ASSERT_EQUAL(std::string("(alaw|g722)"), list.to_string());
    }
    void packet_times_follow_the_colon() {
        FormatList list;
        CPPUNIT_ASSERT(list.allow("ulaw:40,alaw"));
        CPPUNIT_ASSERT(list.find(find_codec("ulaw"))->effective_packet_time() == std::chrono::milliseconds(40));
        CPPUNIT_ASSERT(list.find(find_codec("alaw"))->effective_packet_time() == std::chrono::milliseconds(20));
        CPPUNIT_ASSERT(list.allow("alaw:60"));
        CPPUNIT_ASSERT(list.find(find_codec("alaw"))->packet_time == std::chrono::milliseconds(60));
        for (const char* wrong : {"ulaw:", "ulaw:x", "ulaw:5", "ulaw:15", "ulaw:1000"})
            CPPUNIT_ASSERT_MESSAGE(wrong, !list.allow(wrong));
    }
    void a_wrong_word_changes_nothing_and_names_the_nearest() {
        FormatList list;
        CPPUNIT_ASSERT(list.allow("ulaw"));
        const auto refused = list.allow("!all,alwa");
        CPPUNIT_ASSERT(!refused);
        CPPUNIT_ASSERT(refused.error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT_MESSAGE(refused.error().text, refused.error().text.find("alaw") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)"), list.to_string());
    }
    void disallow_takes_away() {
        FormatList list;
        CPPUNIT_ASSERT(list.allow("ulaw,alaw,g722"));
        CPPUNIT_ASSERT(list.disallow("alaw"));
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw|g722)"), list.to_string());
        CPPUNIT_ASSERT(list.disallow("all"));
        CPPUNIT_ASSERT(list.empty());
        CPPUNIT_ASSERT(!list.disallow("nonsense"));
    }
    void joint_keeps_my_order() {
        FormatList mine, other;
        CPPUNIT_ASSERT(mine.allow("g722:40,ulaw,h264"));
        CPPUNIT_ASSERT(other.allow("ulaw,alaw,g722"));
        const FormatList both = mine.joint(other);
        CPPUNIT_ASSERT_EQUAL(std::string("(g722|ulaw)"), both.to_string());
        CPPUNIT_ASSERT(both.begin()->packet_time == std::chrono::milliseconds(40));
        CPPUNIT_ASSERT_EQUAL(std::string("(h264)"), mine.of_type(MediaType::video).to_string());
        CPPUNIT_ASSERT(mine.best(MediaType::video)->codec == find_codec("h264"));
        CPPUNIT_ASSERT(!mine.best(MediaType::text));
    }
    void prints_as_asterisk_does() { CPPUNIT_ASSERT_EQUAL(std::string("(nothing)"), FormatList().to_string()); }
    void a_new_codec_is_known_at_once() {
        const auto added = add_codec({.name = "testcodec", .encoding = "X-TEST"});
        CPPUNIT_ASSERT(added);
        CPPUNIT_ASSERT(find_codec("x-test", 8000, 1) == *added);
        CPPUNIT_ASSERT(add_codec({.name = "TestCodec"}).error().code == ErrorCode::exists);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FormatTest);
