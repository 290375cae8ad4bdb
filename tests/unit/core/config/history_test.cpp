#include "core/config/history.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace jackfield;
namespace fs = std::filesystem;

class ConfigHistoryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigHistoryTest);
    CPPUNIT_TEST(the_first_look_records_nothing);
    CPPUNIT_TEST(keeps_what_changed_with_its_author);
    CPPUNIT_TEST(goes_back_over_several_changes);
    CPPUNIT_TEST(a_damaged_revision_is_an_error);
    CPPUNIT_TEST(forgets_the_oldest);
    CPPUNIT_TEST(nobody_else_can_read_it);
    CPPUNIT_TEST_SUITE_END();

    std::string folder_, etc_;

    void write(const std::string& name, const std::string& text) {
        fs::create_directories(fs::path(etc_ + '/' + name).parent_path());
        std::ofstream(etc_ + '/' + name) << text;
    }
    std::string kept() const { return folder_ + "/history"; }
    static std::uint64_t record(ConfigHistory& history, const char* comment = "x") {
        const auto number = history.record("me", comment);
        CPPUNIT_ASSERT_MESSAGE(number ? "" : number.error().text, number.has_value());
        return *number;
    }

  public:
    void setUp() override {
        std::string name = "/tmp/jackfield-history-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        etc_ = folder_ + "/etc";
        write("a.conf", "1\n");
        write("sub/b.conf", "b\n");
        write("notes.txt", "no configuration\n");
    }
    void tearDown() override { fs::remove_all(folder_); }

  private:
    void the_first_look_records_nothing() {
        ConfigHistory history(etc_, kept());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, record(history));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, record(history));
        CPPUNIT_ASSERT(history.list(10)->empty());
    }
    void keeps_what_changed_with_its_author() {
        ConfigHistory history(etc_, kept());
        record(history);
        write("a.conf", "2\n");
        fs::remove(etc_ + "/sub/b.conf");
        write("c.conf", "new\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, history.pending()->size());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, record(history, "three\nfiles"));
        const auto revision = ConfigHistory(etc_, kept()).read(1);  // as after a restart
        CPPUNIT_ASSERT(revision.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("me"), revision->author);
        CPPUNIT_ASSERT_EQUAL(std::string("three files"), revision->comment);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, revision->changes.size());
        CPPUNIT_ASSERT_EQUAL(std::string("--- a/a.conf\n+++ b/a.conf\n@@ -1,1 +1,1 @@\n-1\n+2\n"), to_diff(revision->changes[0]));
        CPPUNIT_ASSERT(!revision->changes[1].before && *revision->changes[1].after == "new\n");
        CPPUNIT_ASSERT(*revision->changes[2].before == "b\n" && !revision->changes[2].after);
    }
    void goes_back_over_several_changes() {
        ConfigHistory history(etc_, kept());
        record(history);
        write("a.conf", "2\n");
        record(history);
        write("a.conf", "3\n");
        write("c.conf", "new\n");
        record(history);
        write("a.conf", "4\n");
        record(history);
        const auto back = history.changes_back_to(1);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, back->size());
        CPPUNIT_ASSERT_EQUAL(std::string("2\n"), *back->at(0).after);
        CPPUNIT_ASSERT_EQUAL(std::string("4\n"), *back->at(0).before);
        CPPUNIT_ASSERT(!back->at(1).after);
        CPPUNIT_ASSERT_EQUAL(std::string("1\n"), *history.changes_back_to(0)->at(0).after);
        CPPUNIT_ASSERT(!history.changes_back_to(9));
    }
    void a_damaged_revision_is_an_error() {
        ConfigHistory history(etc_, kept());
        record(history);
        write("a.conf", "2\n");
        record(history);
        const std::string path = kept() + "/00000001.revision";
        fs::resize_file(path, fs::file_size(path) - 3);
        CPPUNIT_ASSERT(!history.read(1));
        CPPUNIT_ASSERT(history.list(10)->empty());
    }
    void forgets_the_oldest() {
        ConfigHistory history(etc_, kept(), {.revisions = 3});
        record(history);
        for (int i = 2; i < 12; ++i) {
            write("a.conf", std::to_string(i));
            record(history);
        }
        const auto list = history.list(100);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, list->size());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, list->front().number);
        CPPUNIT_ASSERT_EQUAL(std::string("8"), *history.changes_back_to(7)->at(0).after);
    }
    void nobody_else_can_read_it() {
        ConfigHistory history(etc_, kept());
        record(history);
        struct stat status{};
        CPPUNIT_ASSERT_EQUAL(0, ::stat(kept().c_str(), &status));
        CPPUNIT_ASSERT_EQUAL(mode_t{0700}, static_cast<mode_t>(status.st_mode & 0777));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigHistoryTest);
