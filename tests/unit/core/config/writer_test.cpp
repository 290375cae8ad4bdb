#include "core/config/writer.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace jackfield;

class ConfigWriterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigWriterTest);
    CPPUNIT_TEST(writes_back_byte_by_byte_what_was_not_edited);
    CPPUNIT_TEST(sets_a_value_and_keeps_its_comment);
    CPPUNIT_TEST(adds_after_the_last_setting_of_the_section);
    CPPUNIT_TEST(finds_the_section_of_a_type);
    CPPUNIT_TEST(removes_settings_and_sections);
    CPPUNIT_TEST(refuses_what_the_syntax_cannot_hold);
    CPPUNIT_TEST(never_writes_into_a_comment);
    CPPUNIT_TEST(replaces_a_file_and_keeps_its_mode);
    CPPUNIT_TEST_SUITE_END();

    static std::string after(std::string text, std::string_view key, std::string_view value) {
        auto document = ConfigDocument::parse(std::move(text));
        const auto done = document.set({"a", ""}, key, value);
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done);
        CPPUNIT_ASSERT_EQUAL(std::string(value), ConfigDocument::parse(document.text()).value({"a", ""}, key).value());
        return document.text();
    }
    void writes_back_byte_by_byte_what_was_not_edited() {
        for (const std::string text : {"", "\n", "x", "; c\n\n[a]\r\n x=1;--y\n--; \n#include b\n]broken[", "\xef\xbb\xbf", "\xef\xbb\xbf[a]\n"})
            CPPUNIT_ASSERT_EQUAL(text, ConfigDocument::parse(text).text());
    }
    void sets_a_value_and_keeps_its_comment() {
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\n  x   =  2\t; why\n"), after("[a]\n  x   =  1\t; why\n", "X", "2"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx => p\\;q\n"), after("[a]\nx => 1\n", "x", "p;q"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx=1\nx=3\n[b]\nx=2\n"), after("[a]\nx=1\nx=2\n[b]\nx=2\n", "x", "3"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx = 3\n"), after("[a]\nx += 2\n", "x", "3"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx => >3\n"), after("[a]\nx = 2\n", "x", ">3"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx = \n"), after("[a]\nx = 2\n", "x", ""));
    }
    void adds_after_the_last_setting_of_the_section() {
        CPPUNIT_ASSERT_EQUAL(std::string("[a] ; c\nx=1\ny = 2\n\n; about b\n[b]\n"), after("[a] ; c\nx=1\n\n; about b\n[b]\n", "y", "2"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\n\\#k = 2"), after("[a]", "#k", "2"));
        auto document = ConfigDocument::parse("[a]\nallow=ulaw\n");
        CPPUNIT_ASSERT(document.add({"a", ""}, "allow", "gsm", ConfigOperator::arrow));
        CPPUNIT_ASSERT(document.add_section("c", "!,t"));
        CPPUNIT_ASSERT(document.add({"c", ""}, "k", "v", ConfigOperator::append));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nallow=ulaw\nallow => gsm\n\n[c](!,t)\nk += v\n"), document.text());
    }
    void finds_the_section_of_a_type() {
        auto document = ConfigDocument::parse("[1]\ntype=endpoint\n[1]\ntype=auth\nusername=x\n");
        CPPUNIT_ASSERT(document.set({"1", "type=auth"}, "username", "y"));
        CPPUNIT_ASSERT_EQUAL(std::string("[1]\ntype=endpoint\n[1]\ntype=auth\nusername=y\n"), document.text());
        CPPUNIT_ASSERT(document.set({"1", "type=aor"}, "k", "v").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(!document.has({"2", ""}) && document.has({"1", "type=endpoint"}));
    }
    void removes_settings_and_sections() {
        auto document = ConfigDocument::parse("[a]\nx=1\n; stays\nx=2\ny=1\n\n; of b\n[b](t)\nz=1\n[c]\n");
        CPPUNIT_ASSERT(document.remove({"a", ""}, "x", "2"));
        CPPUNIT_ASSERT(document.remove({"a", ""}, "x", "2").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx=1\n; stays\ny=1\n\n; of b\n[b](t)\nz=1\n[c]\n"), document.text());
        CPPUNIT_ASSERT(document.empty_section({"b", ""}));
        CPPUNIT_ASSERT(document.rename_section({"b", ""}, "bb"));
        CPPUNIT_ASSERT(document.remove_section({"a", ""}));
        CPPUNIT_ASSERT_EQUAL(std::string("\n; of b\n[bb](t)\n[c]\n"), document.text());
    }
    void refuses_what_the_syntax_cannot_hold() {
        auto document = ConfigDocument::parse("[a]\nx=1\n");
        for (const std::string_view key : {"", "a=b", "a\nb", "a;b", "a+", " "})
            CPPUNIT_ASSERT(document.add({"a", ""}, key, "v").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(document.set({"a", ""}, "x", "1\n[evil]").error().code == ErrorCode::invalid);
        for (const std::string_view name : {"", "a]b", "a\nb", "a;b"})
            CPPUNIT_ASSERT(document.add_section(name).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(document.add_section("b", "x)(").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx=1\n"), document.text());
    }
    void never_writes_into_a_comment() {
        CPPUNIT_ASSERT_EQUAL(std::string("[a] ;-- one\ntwo --;\nx = 1\n"), after("[a] ;-- one\ntwo --;\n", "x", "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("[a]\nx = 2\n"), after("[a]\nx = 1 ;-- c --;\n", "x", "2"));
        auto document = ConfigDocument::parse("[a]\nx=1 ;--\ny=1\n");
        CPPUNIT_ASSERT(document.set({"a", ""}, "x", "2").error().code == ErrorCode::refused);
        CPPUNIT_ASSERT(document.set({"a", ""}, "y", "2").error().code == ErrorCode::refused);
        CPPUNIT_ASSERT(document.remove({"a", ""}, "x").error().code == ErrorCode::refused);
        CPPUNIT_ASSERT(document.remove_section({"a", ""}).error().code == ErrorCode::refused);
        CPPUNIT_ASSERT(document.add_section("b").error().code == ErrorCode::refused);
    }
    void replaces_a_file_and_keeps_its_mode() {
        std::string name = (std::filesystem::temp_directory_path() / "jf-conf-XXXXXX").string();
        CPPUNIT_ASSERT(::mkdtemp(name.data()));
        const auto path = name + "/a.conf";
        std::ofstream(path) << "old";
        CPPUNIT_ASSERT_EQUAL(0, ::chmod(path.c_str(), 0604));
        CPPUNIT_ASSERT(write_config_file(path, "new\n"));
        std::stringstream text;
        text << std::ifstream(path).rdbuf();
        struct stat status{};
        CPPUNIT_ASSERT_EQUAL(0, ::stat(path.c_str(), &status));
        CPPUNIT_ASSERT_EQUAL(std::string("new\n"), text.str());
        CPPUNIT_ASSERT_EQUAL(0604U, status.st_mode & 0777U);
        CPPUNIT_ASSERT(!write_config_file(name + "/none/a.conf", "x"));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::distance(std::filesystem::directory_iterator(name), {}));
        std::filesystem::remove_all(name);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigWriterTest);
