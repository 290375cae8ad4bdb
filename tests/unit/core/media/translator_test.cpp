#include "core/media/translator.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstring>

#include "core/media/translation_matrix.hpp"

using namespace jackfield;

namespace {

// Makes `numerator` bytes of every `denominator` bytes: stands for any codec of constant rate.
class Scaling final : public Translator {
  public:
    Scaling(unsigned numerator, unsigned denominator) : numerator_(numerator), denominator_(denominator) {}
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        const std::size_t bytes = std::min(in.size() * numerator_ / denominator_, out.size());
        std::fill_n(out.begin(), bytes, in[0]);
        return bytes;
    }
    std::size_t conceal(unsigned samples, std::span<std::uint8_t> out) override {
        std::fill_n(out.begin(), samples * 2, 0x55);
        return samples * 2;
    }

  private:
    unsigned numerator_, denominator_;
};

// Gathers 30 ms at 8 kHz before it gives a frame, as frame codecs do.
class Gathering final : public Translator {
  public:
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        held_ += in.size();
        std::size_t bytes = 0;
        for (; held_ >= 480; held_ -= 480) {
            out[bytes] = 0;  // G.723.1: a frame of 24 bytes
            bytes += 24;
        }
        return bytes;
    }

  private:
    std::size_t held_ = 0;
};

TranslatorInfo step(const char* from, const char* to, unsigned cost, unsigned numerator = 1, unsigned denominator = 1) {
    return {std::string(from) + "to" + to, from, to, cost,
            [=] { return std::make_unique<Scaling>(numerator, denominator); }};
}

struct Got {
    std::vector<std::uint32_t> timestamps;
    std::vector<unsigned> samples;
    std::vector<bool> markers;
    std::size_t bytes = 0;
    std::function<void(const Frame&)> take() {
        return [this](const Frame& frame) {
            timestamps.push_back(frame.timestamp);
            samples.push_back(frame.samples);
            markers.push_back(frame.marker);
            bytes += frame.payload.size();
        };
    }
};

}  // namespace

class TranslatorTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TranslatorTest);
    CPPUNIT_TEST(finds_the_chain_through_linear_audio);
    CPPUNIT_TEST(prefers_the_direct_step_that_loses_less);
    CPPUNIT_TEST(keeps_the_sample_rate_before_anything_else);
    CPPUNIT_TEST(names_both_codecs_when_there_is_no_way);
    CPPUNIT_TEST(a_removed_translator_is_not_found_any_more);
    CPPUNIT_TEST(two_for_the_same_codecs_are_refused);
    CPPUNIT_TEST(a_path_holds_the_gate_of_each_step);
    CPPUNIT_TEST(a_module_on_its_way_out_is_passed_over);
    CPPUNIT_TEST(timestamps_go_on_over_a_change_of_rate);
    CPPUNIT_TEST(timestamps_of_frame_codecs_name_the_first_sample);
    CPPUNIT_TEST(a_gap_in_is_a_gap_out);
    CPPUNIT_TEST(timestamps_wrap);
    CPPUNIT_TEST(a_lost_frame_is_concealed);
    CPPUNIT_TEST(long_frames_come_out_in_pieces_that_a_buffer_holds);
    CPPUNIT_TEST(the_marker_comes_out_once);
    CPPUNIT_TEST(the_same_codec_needs_no_step);
    CPPUNIT_TEST(the_matrix_is_quick_for_every_codec);
    CPPUNIT_TEST_SUITE_END();

    void add(Module& module, TranslatorInfo info) {
        const auto added = module.add(std::move(info));
        CPPUNIT_ASSERT_MESSAGE(added ? "" : added.error().text, added.has_value());
    }
    void add_usual(Module& module) {
        add(module, step("ulaw", "slin", 10, 2));
        add(module, step("slin", "ulaw", 10, 1, 2));
        add(module, step("alaw", "slin", 10, 2));
        add(module, step("slin", "alaw", 10, 1, 2));
        add(module, step("g722", "slin16", 100, 4));
        add(module, step("slin16", "g722", 100, 1, 4));
        add(module, step("slin", "slin16", 50, 2));
        add(module, step("slin16", "slin", 50, 1, 2));
    }
    std::string chain(const char* from, const char* to) {
        const auto path = TranslationPath::find(find_codec(from), find_codec(to));
        return path ? (*path)->describe() : path.error().text;
    }

    void finds_the_chain_through_linear_audio() {
        Module module("codec_test");
        add_usual(module);
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(slin)->(slin16)->(g722)"), chain("ulaw", "g722"));
        const auto cost = path_cost(find_codec("ulaw"), find_codec("g722"));
        CPPUNIT_ASSERT(cost);
        CPPUNIT_ASSERT_EQUAL(160u, cost->cost_us);
        CPPUNIT_ASSERT_EQUAL(3u, cost->steps);
        CPPUNIT_ASSERT(cost->rate_kept);
    }
    void prefers_the_direct_step_that_loses_less() {
        Module module("codec_test");
        add_usual(module);
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(slin)->(alaw)"), chain("ulaw", "alaw"));
        add(module, step("ulaw", "alaw", 5));
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(alaw)"), chain("ulaw", "alaw"));
        // A cheap step into a lossy codec on the way does not pay.
        add(module, step("g722", "gsm", 1));
        add(module, step("gsm", "slin", 1));
        CPPUNIT_ASSERT_EQUAL(std::string("(g722)->(slin16)->(slin)"), chain("g722", "slin"));
    }
    void keeps_the_sample_rate_before_anything_else() {
        Module module("codec_test");
        add_usual(module);
        add(module, step("slin16", "speex16", 20000, 1, 8));
        add(module, step("slin", "speex16", 1, 1, 8));
        CPPUNIT_ASSERT_EQUAL(std::string("(g722)->(slin16)->(speex16)"), chain("g722", "speex16"));
        Module narrow("codec_narrow");
        add(narrow, step("slin", "slin48", 1, 6));
        CPPUNIT_ASSERT(!path_cost(find_codec("slin16"), find_codec("slin48"))->rate_kept);
    }
    void names_both_codecs_when_there_is_no_way() {
        Module module("codec_test");
        add_usual(module);
        const auto refused = TranslationPath::find(find_codec("g729"), find_codec("ulaw"));
        CPPUNIT_ASSERT(!refused);
        CPPUNIT_ASSERT(refused.error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(refused.error().text.find("g729") != std::string::npos);
        CPPUNIT_ASSERT(refused.error().text.find("ulaw") != std::string::npos);
        CPPUNIT_ASSERT(!path_cost(find_codec("g729"), find_codec("ulaw")));
    }
    void a_removed_translator_is_not_found_any_more() {
        {
            Module module("codec_test");
            add_usual(module);
            CPPUNIT_ASSERT(path_cost(find_codec("ulaw"), find_codec("slin")));
        }
        CPPUNIT_ASSERT(!path_cost(find_codec("ulaw"), find_codec("slin")));
    }
    void two_for_the_same_codecs_are_refused() {
        Module module("codec_test"), other("codec_other");
        add(module, step("ulaw", "slin", 10, 2));
        const auto again = other.add(step("ulaw", "slin", 1, 2));
        CPPUNIT_ASSERT(again.error().code == ErrorCode::exists);
        CPPUNIT_ASSERT(again.error().text.find("codec_test") != std::string::npos);
        CPPUNIT_ASSERT(other.add(step("ulaw", "no-codec", 1)).error().code == ErrorCode::invalid);
    }
    void a_path_holds_the_gate_of_each_step() {
        Module module("codec_test");
        add_usual(module);
        {
            const auto path = TranslationPath::find(find_codec("ulaw"), find_codec("g722"));
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, module.gate().inside());
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, module.gate().inside());
    }
    void a_module_on_its_way_out_is_passed_over() {
        Module module("codec_test"), direct("codec_direct");
        add_usual(module);
        add(direct, step("ulaw", "alaw", 5));
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(alaw)"), chain("ulaw", "alaw"));
        direct.gate().close();
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(slin)->(alaw)"), chain("ulaw", "alaw"));
        direct.gate().open();  // the unload was refused
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(alaw)"), chain("ulaw", "alaw"));
    }
    void timestamps_go_on_over_a_change_of_rate() {
        Module module("codec_test");
        add_usual(module);
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("slin16")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        for (std::uint32_t i = 0; i < 3; ++i)
            path->translate({.codec = path->from(), .payload = payload, .timestamp = 1000 + 160 * i, .samples = 160},
                            got.take());
        CPPUNIT_ASSERT(got.timestamps == (std::vector<std::uint32_t>{2000, 2320, 2640}));
        CPPUNIT_ASSERT(got.samples == (std::vector<unsigned>{320, 320, 320}));

        // G.722 counts 8000 a second although it has 16000 samples.
        const auto wide = std::move(*TranslationPath::find(find_codec("slin16"), find_codec("g722")));
        const std::vector<std::uint8_t> pcm(640, 7);
        Got encoded;
        for (std::uint32_t i = 0; i < 2; ++i)
            wide->translate({.codec = wide->from(), .payload = pcm, .timestamp = 320 * i, .samples = 320},
                            encoded.take());
        CPPUNIT_ASSERT(encoded.timestamps == (std::vector<std::uint32_t>{0, 160}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{320}, encoded.bytes);
    }
    void timestamps_of_frame_codecs_name_the_first_sample() {
        Module module("codec_test");
        add_usual(module);
        add(module, TranslatorInfo{"slintog723", "slin", "g723", 1000, [] { return std::make_unique<Gathering>(); }});
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("g723")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        for (std::uint32_t i = 0; i < 6; ++i)
            path->translate({.codec = path->from(), .payload = payload, .timestamp = 160 * i, .samples = 160},
                            got.take());
        CPPUNIT_ASSERT(got.timestamps == (std::vector<std::uint32_t>{0, 240, 480, 720}));
    }
    void a_gap_in_is_a_gap_out() {
        Module module("codec_test");
        add_usual(module);
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("slin16")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        for (const std::uint32_t at : {0u, 160u, 1000u, 1160u, 160u})
            path->translate({.codec = path->from(), .payload = payload, .timestamp = at, .samples = 160}, got.take());
        CPPUNIT_ASSERT(got.timestamps == (std::vector<std::uint32_t>{0, 320, 2000, 2320, 320}));
    }
    void timestamps_wrap() {
        Module module("codec_test");
        add_usual(module);
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("alaw")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        for (const std::uint32_t at : {0xffffff60u, 0u, 160u})
            path->translate({.codec = path->from(), .payload = payload, .timestamp = at, .samples = 160}, got.take());
        CPPUNIT_ASSERT(got.timestamps == (std::vector<std::uint32_t>{0xffffff60u, 0, 160}));
    }
    void a_lost_frame_is_concealed() {
        Module module("codec_test");
        add_usual(module);
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("alaw")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        path->translate({.codec = path->from(), .payload = payload, .timestamp = 0, .samples = 160}, got.take());
        path->translate({.codec = path->from(), .timestamp = 160, .samples = 160}, got.take());
        path->translate({.codec = path->from(), .payload = payload, .timestamp = 320, .samples = 160}, got.take());
        CPPUNIT_ASSERT(got.timestamps == (std::vector<std::uint32_t>{0, 160, 320}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{480}, got.bytes);
    }
    void long_frames_come_out_in_pieces_that_a_buffer_holds() {
        Module module("codec_test");
        add_usual(module);
        add(module, step("slin16", "slin192", 100, 12));
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("slin192")));
        const std::vector<std::uint8_t> payload(8000, 7);  // a second in one frame
        Got got;
        std::size_t largest = 0;
        path->translate({.codec = path->from(), .payload = payload, .samples = 8000}, [&](const Frame& frame) {
            largest = std::max(largest, frame.payload.size());
            got.take()(frame);
        });
        CPPUNIT_ASSERT_EQUAL(std::size_t{192000 * 2}, got.bytes);
        CPPUNIT_ASSERT(largest <= FrameBuffer::capacity);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{192000}, got.timestamps.back() + got.samples.back());
    }
    void the_marker_comes_out_once() {
        Module module("codec_test");
        add_usual(module);
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("alaw")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        for (std::uint32_t i = 0; i < 3; ++i)
            path->translate(
                {.codec = path->from(), .payload = payload, .timestamp = 160 * i, .samples = 160, .marker = i == 1},
                got.take());
        CPPUNIT_ASSERT(got.markers == (std::vector<bool>{false, true, false}));
    }
    void the_same_codec_needs_no_step() {
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("ulaw")));
        const std::vector<std::uint8_t> payload(160, 7);
        Got got;
        path->translate({.codec = path->from(), .payload = payload, .timestamp = 5, .samples = 160}, got.take());
        CPPUNIT_ASSERT_EQUAL(std::size_t{160}, got.bytes);
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)"), path->describe());
    }
    void the_matrix_is_quick_for_every_codec() {
        // Every audio codec there is, and every pair of linear rates: what a full set of modules registers.
        std::vector<TranslationStep> steps;
        std::vector<const Codec*> linear, coded;
        for (const Codec* codec : list_codecs())
            if (codec->type == MediaType::audio) (codec->linear ? linear : coded).push_back(codec);
        for (const Codec* a : linear)
            for (const Codec* b : linear)
                if (a != b) steps.push_back({a, b, 100, steps.size()});
        for (const Codec* codec : coded) {
            steps.push_back({codec, linear_codec(codec->rate), 100, steps.size()});
            steps.push_back({linear_codec(codec->rate), codec, 100, steps.size()});
        }
        const TranslationMatrix matrix(steps);
        for (const Codec* a : coded)
            for (const Codec* b : coded)
                if (a != b) {
                    const auto way = matrix.find(a, b);
                    CPPUNIT_ASSERT(way.exists && way.rate_kept);
                    CPPUNIT_ASSERT_EQUAL(a->rate == b->rate ? std::size_t{2} : std::size_t{3}, way.ids.size());
                }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TranslatorTest);
