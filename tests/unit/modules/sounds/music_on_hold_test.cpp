// res_musiconhold over real files: which one, from where, without end, without gaps.
#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <list>

#include "core/media/music.hpp"
#include "core/media/playlist.hpp"
#include "core/media/sound_file.hpp"
#include "core/module/module_config.hpp"
#include "tests/unit/codecs/codec_fixture.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::test;
using namespace jackfield::testing;
namespace fs = std::filesystem;

class MusicOnHoldTest : public LoopTest {
    CPPUNIT_TEST_SUITE(MusicOnHoldTest);
    CPPUNIT_TEST(plays_a_folder_by_name_again_and_again_without_gaps);
    CPPUNIT_TEST(random_plays_every_file_and_none_twice_in_a_row);
    CPPUNIT_TEST(a_shared_position_goes_on_while_nobody_listens);
    CPPUNIT_TEST(an_unknown_class_plays_the_default_one);
    CPPUNIT_TEST(files_that_are_no_sound_are_passed_over);
    CPPUNIT_TEST(a_reload_changes_the_class_and_not_the_music_that_plays);
    CPPUNIT_TEST(mistakes_are_refused_and_the_old_classes_stay);
    CPPUNIT_TEST(without_a_provider_there_is_silence);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        LoopTest::setUp();
        std::string pattern = fs::temp_directory_path() / "jackfield-music-XXXXXX";
        folder = mkdtemp(pattern.data());
        files = std::make_shared<MemoryFiles>();
        manager = std::make_unique<ConfigManager>(files, ParseOptions{.folder = "/etc"});
        set_config_manager(manager.get());
    }
    void tearDown() override {
        set_config_manager(nullptr);
        fs::remove_all(folder);
        LoopTest::tearDown();
    }

  private:
    std::string folder;
    std::shared_ptr<MemoryFiles> files;
    std::unique_ptr<ConfigManager> manager;

    // With the modules loaded, on a fiber; then until the pump has let go.
    void with_music(const std::string& config, std::move_only_function<void()> body) {
        files->set("/etc/musiconhold.conf", config);
        ControlLoop loop;
        std::list<LoadedModule> loaded;
        run_on_fiber(loop, [&] {
            for (const char* name : {"format_pcm", "res_musiconhold"}) {
                loaded.emplace_back(name);
                CPPUNIT_ASSERT_MESSAGE(name, loaded.back().built());
            }
            body();
        });
        loop.run_for(std::chrono::milliseconds(300), [] { return false; });
        for (auto& module : loaded) CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, module.module().gate().inside());
        loaded.clear();
    }
    // A file whose every byte is `content`.
    void add(const std::string& name, char content, std::size_t bytes) {
        std::ofstream(folder + "/" + name, std::ios::binary) << std::string(bytes, content);
    }
    std::unique_ptr<Source> open(const std::string& music_class) {
        auto source = open_music(music_class, find_codec("ulaw"));
        if (!source) throw CppUnit::Exception(CppUnit::Message(source.error().text));
        return std::move(*source);
    }
    // What is heard; frames of silence are those in which the next file was not open yet.
    static std::string play(Source& source, std::size_t bytes, unsigned* silent = nullptr) {
        std::string heard;
        while (heard.size() < bytes) {
            const Frame frame = source.next(160);
            if (frame.payload.empty()) throw CppUnit::Exception(CppUnit::Message("the music ended"));
            CPPUNIT_ASSERT(frame.samples <= 160);  // fewer only when the next file is not open yet
            if (frame.silence && silent) ++*silent;
            if (!frame.silence) heard.append(reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size());
            if (frame.silence || heard.size() % 800 == 0) CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(20)));
        }
        return heard;
    }

    void plays_a_folder_by_name_again_and_again_without_gaps() {
        add("b.ulaw", 'b', 4'050);  // not a whole number of frames
        add("a.ulaw", 'a', 4'001);
        with_music("[default]\nmode=files\ndirectory=" + folder + "\n", [&] {
            const auto music = open("default");
            const std::string round = std::string(4'001, 'a') + std::string(4'050, 'b');
            unsigned silent = 0;
            const std::string heard = play(*music, round.size() * 2 + 100, &silent);
            CPPUNIT_ASSERT_EQUAL(0u, silent);
            CPPUNIT_ASSERT((round + round + round).starts_with(heard));
        });
    }
    void random_plays_every_file_and_none_twice_in_a_row() {
        for (const char c : {'a', 'b', 'c'}) add(std::string(1, c) + ".ulaw", c, 1600);
        with_music("[default]\ndirectory=" + folder + "\nsort=random\n", [&] {
            const auto music = open("");
            const std::string heard = play(*music, 1600 * 40);
            std::string order;
            for (std::size_t at = 0; at < heard.size(); at += 1600) order += heard[at];
            CPPUNIT_ASSERT(order.find('a') != std::string::npos && order.find('b') != std::string::npos &&
                           order.find('c') != std::string::npos);
            CPPUNIT_ASSERT(std::adjacent_find(order.begin(), order.end()) == order.end());
        });
    }
    void a_shared_position_goes_on_while_nobody_listens() {
        add("a.ulaw", 'a', 1'600);  // 200 ms each
        add("b.ulaw", 'b', 1'600);
        with_music("[default]\ndirectory=" + folder + "\nposition=shared\n", [&] {
            const auto comes = [&](char wanted) {
                for (int i = 0; i < 200; ++i) {
                    if (play(*open("default"), 160)[0] == wanted) return true;
                    CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(10)));
                }
                return false;
            };
            for (const char wanted : {'a', 'b', 'a', 'b'}) CPPUNIT_ASSERT(comes(wanted));
        });
    }
    void an_unknown_class_plays_the_default_one() {
        add("a.ulaw", 'a', 1600);
        with_music("[default]\ndirectory=" + folder + "\n",
                   [&] { CPPUNIT_ASSERT_EQUAL('a', play(*open("jazz"), 160)[0]); });
    }
    void files_that_are_no_sound_are_passed_over() {
        add("README.txt", 'x', 1600);
        add("empty.ulaw", 'x', 0);
        add("m.ulaw", 'm', 1600);
        with_music("[default]\ndirectory=" + folder +
                       "\n[broken]\ndirectory=/nonexistent\n[text]\nmode=playlist\nentry=" + folder + "/README\n",
                   [&] {
                       CPPUNIT_ASSERT_EQUAL(std::string(4800, 'm'), play(*open("default"), 4800));
                       CPPUNIT_ASSERT_EQUAL('m', play(*open("broken"), 160)[0]);
                       CPPUNIT_ASSERT_EQUAL('m', play(*open("text"), 160)[0]);
                   });
    }
    void a_reload_changes_the_class_and_not_the_music_that_plays() {
        add("a.ulaw", 'a', 1600);
        add("b.ulaw", 'b', 1600);
        const auto config = [&](const char* name) {
            return "[default]\nmode=playlist\nentry=" + folder + "/" + name + "\n";
        };
        with_music(config("a"), [&] {
            const auto before = open("default");
            files->set("/etc/musiconhold.conf", config("b"));
            CPPUNIT_ASSERT(reload_configuration());
            CPPUNIT_ASSERT_EQUAL('b', play(*open("default"), 160)[0]);
            CPPUNIT_ASSERT_EQUAL(std::string(4800, 'a'), play(*before, 4800));
        });
    }
    void mistakes_are_refused_and_the_old_classes_stay() {
        add("a.ulaw", 'a', 1600);
        const std::string good = "[default]\ndirectory=" + folder + "\n";
        with_music(good, [&] {
            for (const char* wrong :
                 {"[x]\n", "[x]\nmode=custom\napplication=/usr/bin/mpg123\n", "[x]\nmode=playlist\n",
                  "[x]\ndirectory=/tmp\nsort=alhpa\n", "[general]\nvolume=3\n",
                  "[x]\ndirectory=/tmp\n[x]\ndirectory=/tmp\n", "[x]\nmode=playlist\nentry=http://a/b\n"}) {
                files->set("/etc/musiconhold.conf", wrong);
                CPPUNIT_ASSERT_MESSAGE(wrong, !reload_configuration());
            }
            CPPUNIT_ASSERT_EQUAL('a', play(*open("default"), 160)[0]);
        });
    }
    void without_a_provider_there_is_silence() {
        ControlLoop loop;
        run_on_fiber(loop, [&] {
            const auto source = open_music("default", find_codec("ulaw"));
            CPPUNIT_ASSERT(source);
            const Frame frame = (*source)->next(160);
            CPPUNIT_ASSERT_EQUAL(160u, unsigned{frame.samples});
            CPPUNIT_ASSERT(frame.linear()[0] == 0 && frame.linear()[159] == 0);
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MusicOnHoldTest);
