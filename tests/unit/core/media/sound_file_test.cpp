#include "core/media/sound_file.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/media/prompt_cache.hpp"
#include "core/media/sound_opener.hpp"
#include "core/media/sound_search.hpp"
#include "core/media/translator.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
namespace fs = std::filesystem;

namespace {

// "TEST" and a byte of the version, then the payload.
Result<SoundFileFormat::Layout> read_test_header(std::span<const std::uint8_t> head) {
    if (head.size() < 5 || !std::equal(head.begin(), head.begin() + 4, "TEST"))
        return fail(ErrorCode::invalid, "it does not begin with TEST");
    return SoundFileFormat::Layout{.offset = 5};
}
std::vector<std::uint8_t> make_test_header(std::size_t bytes) {
    return {'T', 'E', 'S', 'T', static_cast<std::uint8_t>(bytes > 0)};
}

// Each byte twice in the file.
void unpack_pairs(std::span<const std::uint8_t> file, std::span<std::uint8_t> codec) { codec[0] = file[0]; }
void pack_pairs(std::span<const std::uint8_t> codec, std::span<std::uint8_t> file) { file[0] = file[1] = codec[0]; }
constexpr SoundFileFormat::Packing pairs{2, 1, unpack_pairs, pack_pairs};

struct Halve final : Translator {  // stands for any encoder to one byte a sample
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        for (std::size_t i = 0; i < in.size() / 2; ++i) out[i] = in[2 * i];
        return in.size() / 2;
    }
};
struct Double final : Translator {
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        for (std::size_t i = 0; i < in.size(); ++i) out[2 * i] = in[i], out[2 * i + 1] = 0;
        return in.size() * 2;
    }
};

std::vector<std::uint8_t> bytes_of(const Frame& frame) { return {frame.payload.begin(), frame.payload.end()}; }

}  // namespace

class SoundFileTest : public LoopTest {
    CPPUNIT_TEST_SUITE(SoundFileTest);
    CPPUNIT_TEST(languages_are_tried_from_the_nearest_on);
    CPPUNIT_TEST(debian_s_folder_names_serve_a_language);
    CPPUNIT_TEST(plays_a_prompt_to_its_last_sample);
    CPPUNIT_TEST(takes_the_file_that_costs_least);
    CPPUNIT_TEST(names_prompt_and_language_when_there_is_none);
    CPPUNIT_TEST(a_broken_header_is_told);
    CPPUNIT_TEST(a_prompt_is_read_once_and_again_when_it_changed);
    CPPUNIT_TEST(the_cache_forgets_what_was_used_least_lately);
    CPPUNIT_TEST(a_prompt_rewritten_while_it_plays_goes_on_as_it_was);
    CPPUNIT_TEST(a_large_file_is_read_ahead_and_comes_out_whole);
    CPPUNIT_TEST(a_large_file_rewritten_while_it_plays_ends_without_mixing);
    CPPUNIT_TEST(a_large_packed_file_comes_out_unpacked);
    CPPUNIT_TEST(pauses_and_seeks);
    CPPUNIT_TEST(seeks_in_a_large_file);
    CPPUNIT_TEST(frame_codecs_are_cut_between_frames);
    CPPUNIT_TEST(a_module_stays_while_its_packing_is_used);
    CPPUNIT_TEST(records_what_it_hears);
    CPPUNIT_TEST(records_through_an_encoder_and_a_packing);
    CPPUNIT_TEST(appends_and_cuts_the_end);
    CPPUNIT_TEST(refuses_to_append_to_something_else);
    CPPUNIT_TEST(both_sides_are_mixed_and_neither_waits_for_ever);
    CPPUNIT_TEST(a_recording_that_is_dropped_is_complete);
    CPPUNIT_TEST(a_full_ring_drops_and_never_waits);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        LoopTest::setUp();
        std::string pattern = fs::temp_directory_path() / "jackfield-sound-XXXXXX";
        folder = mkdtemp(pattern.data());
        module = std::make_unique<Module>("format_test");
        const auto add = [&](SoundFileFormat format) { CPPUNIT_ASSERT(module->add(std::move(format))); };
        add({.name = "tst",
             .extensions = {"tst"},
             .codec = "slin",
             .description = "test",
             .read_header = read_test_header,
             .make_header = make_test_header});
        add({.name = "mu", .extensions = {"mu", "ul"}, .codec = "ulaw", .description = "test"});
        add({.name = "wide", .extensions = {"wide"}, .codec = "slin16", .description = "test"});
        add({.name = "twice", .extensions = {"twice"}, .codec = "ulaw", .description = "test", .packing = &pairs});
        add({.name = "gsmtest", .extensions = {"gsmtest"}, .codec = "gsm", .description = "test"});
        const auto translate = [&](const char* from, const char* to, unsigned cost, auto make) {
            CPPUNIT_ASSERT(module->add(TranslatorInfo{std::string(from) + "to" + to, from, to, cost, make}));
        };
        translate("slin", "ulaw", 10, [] { return std::make_unique<Halve>(); });
        translate("ulaw", "slin", 10, [] { return std::make_unique<Double>(); });
        translate("slin16", "slin", 100, [] { return std::make_unique<Halve>(); });
        translate("slin", "slin16", 100, [] { return std::make_unique<Double>(); });
        set_sound_settings({.directories = {folder}});
    }
    void tearDown() override {
        module.reset();
        set_sound_settings({});
        fs::remove_all(folder);
        LoopTest::tearDown();
    }

  private:
    std::string folder;
    std::unique_ptr<Module> module;
    // Runs a test's body on a fiber, and after it until the pump has let go of everything.
    void on_fiber(std::move_only_function<void()> body) {
        ControlLoop loop;
        run_on_fiber(loop, std::move(body));
        // Whoever leaves last does not wake this loop.
        for (int i = 0; i < 1000 && module->gate().inside() != 0; ++i)
            loop.run_for(std::chrono::milliseconds(5), [] { return false; });
        loop.run_for(std::chrono::milliseconds(250), [] { return false; });  // the pump's timer
    }
    static void settle(const std::function<bool()>& until) {
        for (int i = 0; i < 100 && !until(); ++i) CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(20)));
    }
    void write(const std::string& name, std::string_view content) {
        fs::create_directories(fs::path(folder + "/" + name).parent_path());
        std::ofstream(folder + "/" + name, std::ios::binary) << content;
    }
    std::string read(const std::string& name) {
        std::ifstream file(folder + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::unique_ptr<Source> open(const std::string& name, const std::string& language, const char* wanted) {
        auto source = open_prompt(name, language, find_codec(wanted));
        if (!source) throw CppUnit::Exception(CppUnit::Message(source.error().text));
        return std::move(*source);
    }
    static std::string play(Source& source, std::size_t most = 1 << 30, unsigned samples = 160) {
        std::string heard;
        while (heard.size() < most) {
            const Frame frame = source.next(samples);
            if (frame.payload.empty()) break;
            if (!frame.silence)
                heard.append(reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size());
            else
                CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(1)));
        }
        return heard;
    }
    static std::string noise(std::size_t bytes, unsigned seed = 1) {
        std::string text(bytes, '\0');
        for (char& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
        return text;
    }

    void languages_are_tried_from_the_nearest_on() {
        using List = std::vector<std::string>;
        CPPUNIT_ASSERT(language_order("fr_CA", "en") == (List{"fr_CA", "fr", "en", ""}));
        CPPUNIT_ASSERT(language_order("", "en_GB") == (List{"en_GB", "en", ""}));
        CPPUNIT_ASSERT(language_order("de", "de") == (List{"de", ""}));
        write("fr/only-fr.mu", "f");
        write("en/both.mu", "e");
        write("fr/both.mu", "f");
        write("none.mu", "n");
        on_fiber([&] {
            CPPUNIT_ASSERT_EQUAL(std::string("f"), play(*open("both", "fr_CA", "ulaw")));
            CPPUNIT_ASSERT_EQUAL(std::string("e"), play(*open("both", "it", "ulaw")));
            CPPUNIT_ASSERT_EQUAL(std::string("n"), play(*open("none", "fr", "ulaw")));
            CPPUNIT_ASSERT(prompt_exists("only-fr", "fr") && !prompt_exists("only-fr", "en"));
            CPPUNIT_ASSERT_EQUAL(std::string("n"), play(*open(folder + "/none", "fr", "ulaw")));
        });
    }
    void debian_s_folder_names_serve_a_language() {
        write("en_US_f_Allison/digits/1.mu", "1");
        write("en_AU_f_Other/hello.mu", "other");
        write("english/hello.mu", "wrong");
        CPPUNIT_ASSERT_EQUAL(folder + "/en_AU_f_Other", language_folder(folder, "en"));
        CPPUNIT_ASSERT_EQUAL(folder + "/en_US_f_Allison", language_folder(folder, "en_US"));
        CPPUNIT_ASSERT_EQUAL(std::string(), language_folder(folder, "fr"));
        CPPUNIT_ASSERT_EQUAL(std::string(), language_folder(folder + "/nothing", "fr"));
        fs::create_directory(folder + "/en");  // an own folder wins, and its appearance is seen
        CPPUNIT_ASSERT_EQUAL(folder + "/en", language_folder(folder, "en"));
        on_fiber([&] { CPPUNIT_ASSERT_EQUAL(std::string("1"), play(*open("digits/1", "en_US", "ulaw"))); });
    }
    void plays_a_prompt_to_its_last_sample() {
        const std::string sound = noise(1001 * 2);
        write("en/hello.tst", "TEST1" + sound);
        on_fiber([&] {
            const auto source = open("hello", "en", "slin");
            CPPUNIT_ASSERT(source->codec() == find_codec("slin"));
            std::uint32_t expected = 0;
            std::string heard;
            for (Frame frame; !(frame = source->next(160)).payload.empty();) {
                CPPUNIT_ASSERT_EQUAL(expected, frame.timestamp);
                CPPUNIT_ASSERT_EQUAL(frame.payload.size(), std::size_t{frame.samples} * 2);
                expected += frame.samples;
                heard.append(reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size());
            }
            CPPUNIT_ASSERT(heard == sound);
            CPPUNIT_ASSERT(source->next(160).payload.empty());
        });
    }
    void takes_the_file_that_costs_least() {
        write("en/a.mu", "12");
        write("en/a.tst", "TEST112");
        write("en/a.wide", "1234");
        on_fiber([&] {
            const auto codec = [&](const char* wanted) { return open("a", "en", wanted)->codec()->name; };
            CPPUNIT_ASSERT_EQUAL(std::string("ulaw"), codec("ulaw"));
            CPPUNIT_ASSERT_EQUAL(std::string("slin"), codec("slin"));
            CPPUNIT_ASSERT_EQUAL(std::string("slin16"), codec("slin16"));
            fs::remove(folder + "/en/a.mu");
            CPPUNIT_ASSERT_EQUAL(std::string("slin"), codec("ulaw"));
            fs::remove(folder + "/en/a.wide");
            CPPUNIT_ASSERT_EQUAL(std::string("slin"), codec("slin16"));
        });
    }
    void names_prompt_and_language_when_there_is_none() {
        write("en/gsm-only.gsmtest", std::string(33, 'x'));
        on_fiber([&] {
            const auto missing = open_prompt("nope", "fr", find_codec("ulaw"));
            CPPUNIT_ASSERT(missing.error().code == ErrorCode::not_found);
            CPPUNIT_ASSERT(missing.error().text.find("nope") != std::string::npos);
            CPPUNIT_ASSERT(missing.error().text.find("fr") != std::string::npos);
            const auto untranslatable = open_prompt("gsm-only", "en", find_codec("ulaw"));
            CPPUNIT_ASSERT(untranslatable.error().code == ErrorCode::unsupported);
            CPPUNIT_ASSERT(untranslatable.error().text.find("gsm") != std::string::npos);
            CPPUNIT_ASSERT(!open_prompt("", "en", find_codec("ulaw")));
            fs::create_directories(folder + "/en/folder.mu");
            CPPUNIT_ASSERT(!open_prompt("folder", "en", find_codec("ulaw")));
        });
    }
    void a_broken_header_is_told() {
        write("en/bad.tst", "NOTEST");
        write("en/empty.tst", "");
        on_fiber([&] {
            const auto bad = open_prompt("bad", "en", find_codec("slin"));
            CPPUNIT_ASSERT(bad.error().code == ErrorCode::invalid);
            CPPUNIT_ASSERT(bad.error().text.find("bad.tst") != std::string::npos);
            CPPUNIT_ASSERT(open_prompt("empty", "en", find_codec("slin")).error().code == ErrorCode::invalid);
        });
    }
    void a_prompt_is_read_once_and_again_when_it_changed() {
        write("en/p.mu", "first");
        on_fiber([&] {
            const SoundOpener opener = SoundOpener::make(find_codec("ulaw"));
            const std::string path = folder + "/en/p.mu";
            const auto one = opener.open(path), two = opener.open(path);
            CPPUNIT_ASSERT(one && two && one->whole && one->whole == two->whole);
            write("en/p.mu", "second version");
            const auto three = opener.open(path);
            CPPUNIT_ASSERT(three->whole != one->whole);
            CPPUNIT_ASSERT_EQUAL(std::size_t{14}, three->whole->payload.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{5}, one->whole->payload.size());
        });
    }
    void the_cache_forgets_what_was_used_least_lately() {
        PromptCache cache(250);
        const auto sound = [] { return std::make_shared<const Sound>(Sound{nullptr, std::vector<std::uint8_t>(100)}); };
        const FileVersion version{.inode = 1}, newer{.inode = 2};
        cache.keep("a", version, sound());
        cache.keep("b", version, sound());
        CPPUNIT_ASSERT(cache.find("a", version));
        cache.keep("c", version, sound());
        CPPUNIT_ASSERT(cache.find("a", version) && !cache.find("b", version) && cache.find("c", version));
        CPPUNIT_ASSERT_EQUAL(std::size_t{200}, cache.bytes());
        CPPUNIT_ASSERT(!cache.find("a", newer));
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, cache.bytes());
        cache.keep("c", newer, sound());
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, cache.bytes());
        cache.set_limit(0);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, cache.bytes());
    }
    void a_prompt_rewritten_while_it_plays_goes_on_as_it_was() {
        const std::string before = noise(8000, 1), after = noise(4000, 2);
        write("en/p.mu", before);
        on_fiber([&] {
            const auto source = open("p", "en", "ulaw");
            std::string heard = play(*source, 1600);
            write("en/p.mu", after);  // in place: the same inode
            heard += play(*source);
            CPPUNIT_ASSERT(heard == before);
            CPPUNIT_ASSERT(play(*open("p", "en", "ulaw")) == after);
        });
    }
    void a_large_file_is_read_ahead_and_comes_out_whole() {
        const std::string sound = noise(1'100'000);  // above the 1 MiB that are read at once
        write("en/long.mu", sound);
        on_fiber([&] {
            const auto source = open("long", "en", "ulaw");
            CPPUNIT_ASSERT(playback_of(*source)->position().length == std::chrono::milliseconds(137'500));
            CPPUNIT_ASSERT(play(*source, 1 << 30, 4000) == sound);
        });
    }
    void a_large_file_rewritten_while_it_plays_ends_without_mixing() {
        const std::string before = noise(1'500'000, 1), after = noise(1'500'000, 2);
        write("en/long.mu", before);
        on_fiber([&] {
            const auto source = open("long", "en", "ulaw");
            std::string heard = play(*source, 8000);
            write("en/long.mu", after);
            heard += play(*source, 1 << 30, 4000);
            CPPUNIT_ASSERT(heard.size() >= 8000 && heard.size() < before.size());
            CPPUNIT_ASSERT(before.starts_with(heard));
        });
    }
    void a_large_packed_file_comes_out_unpacked() {
        const std::string sound = noise(550'000);
        std::string packed;
        for (const char c : sound) packed.append(2, c);
        write("en/long.twice", packed);
        on_fiber([&] { CPPUNIT_ASSERT(play(*open("long", "en", "ulaw"), 1 << 30, 4000) == sound); });
    }
    void pauses_and_seeks() {
        using std::chrono::milliseconds;
        const std::string sound = noise(8000);
        write("en/p.mu", sound);
        on_fiber([&] {
            const auto source = open("p", "en", "ulaw");
            const auto playback = playback_of(*source);
            CPPUNIT_ASSERT(playback);
            CPPUNIT_ASSERT(playback->position().length == milliseconds(1000));
            play(*source, 1600);
            CPPUNIT_ASSERT(playback->position().at == milliseconds(200));
            playback->pause(true);
            const Frame silent = source->next(160);
            CPPUNIT_ASSERT(silent.silence);
            CPPUNIT_ASSERT(bytes_of(silent) == std::vector<std::uint8_t>(160, 0xff));
            CPPUNIT_ASSERT(playback->position().at == milliseconds(200));
            playback->pause(false);
            playback->skip(milliseconds(300));
            CPPUNIT_ASSERT(playback->position().at == milliseconds(500));
            CPPUNIT_ASSERT(play(*source, 160) == sound.substr(4000, 160));
            playback->skip(milliseconds(-10'000));
            CPPUNIT_ASSERT(play(*source, 160) == sound.substr(0, 160));
            playback->seek(milliseconds(99'999));
            CPPUNIT_ASSERT(source->next(160).payload.empty());
            CPPUNIT_ASSERT(!playback_of(*std::move(open_sound_file(folder + "/en/p.mu")).value()) == false);
        });
    }
    void seeks_in_a_large_file() {
        const std::string sound = noise(2'000'000);
        write("en/long.mu", sound);
        on_fiber([&] {
            const auto source = open("long", "en", "ulaw");
            const auto playback = playback_of(*source);
            for (const long ms : {100'000, 3'000, 249'000, 0}) {
                playback->seek(std::chrono::milliseconds(ms));
                CPPUNIT_ASSERT(play(*source, 3200) == sound.substr(static_cast<std::size_t>(ms) * 8, 3200));
            }
        });
    }
    void frame_codecs_are_cut_between_frames() {
        const std::string sound = noise(33 * 10 + 20);
        write("en/p.gsmtest", sound);
        on_fiber([&] {
            const auto source = open_sound_file(folder + "/en/p.gsmtest");
            CPPUNIT_ASSERT(source);
            // Packets of 30 ms: frames of 20 ms come as near to it as they can.
            std::size_t samples = 0, bytes = 0;
            for (int i = 0; i < 4; ++i) {
                const Frame frame = (*source)->next(240);
                CPPUNIT_ASSERT(frame.payload.size() % 33 == 0 && !frame.payload.empty());
                samples += frame.samples;
                bytes += frame.payload.size();
            }
            CPPUNIT_ASSERT_EQUAL(std::size_t{960}, samples);
            CPPUNIT_ASSERT_EQUAL(std::size_t{33 * 6}, bytes);
            CPPUNIT_ASSERT_EQUAL(std::size_t{33 * 4}, play(**source).size());
        });
    }
    void a_module_stays_while_its_packing_is_used() {
        write("en/long.twice", noise(3'000'000));
        on_fiber([&] {
            auto source = open("long", "en", "ulaw");
            CPPUNIT_ASSERT(module->gate().inside() > 0);
            source.reset();
            settle([&] { return module->gate().inside() == 0; });
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, module->gate().inside());
        });
    }

    static Frame frame_of(const std::string& pcm, std::size_t at, std::size_t bytes) {
        return {.codec = find_codec("slin"),
                .payload = {reinterpret_cast<const std::uint8_t*>(pcm.data()) + at, bytes},
                .samples = static_cast<std::uint16_t>(bytes / 2)};
    }
    static std::unique_ptr<Recording> record(const std::string& path, const char* format, bool append,
                                             Tap::Direction direction = Tap::Direction::read) {
        auto recording = Recording::create(path, format, append, direction);
        if (!recording) throw CppUnit::Exception(CppUnit::Message(recording.error().text));
        return std::move(*recording);
    }
    static void hear_all(Tap& tap, const std::string& pcm, Tap::Direction direction = Tap::Direction::read) {
        for (std::size_t at = 0; at < pcm.size(); at += 320)
            tap.hear(frame_of(pcm, at, std::min<std::size_t>(320, pcm.size() - at)), direction);
    }
    void records_what_it_hears() {
        const std::string pcm = noise(32'000);
        on_fiber([&] {
            const auto recording = record(folder + "/new/folder/r", "tst", false);
            const auto tap = recording->tap();
            CPPUNIT_ASSERT(tap && !recording->tap());
            CPPUNIT_ASSERT(tap->wants() == find_codec("slin"));
            hear_all(*tap, pcm);
            CPPUNIT_ASSERT(recording->length() == std::chrono::milliseconds(2000));
            CPPUNIT_ASSERT(recording->close());
            hear_all(*tap, pcm);  // too late
            CPPUNIT_ASSERT(recording->close());
        });
        CPPUNIT_ASSERT(read("new/folder/r.tst") == std::string("TEST\1") + pcm);
    }
    void records_through_an_encoder_and_a_packing() {
        const std::string pcm = noise(1600);
        std::string halved, twice;
        for (std::size_t i = 0; i < pcm.size(); i += 2) halved += pcm[i], twice.append(2, pcm[i]);
        on_fiber([&] {
            for (const char* format : {"ul", "twice"}) {
                const auto recording = record(folder + "/r", format, false);
                const auto tap = recording->tap();
                hear_all(*tap, pcm);
                CPPUNIT_ASSERT(recording->close());
            }
            CPPUNIT_ASSERT(Recording::create(folder + "/r", "gsmtest", false, Tap::Direction::read).error().code ==
                           ErrorCode::unsupported);
            const auto unknown = Recording::create(folder + "/r", "tts", false, Tap::Direction::read);
            CPPUNIT_ASSERT(unknown.error().code == ErrorCode::not_found);
            CPPUNIT_ASSERT(unknown.error().text.find("tst") != std::string::npos);
            CPPUNIT_ASSERT(!Recording::create("/proc/nothing/r", "tst", false, Tap::Direction::read));
        });
        CPPUNIT_ASSERT(read("r.ul") == halved);
        CPPUNIT_ASSERT(read("r.twice") == twice);
    }
    void appends_and_cuts_the_end() {
        const std::string pcm = noise(16'000);
        on_fiber([&] {
            for (int i = 0; i < 2; ++i) {
                const auto recording = record(folder + "/r", "tst", i == 1);
                const auto tap = recording->tap();
                hear_all(*tap, pcm);
                CPPUNIT_ASSERT(recording->close(std::chrono::milliseconds(250)));
            }
        });
        CPPUNIT_ASSERT(read("r.tst") == "TEST\1" + pcm.substr(0, 12'000) + pcm.substr(0, 12'000));
        on_fiber([&] {
            const auto recording = record(folder + "/r", "tst", false);
            CPPUNIT_ASSERT(recording->close(std::chrono::milliseconds(99'999)));
        });
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, read("r.tst").size());
    }
    void refuses_to_append_to_something_else() {
        write("r.tst", "something else");
        on_fiber([&] {
            const auto recording = Recording::create(folder + "/r", "tst", true, Tap::Direction::read);
            CPPUNIT_ASSERT(recording.error().code == ErrorCode::invalid);
        });
        CPPUNIT_ASSERT_EQUAL(std::string("something else"), read("r.tst"));
    }
    void both_sides_are_mixed_and_neither_waits_for_ever() {
        std::string one, two;
        for (int i = 0; i < 8000; ++i) one += "\x10\x10", two += "\x01\x02";
        on_fiber([&] {
            const auto recording = record(folder + "/r", "tst", false, Tap::Direction::both);
            const auto tap = recording->tap();
            for (std::size_t at = 0; at < one.size() / 2; at += 320) {
                tap->hear(frame_of(one, at, 320), Tap::Direction::read);
                tap->hear(frame_of(two, at, 320), Tap::Direction::write);
            }
            hear_all(*tap, one.substr(one.size() / 2), Tap::Direction::read);  // the other side has been muted
            CPPUNIT_ASSERT(recording->close());
        });
        const std::string file = read("r.tst");
        CPPUNIT_ASSERT_EQUAL(one.size() + 5, file.size());
        CPPUNIT_ASSERT(file.substr(5, 2) == "\x11\x12");
        CPPUNIT_ASSERT(file.substr(5 + one.size() / 2 + 2, 2) == "\x10\x10");
    }
    void a_recording_that_is_dropped_is_complete() {
        const std::string pcm = noise(3200);
        on_fiber([&] {
            std::unique_ptr<Tap> tap;
            {
                const auto recording = record(folder + "/r", "tst", false);
                tap = recording->tap();
                hear_all(*tap, pcm);
            }
            settle([&] { return read("r.tst").size() == pcm.size() + 5; });
            tap.reset();
            settle([&] { return module->gate().inside() == 0; });
        });
        CPPUNIT_ASSERT(read("r.tst") == std::string("TEST\1") + pcm);
    }
    void a_full_ring_drops_and_never_waits() {
        const std::string pcm = noise(320'000);  // 20 s at once, without a turn of the pool between
        on_fiber([&] {
            const auto recording = record(folder + "/r", "tst", false);
            const auto tap = recording->tap();
            hear_all(*tap, pcm);
            CPPUNIT_ASSERT(recording->close());
        });
        const std::string file = read("r.tst");
        CPPUNIT_ASSERT(file.size() > 30'000 && file.size() < 100'000);
        CPPUNIT_ASSERT(pcm.starts_with(file.substr(5)));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SoundFileTest);
