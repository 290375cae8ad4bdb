// Every codec module that was built: a tone goes in, the same tone comes out; silence stays silence; rubbish does no
// harm.
#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/codecs/codec_fixture.hpp"

using namespace jackfield;
using namespace jackfield::test;

namespace {

constexpr double vocoder = -1;  // models a voice: a steady tone is nothing to it

struct Expected {
    const char* module;
    const char* codec;
    double tone_to_rest;        // dB at least
    double amplitude_kept = 0;  // 1: exactly; the rest is tolerated on either side
    std::size_t frame_ms = 20;  // what it is fed with
    bool optional = false;      // its library need not be there
};
constexpr Expected expected[] = {
    {"codec_ulaw", "ulaw", 36, 0.99},
    {"codec_alaw", "alaw", 36, 0.99},
    {"codec_gsm", "gsm", 8, 0.7},
    {"codec_g722", "g722", 30, 0.9},
    {"codec_g726", "g726", 22, 0.95},
    {"codec_g726", "g726aal2", 22, 0.95},
    {"codec_adpcm", "adpcm", 18, 0.9},
    {"codec_lpc10", "lpc10", vocoder},
    {"codec_opus", "opus", 20, 0.8, 20, true},
    {"codec_speex", "speex", 6, 0.6, 20, true},
    {"codec_speex", "speex16", 6, 0.6, 20, true},
    {"codec_speex", "speex32", 6, 0.5, 20, true},
    {"codec_codec2", "codec2", vocoder, 0, 20, true},
    {"codec_ilbc", "ilbc", 6, 0.6, 30, true},
};

// Encodes and decodes in frames, as a call does.
std::vector<std::int16_t> there_and_back(const Expected& one, std::span<const std::int16_t> pcm) {
    const Codec* codec = find_codec(one.codec);
    const std::string linear = linear_codec(codec->rate)->name;
    Through encoder(linear.c_str(), one.codec), decoder(one.codec, linear.c_str());
    const std::size_t frame = codec->rate.hz * one.frame_ms / 1000;
    std::vector<std::int16_t> heard;
    for (; pcm.size() >= frame; pcm = pcm.subspan(frame)) {
        const auto encoded = encoder.encode(pcm.first(frame));
        if (encoded.empty()) continue;
        const auto decoded = decoder.decode(encoded);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(one.codec, std::size_t{codec->samples(encoded)}, decoded.size());
        heard.insert(heard.end(), decoded.begin(), decoded.end());
    }
    return heard;
}

}  // namespace

class CodecTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CodecTest);
    CPPUNIT_TEST(a_tone_comes_back_as_that_tone);
    CPPUNIT_TEST(a_voice_comes_back_as_a_voice_through_vocoders);
    CPPUNIT_TEST(silence_comes_back_as_silence);
    CPPUNIT_TEST(full_scale_does_not_wrap);
    CPPUNIT_TEST(rubbish_and_odd_sizes_do_no_harm);
    CPPUNIT_TEST(encoders_keep_the_rest_for_the_next_frame);
    CPPUNIT_TEST(g711_codes_are_those_of_the_tables);
    CPPUNIT_TEST(a_law_and_mu_law_convert_directly);
    CPPUNIT_TEST(a_lost_packet_sounds_like_the_one_before);
    CPPUNIT_TEST(every_rate_leads_to_every_other);
    CPPUNIT_TEST(resampling_down_leaves_no_alias);
    CPPUNIT_TEST(resampling_keeps_the_number_of_samples);
    CPPUNIT_TEST_SUITE_END();

    template <class Check>
    void for_each_codec(Check check) {
        std::size_t checked = 0;
        for (const Expected& one : expected) {
            LoadedModule module(one.module);
            if (!module.built()) {
                CPPUNIT_ASSERT_MESSAGE(one.module, one.optional);
                continue;
            }
            check(one);
            ++checked;
        }
        CPPUNIT_ASSERT(checked >= 5);
    }

    void a_tone_comes_back_as_that_tone() {
        for_each_codec([](const Expected& one) {
            if (one.tone_to_rest == vocoder) return;
            const unsigned rate = find_codec(one.codec)->rate.hz;
            const auto heard = there_and_back(one, tone(440, rate, 2));
            CPPUNIT_ASSERT_MESSAGE(one.codec, heard.size() >= rate * 15 / 10);
            const auto steady = std::span(heard).subspan(rate / 2, rate);  // whole periods, after the start
            const double above = tone_to_rest(steady, 440, rate), kept = amplitude_of(steady, 440, rate) / 8000;
            CPPUNIT_ASSERT_MESSAGE(std::string(one.codec) + " is at " + std::to_string(above) + " dB",
                                   above >= one.tone_to_rest);
            CPPUNIT_ASSERT_MESSAGE(std::string(one.codec) + " keeps " + std::to_string(kept),
                                   kept >= one.amplitude_kept && kept <= 2 - one.amplitude_kept + 0.01);
        });
    }
    void a_voice_comes_back_as_a_voice_through_vocoders() {
        for_each_codec([](const Expected& one) {
            if (one.tone_to_rest != vocoder) return;
            std::vector<std::int16_t> voice(16000);  // pulses at 125 Hz that ring at 700 Hz, much as a throat does
            for (std::size_t i = 0; i < voice.size(); ++i) {
                const double t = static_cast<double>(i % 64) / 8000;
                voice[i] = static_cast<std::int16_t>(12000 * std::exp(-400 * t) * std::sin(4400 * t));
            }
            const auto heard = there_and_back(one, voice);
            const auto steady = std::span(heard).subspan(8000, 6400);
            CPPUNIT_ASSERT(power_of(steady) > power_of(voice) / 20 && power_of(steady) < power_of(voice) * 20);
            double harmonics = 0;  // the pitch is still there: the power stands at multiples of 125 Hz
            for (int n = 1; n < 16; ++n) harmonics += std::pow(amplitude_of(steady, 125.0 * n, 8000), 2) / 2;
            CPPUNIT_ASSERT_MESSAGE(std::to_string(harmonics / power_of(steady)), harmonics > power_of(steady) / 10);
        });
    }
    void silence_comes_back_as_silence() {
        for_each_codec([](const Expected& one) {
            const unsigned rate = find_codec(one.codec)->rate.hz;
            const auto heard = there_and_back(one, std::vector<std::int16_t>(rate));
            CPPUNIT_ASSERT_MESSAGE(one.codec, heard.size() >= rate / 2);
            const double rms = std::sqrt(power_of(heard));
            CPPUNIT_ASSERT_MESSAGE(std::string(one.codec) + " has " + std::to_string(rms), rms < 40);
        });
    }
    void full_scale_does_not_wrap() {
        for_each_codec([](const Expected& one) {
            if (one.tone_to_rest < 15) return;  // speech models may distort it
            const unsigned rate = find_codec(one.codec)->rate.hz;
            const auto heard = there_and_back(one, tone(440, rate, 1, 32000));
            const auto steady = std::span(heard).subspan(rate / 2, rate / 4);
            CPPUNIT_ASSERT_MESSAGE(one.codec, tone_to_rest(steady, 440, rate) > 12);
        });
    }
    void rubbish_and_odd_sizes_do_no_harm() {
        for_each_codec([](const Expected& one) {
            const std::string linear = linear_codec(find_codec(one.codec)->rate)->name;
            Through encoder(linear.c_str(), one.codec), decoder(one.codec, linear.c_str());
            std::uint32_t random = 7;
            for (std::size_t size = 0; size < 400; size += 1 + size / 8) {
                std::vector<std::uint8_t> bytes(size);
                for (auto& byte : bytes)
                    byte = static_cast<std::uint8_t>((random = random * 1664525 + 1013904223) >> 24);
                decoder.decode(bytes);
                std::vector<std::int16_t> pcm(size);
                for (auto& sample : pcm)
                    sample = static_cast<std::int16_t>((random = random * 1664525 + 1013904223) >> 16);
                encoder.encode(pcm);
            }
            decoder.decode(std::vector<std::uint8_t>(20'000, 0xff));
            encoder.encode(std::vector<std::int16_t>(20'000, 99));
            decoder.decode(encoder.encode(tone(440, find_codec(one.codec)->rate.hz, 0.02)));
        });
    }
    void encoders_keep_the_rest_for_the_next_frame() {
        for_each_codec([](const Expected& one) {
            const Codec* codec = find_codec(one.codec);
            const std::string linear = linear_codec(codec->rate)->name;
            const auto pcm = tone(440, codec->rate.hz, 1.2);
            Through whole(linear.c_str(), one.codec), parts(linear.c_str(), one.codec);
            std::size_t bytes_whole = 0, bytes_parts = 0;
            for (std::size_t at = 0; at < pcm.size(); at += codec->rate.hz / 50)
                bytes_whole += codec->samples(whole.encode(std::span(pcm).subspan(at, codec->rate.hz / 50)));
            std::span<const std::int16_t> rest(pcm);
            for (std::size_t i = 0; !rest.empty(); ++i) {
                const std::size_t take = std::min<std::size_t>(rest.size(), 1 + i * 37 % 300);
                bytes_parts += codec->samples(parts.encode(rest.first(take)));
                rest = rest.subspan(take);
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.codec, bytes_whole, bytes_parts);
        });
    }
    void g711_codes_are_those_of_the_tables() {
        LoadedModule ulaw("codec_ulaw"), alaw("codec_alaw");
        Through from_ulaw("ulaw", "slin"), to_ulaw("slin", "ulaw"), from_alaw("alaw", "slin"), to_alaw("slin", "alaw");
        std::vector<std::uint8_t> every(256);
        for (unsigned code = 0; code < 256; ++code) every[code] = static_cast<std::uint8_t>(code);
        const auto mu = from_ulaw.decode(every), a = from_alaw.decode(every);
        // Ends of the scales and the smallest steps (G.711 tables 1a to 2b, 16 bit).
        CPPUNIT_ASSERT_EQUAL(std::int16_t{-32124}, mu[0x00]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{32124}, mu[0x80]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{0}, mu[0xff]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{8}, mu[0xfe]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{-8}, mu[0x7e]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{-5504}, a[0x00]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{8}, a[0xd5]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{-8}, a[0x55]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{32256}, a[0xaa]);
        CPPUNIT_ASSERT_EQUAL(std::int16_t{-32256}, a[0x2a]);
        const auto mu_again = to_ulaw.encode(mu);
        const auto a_again = to_alaw.encode(a);
        for (unsigned code = 0; code < 256; ++code) {
            if (code != 0x7f) CPPUNIT_ASSERT_EQUAL(code, unsigned{mu_again[code]});  // 0x7f is minus zero
            CPPUNIT_ASSERT_EQUAL(code, unsigned{a_again[code]});
        }
        // The nearest level is chosen, over the whole range.
        for (int sample = -32768; sample <= 32767; sample += 3) {
            const std::int16_t one[] = {static_cast<std::int16_t>(sample)};
            const int mu_error = std::abs(from_ulaw.decode(to_ulaw.encode(one))[0] - sample);
            const int a_error = std::abs(from_alaw.decode(to_alaw.encode(one))[0] - sample);
            const int size = std::abs(sample);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(sample), mu_error <= std::max(8, size / 31 + 5) || size > 32124);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(sample), a_error <= std::max(16, size / 31 + 1));
        }
    }
    void a_law_and_mu_law_convert_directly() {
        LoadedModule direct("codec_a_mu"), ulaw("codec_ulaw"), alaw("codec_alaw");
        Through there("ulaw", "alaw"), back("alaw", "ulaw"), encoder("slin", "ulaw"), decoder("ulaw", "slin");
        CPPUNIT_ASSERT_EQUAL(std::string("(ulaw)->(alaw)"), there.describe());
        const auto heard = decoder.decode(back.bytes(there.bytes(encoder.encode(tone(440, 8000, 0.1)))));
        CPPUNIT_ASSERT(tone_to_rest(heard, 440, 8000) > 30);
    }
    void a_lost_packet_sounds_like_the_one_before() {
        LoadedModule ulaw("codec_ulaw");
        Through encoder("slin", "ulaw");
        const auto path = std::move(*TranslationPath::find(find_codec("ulaw"), find_codec("slin")));
        const auto pcm = tone(400, 8000, 0.2);
        std::vector<std::int16_t> filled;
        for (std::uint32_t i = 0; i < 10; ++i) {
            const auto payload = encoder.encode(std::span(pcm).subspan(i * 160, 160));
            Frame frame{.codec = path->from(), .payload = payload, .timestamp = i * 160, .samples = 160};
            if (i == 8) frame.payload = {};
            path->translate(frame, [&](const Frame& out) {
                if (i == 8) filled.assign(out.linear().begin(), out.linear().end());
            });
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{160}, filled.size());
        CPPUNIT_ASSERT(amplitude_of(filled, 400, 8000) > 4000);
    }
    void every_rate_leads_to_every_other() {
        LoadedModule resample("codec_resample");
        for (const Codec* from : list_codecs()) {
            for (const Codec* to : list_codecs()) {
                if (!from->linear || !to->linear || from == to) continue;
                Through through(from->name.c_str(), to->name.c_str());
                std::vector<std::int16_t> heard;
                const auto pcm = tone(1000, from->rate.hz, 0.5);
                for (std::size_t at = 0; at < pcm.size(); at += from->rate.hz / 50)
                    for (const std::int16_t sample : through.decode(std::vector<std::uint8_t>(
                             reinterpret_cast<const std::uint8_t*>(&pcm[at]),
                             reinterpret_cast<const std::uint8_t*>(
                                 &pcm[at] + std::min<std::size_t>(from->rate.hz / 50, pcm.size() - at)))))
                        heard.push_back(sample);
                const auto steady = std::span(heard).subspan(to->rate.hz / 10, to->rate.hz / 5);
                CPPUNIT_ASSERT_MESSAGE(through.describe(), tone_to_rest(steady, 1000, to->rate.hz) > 40);
                CPPUNIT_ASSERT_DOUBLES_EQUAL(8000, amplitude_of(steady, 1000, to->rate.hz), 200);
            }
        }
    }
    void resampling_down_leaves_no_alias() {
        LoadedModule resample("codec_resample");
        Through down("slin16", "slin");
        const auto heard = down.decode([] {
            const auto pcm = tone(6000, 16000, 0.1);  // above half of 8000 Hz
            return std::vector<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(pcm.data()),
                                             reinterpret_cast<const std::uint8_t*>(pcm.data() + pcm.size()));
        }());
        CPPUNIT_ASSERT(std::sqrt(power_of(std::span(heard).subspan(200, 400))) < 30);
    }
    void resampling_keeps_the_number_of_samples() {
        LoadedModule resample("codec_resample");
        Through up("slin", "slin44");
        std::size_t samples = 0;
        const std::vector<std::uint8_t> silence(320);
        for (int i = 0; i < 500; ++i) samples += up.decode(silence).size();
        CPPUNIT_ASSERT_DOUBLES_EQUAL(441'000, static_cast<double>(samples), 300);  // a filter's length may be under way
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CodecTest);
