#include "core/media/tone.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <numbers>
#include <set>
#include <sstream>

#include "core/media/tone_config.hpp"

using namespace jackfield;

namespace {

std::vector<std::int16_t> play(Source& source, std::size_t samples) {
    std::vector<std::int16_t> heard;
    while (heard.size() < samples) {
        const Frame frame = source.next(160);
        if (frame.payload.empty()) break;
        heard.insert(heard.end(), frame.linear().begin(), frame.linear().end());
    }
    return heard;
}
std::vector<std::int16_t> play(std::string_view tone, std::size_t samples) {
    const auto source = make_tone(tone);
    CPPUNIT_ASSERT_MESSAGE(source ? "" : source.error().text, source.has_value());
    return play(**source, samples);
}
// Level of one frequency in dBm0.
double level(std::span<const std::int16_t> pcm, double hz, unsigned rate = 8000) {
    double x = 0, y = 0;
    for (std::size_t i = 0; i < pcm.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
        x += pcm[i] * std::cos(angle);
        y += pcm[i] * std::sin(angle);
    }
    return 20 * std::log10(std::max(2 * std::hypot(x, y) / static_cast<double>(pcm.size()), 1e-3) / 32767) + 3.14;
}
bool silent(std::span<const std::int16_t> pcm) {
    return std::all_of(pcm.begin(), pcm.end(), [](std::int16_t sample) { return sample == 0; });
}

}  // namespace

class ToneTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ToneTest);
    CPPUNIT_TEST(both_frequencies_stand_at_minus_13_dbm);
    CPPUNIT_TEST(a_cadence_is_kept_to_the_sample);
    CPPUNIT_TEST(what_is_for_once_is_not_repeated);
    CPPUNIT_TEST(a_tone_only_for_once_ends);
    CPPUNIT_TEST(modulation_makes_side_bands);
    CPPUNIT_TEST(parts_of_no_length_do_not_hang);
    CPPUNIT_TEST(wrong_descriptions_are_refused);
    CPPUNIT_TEST(a_tone_keeps_its_level_for_an_hour);
    CPPUNIT_TEST(milliwatt_is_0_dbm0);
    CPPUNIT_TEST(timestamps_count_samples);
    CPPUNIT_TEST(higher_rates_sound_the_same);
    CPPUNIT_TEST(a_country_without_the_tone_gives_the_default_one);
    CPPUNIT_TEST_SUITE_END();

    void both_frequencies_stand_at_minus_13_dbm() {
        const auto heard = play("350+440", 8000);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(heard, 350), 0.1);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(heard, 440), 0.1);
        CPPUNIT_ASSERT(level(heard, 480) < -60);
    }
    void a_cadence_is_kept_to_the_sample() {
        const auto heard = play("480+620/500,0/250", 12000);
        for (std::size_t start = 0; start < 12000; start += 6000) {
            CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(std::span(heard).subspan(start, 4000), 480), 0.1);
            CPPUNIT_ASSERT(silent(std::span(heard).subspan(start + 4000, 2000)));
            CPPUNIT_ASSERT(!silent(std::span(heard).subspan(start + 3990, 10)));
        }
    }
    void what_is_for_once_is_not_repeated() {
        // 100 ms of 950 Hz and 100 ms of nothing once, then 400 Hz on and off.
        const auto heard = play("!950/100,!0/100,400/100,0/100", 8000);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(std::span(heard).subspan(0, 800), 950), 0.1);
        CPPUNIT_ASSERT(silent(std::span(heard).subspan(800, 800)));
        for (std::size_t start = 1600; start < 8000; start += 1600) {
            CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(std::span(heard).subspan(start, 800), 400), 0.1);
            CPPUNIT_ASSERT(silent(std::span(heard).subspan(start + 800, 800)));
        }
        const auto stutter = play("!350+440/100,!0/100,350+440", 4000);
        CPPUNIT_ASSERT(silent(std::span(stutter).subspan(800, 800)));
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(std::span(stutter).subspan(1600, 1600), 440), 0.1);
    }
    void a_tone_only_for_once_ends() {
        const auto source = std::move(*make_tone("!440/100,!0/50"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1280}, play(*source, 100'000).size());  // the last frame is filled up
        CPPUNIT_ASSERT(source->next(160).payload.empty());
        CPPUNIT_ASSERT(source->next(160).payload.empty());
    }
    void modulation_makes_side_bands() {
        const auto heard = play("400*25", 16000);
        CPPUNIT_ASSERT(level(heard, 400) > -20);
        CPPUNIT_ASSERT(level(heard, 375) > -30 && level(heard, 425) > -30);
        CPPUNIT_ASSERT(level(heard, 450) < -60);
    }
    void parts_of_no_length_do_not_hang() {
        for (const char* tone : {"440/0", "!440/0", "0/0,440/0", "!440/20,0/0", "440/0,!0/100", "0/0,!440/20,0/0"}) {
            const auto source = std::move(*make_tone(tone));
            play(*source, 1000);
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{8000}, play("440/0,440/20", 8000).size());
    }
    void wrong_descriptions_are_refused() {
        for (const char* wrong : {"", ",", "x", "440/", "440/x", "440/-1", "-5", "30000", "nan", "1+2+3+4+5", "1*2*3",
                                  "1+2*3", "440//5", "440/99999999"}) {
            const auto tone = make_tone(wrong);
            CPPUNIT_ASSERT_MESSAGE(wrong, !tone);
            CPPUNIT_ASSERT(tone.error().code == ErrorCode::invalid);
        }
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "440/10,";
        CPPUNIT_ASSERT(!make_tone(many));
        CPPUNIT_ASSERT(make_tone("440", {11025}).error().code == ErrorCode::unsupported);
    }
    void a_tone_keeps_its_level_for_an_hour() {
        const auto source = std::move(*make_tone("350+440"));
        for (int i = 0; i < 3600 * 50; ++i) source->next(160);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(play(*source, 8000), 440), 0.1);
    }
    void milliwatt_is_0_dbm0() {
        const auto source = make_sine(1004, 0);
        const auto heard = play(*source, 8000);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0, level(heard, 1004), 0.05);
        CPPUNIT_ASSERT(silent(play(*make_silence(), 1600)));
    }
    void timestamps_count_samples() {
        const auto source = std::move(*make_tone("440/50,0/50", {16000}));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0}, source->next(320).timestamp);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{320}, source->next(160).timestamp);
        const Frame frame = source->next(320);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{480}, frame.timestamp);
        CPPUNIT_ASSERT_EQUAL(320u, unsigned{frame.samples});
        CPPUNIT_ASSERT(frame.codec == find_codec("slin16"));
        CPPUNIT_ASSERT(source->next(1'000'000).payload.size() <= FrameBuffer::capacity);
    }
    void higher_rates_sound_the_same() {
        const auto source = std::move(*make_tone("440+480/2000,0/4000", {48000}));
        std::vector<std::int16_t> heard;
        for (int i = 0; i < 50; ++i) {
            const Frame frame = source->next(960);
            heard.insert(heard.end(), frame.linear().begin(), frame.linear().end());
        }
        CPPUNIT_ASSERT_DOUBLES_EQUAL(-13, level(heard, 480, 48000), 0.1);
    }
    void a_country_without_the_tone_gives_the_default_one() {
        ToneZones zones;
        zones.zones = {{.country = "us", .tones = {{"dial", "350+440"}, {"busy", "480+620/500,0/500"}}},
                       {.country = "fr", .tones = {{"dial", "440"}}}};
        CPPUNIT_ASSERT_EQUAL(std::string("440"), *zones.find("FR", "dial"));
        CPPUNIT_ASSERT_EQUAL(std::string("480+620/500,0/500"), *zones.find("fr", "busy"));
        CPPUNIT_ASSERT_EQUAL(std::string("350+440"), *zones.find("", "Dial"));
        CPPUNIT_ASSERT(!zones.find("fr", "nothing"));
        set_tone_zones(std::make_shared<ToneZones>(zones));
        CPPUNIT_ASSERT(tone_zones()->find("fr", "dial"));
        set_tone_zones(nullptr);
        CPPUNIT_ASSERT(!tone_zones()->find("fr", "dial"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ToneTest);
