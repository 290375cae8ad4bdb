// Every file format that was built: what is recorded is played back, by content, and broken files are refused.
#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>

#include "core/media/sound_file.hpp"
#include "tests/unit/codecs/codec_fixture.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::test;
using namespace jackfield::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::array modules{"codec_ulaw",     "codec_alaw",  "codec_gsm",      "codec_g722",
                             "codec_g726",     "codec_adpcm", "codec_resample", "format_wav",
                             "format_wav_gsm", "format_pcm",  "format_gsm",     "format_sln",
                             "format_g722",    "format_g726", "format_g729",    "format_vox"};

struct Expected {
    const char* format;
    const char* extension;
    std::size_t bytes;    // of a second, header included
    double tone_to_rest;  // dB at least
};
constexpr Expected expected[] = {
    {"wav", "wav", 16044, 60},  {"wav16", "wav16", 32044, 60}, {"ulaw", "ulaw", 8000, 36},
    {"pcm", "pcm", 8000, 36},   {"alaw", "alaw", 8000, 36},    {"au", "au", 8024, 36},
    {"gsm", "gsm", 1650, 8},    {"wav49", "wav49", 1685, 8},   {"WAV", "WAV", 1685, 8},
    {"sln", "sln", 16000, 60},  {"sln16", "sln16", 32000, 60}, {"sln48", "sln48", 96000, 60},
    {"g722", "g722", 8000, 30}, {"g726", "g726", 4000, 20},    {"vox", "vox", 4000, 15}};

}  // namespace

class SoundFormatsTest : public LoopTest {
    CPPUNIT_TEST_SUITE(SoundFormatsTest);
    CPPUNIT_TEST(what_is_recorded_is_heard_again);
    CPPUNIT_TEST(wave_files_of_other_programs_are_read);
    CPPUNIT_TEST(broken_wave_files_are_refused);
    CPPUNIT_TEST(wav49_holds_the_frames_of_gsm);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        LoopTest::setUp();
        std::string pattern = fs::temp_directory_path() / "jackfield-formats-XXXXXX";
        folder = mkdtemp(pattern.data());
        for (const char* name : modules) {
            loaded.emplace_back(name);
            CPPUNIT_ASSERT_MESSAGE(name, loaded.back().built());
        }
        set_sound_settings({.directories = {folder}});
    }
    void tearDown() override {
        set_sound_settings({});
        loaded.clear();
        fs::remove_all(folder);
        LoopTest::tearDown();
    }

  private:
    std::string folder;
    std::list<LoadedModule> loaded;

    void on_fiber(std::move_only_function<void()> body) {
        ControlLoop loop;
        run_on_fiber(loop, std::move(body));
        loop.run_for(std::chrono::milliseconds(300), [] { return false; });  // the pump lets go of what was written
    }
    std::string file(const std::string& name) {
        std::ifstream stream(folder + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void write(const std::string& name, const std::string& content) {
        std::ofstream(folder + "/" + name, std::ios::binary) << content;
    }
    // Plays a file as linear audio of its codec's rate.
    std::vector<std::int16_t> play(const std::string& name, unsigned& rate) {
        auto source = open_sound_file(folder + "/" + name);
        if (!source) throw CppUnit::Exception(CppUnit::Message(source.error().text));
        const Codec* codec = (*source)->codec();
        rate = codec->rate.hz;
        const auto path = std::move(*TranslationPath::find(codec, linear_codec(codec->rate)));
        std::vector<std::int16_t> pcm;
        for (Frame frame; !(frame = (*source)->next(rate / 50)).payload.empty();)
            path->translate(frame,
                            [&](const Frame& out) { pcm.insert(pcm.end(), out.linear().begin(), out.linear().end()); });
        return pcm;
    }
    void record(const std::string& name, const char* format, double hz) {
        const auto recording = Recording::create(folder + "/" + name, format, false, Tap::Direction::read);
        CPPUNIT_ASSERT_MESSAGE(recording ? "" : recording.error().text, recording.has_value());
        const auto tap = (*recording)->tap();
        const unsigned rate = tap->wants()->rate.hz;
        const auto pcm = tone(hz, rate, 1);
        for (std::size_t at = 0; at < pcm.size(); at += rate / 50)
            tap->hear({.codec = tap->wants(),
                       .payload = {reinterpret_cast<const std::uint8_t*>(&pcm[at]), rate / 50 * 2},
                       .samples = static_cast<std::uint16_t>(rate / 50)},
                      Tap::Direction::read);
        CPPUNIT_ASSERT((*recording)->close());
    }

    void what_is_recorded_is_heard_again() {
        on_fiber([&] {
            for (const Expected& one : expected) {
                record("r", one.format, 440);
                const std::string name = std::string("r.") + one.extension;
                CPPUNIT_ASSERT_EQUAL_MESSAGE(name, one.bytes, file(name).size());
                unsigned rate = 0;
                const auto heard = play(name, rate);
                CPPUNIT_ASSERT_MESSAGE(name, heard.size() >= rate - rate / 20);
                const auto middle = std::span(heard).subspan(rate / 4, rate / 2);
                const double above = tone_to_rest(middle, 440, rate);
                CPPUNIT_ASSERT_MESSAGE(name + " is at " + std::to_string(above) + " dB", above >= one.tone_to_rest);
                fs::remove(folder + "/" + name);
            }
        });
    }
    static std::string chunk(const char* name, const std::string& content) {
        std::string text(name);
        for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(content.size() >> shift);
        return text + content + (content.size() % 2 ? std::string(1, '\0') : "");
    }
    static std::string format_chunk(unsigned tag, unsigned channels, unsigned rate, unsigned bits) {
        std::string text;
        const auto add = [&](unsigned value, int bytes) {
            for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
        };
        add(tag, 2), add(channels, 2), add(rate, 4), add(rate * channels * bits / 8, 4), add(channels * bits / 8, 2),
            add(bits, 2);
        return chunk("fmt ", text);
    }
    static std::string wave(const std::string& chunks) { return chunk("RIFF", "WAVE" + chunks); }
    static std::string as_bytes(const std::vector<std::int16_t>& pcm) {
        return {reinterpret_cast<const char*>(pcm.data()), pcm.size() * 2};
    }

    void wave_files_of_other_programs_are_read() {
        const std::string sound = as_bytes(tone(1000, 16000, 0.5));
        // Text before and after the sound, an odd chunk, 16 kHz in a file called .wav.
        write("a.wav", wave(chunk("LIST", "odd") + format_chunk(1, 1, 16000, 16) + chunk("data", sound) +
                            chunk("LIST", std::string(4000, 'x'))));
        // Written to a pipe: no length.
        std::string endless = wave(format_chunk(1, 1, 16000, 16) + chunk("data", sound));
        const std::size_t at = endless.find("data") + 4;
        for (int i = 0; i < 4; ++i) endless[at + static_cast<std::size_t>(i)] = '\xff';
        write("b.wav", endless);
        write("c.wav", wave(format_chunk(7, 1, 8000, 8) + chunk("data", std::string(800, '\xff'))));
        on_fiber([&] {
            for (const char* name : {"a.wav", "b.wav"}) {
                unsigned rate = 0;
                const auto heard = play(name, rate);
                CPPUNIT_ASSERT_EQUAL(16000u, rate);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::size_t{8000}, heard.size());
                CPPUNIT_ASSERT(tone_to_rest(heard, 1000, rate) > 60);
            }
            unsigned rate = 0;
            CPPUNIT_ASSERT(play("c.wav", rate) == std::vector<std::int16_t>(800));
        });
    }
    void broken_wave_files_are_refused() {
        const std::string sound(320, 'x'), good = format_chunk(1, 1, 8000, 16);
        const std::pair<const char*, std::string> broken[] = {
            {"empty", ""},
            {"no RIFF", std::string(100, 'x')},
            {"no format", wave(chunk("data", sound))},
            {"no sound", wave(good)},
            {"two channels", wave(format_chunk(1, 2, 8000, 16) + chunk("data", sound))},
            {"8 bits", wave(format_chunk(1, 1, 8000, 8) + chunk("data", sound))},
            {"11025 Hz", wave(format_chunk(1, 1, 11025, 16) + chunk("data", sound))},
            {"mp3", wave(format_chunk(0x55, 1, 8000, 16) + chunk("data", sound))},
            {"short format", wave(chunk("fmt ", "123") + chunk("data", sound))},
            {"huge chunk", "RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff" + sound}};
        on_fiber([&] {
            for (const auto& [what, content] : broken) {
                write("x.wav", content);
                const auto opened = open_sound_file(folder + "/x.wav");
                CPPUNIT_ASSERT_MESSAGE(what, !opened);
                CPPUNIT_ASSERT_MESSAGE(what, opened.error().code == ErrorCode::invalid);
                CPPUNIT_ASSERT_MESSAGE(what, opened.error().text.find("x.wav") != std::string::npos);
            }
        });
    }
    void wav49_holds_the_frames_of_gsm() {
        on_fiber([&] {
            record("g", "gsm", 600);
            record("g", "wav49", 600);
            const auto plain = open_sound_file(folder + "/g.gsm"), packed = open_sound_file(folder + "/g.wav49");
            for (int i = 0; i < 50; ++i) {
                const Frame one = (*plain)->next(160), two = (*packed)->next(160);
                CPPUNIT_ASSERT_EQUAL(std::size_t{33}, one.payload.size());
                CPPUNIT_ASSERT(
                    std::equal(one.payload.begin(), one.payload.end(), two.payload.begin(), two.payload.end()));
            }
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SoundFormatsTest);
