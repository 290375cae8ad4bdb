#include "modules/res_agi/commands.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "core/base/strings.hpp"
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/events.hpp"
#include "modules/res_agi/launch.hpp"

using namespace jackfield;
using namespace jackfield::agi;

class AgiCommandsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgiCommandsTest);
    CPPUNIT_TEST(finds_commands_letter_case_aside);
    CPPUNIT_TEST(no_command_hides_another);
    CPPUNIT_TEST(every_command_has_its_documentation);
    CPPUNIT_TEST(replies_are_one_line_whatever_the_value);
    CPPUNIT_TEST(reads_server_addresses);
    CPPUNIT_TEST(refuses_wrong_server_addresses);
    CPPUNIT_TEST(encodes_all_but_unreserved_characters);
    CPPUNIT_TEST_SUITE_END();

    static std::string found(std::string_view line) {
        const auto words = split_words(line);
        const Command* command = find_command(words);
        return command ? std::string(command->name) : "none";
    }

    void finds_commands_letter_case_aside() {
        CPPUNIT_ASSERT_EQUAL(std::string("get full variable"), found("GET Full VARIABLE ${EXTEN}"));
        CPPUNIT_ASSERT_EQUAL(std::string("say date"), found("say date 0 \"\""));
        CPPUNIT_ASSERT_EQUAL(std::string("say datetime"), found("say datetime 0 \"\""));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found("get full"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found("say"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found(""));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), found("answerx"));
    }
    void no_command_hides_another() {
        for (const Command* command : all_commands()) CPPUNIT_ASSERT_EQUAL(std::string(command->name), found(command->name));
    }
    void every_command_has_its_documentation() {
        for (const Command* command : all_commands()) {
            CPPUNIT_ASSERT(!command->synopsis.empty() && !command->text.empty());
            const std::size_t own = split(command->name, ' ').size();
            CPPUNIT_ASSERT(command->least >= own && command->most >= command->least);
            CPPUNIT_ASSERT(usage_of(*command).starts_with("Usage: " + to_upper(command->name)));
            CPPUNIT_ASSERT(usage_of(*command).ends_with('\n'));
        }
    }
    void replies_are_one_line_whatever_the_value() {
        CPPUNIT_ASSERT_EQUAL(std::string("200 result=1 (a  200 result=2)\n"), in_parentheses("a\r\n200 result=2").text);
        CPPUNIT_ASSERT_EQUAL(std::string("200 result=0\n"), result(0).text);
        CPPUNIT_ASSERT_EQUAL(std::string("200 result=12 (timeout)\n"), result("12", "(timeout)").text);
        CPPUNIT_ASSERT_EQUAL(std::string("200 result=1 ()\n"), in_parentheses("").text);
        CPPUNIT_ASSERT_EQUAL(std::string("200 result=35 endpos=8\n"), key_pressed('#', "endpos=8").text);
        CPPUNIT_ASSERT(failed().kind == Reply::Kind::failed);
    }
    static std::string server(std::string_view url) {
        const auto read = parse_server(url);
        if (!read) return "wrong";
        return fmt::format("{} {} {}{}", read->host, read->port, read->path, read->by_srv ? " srv" : "");
    }
    void reads_server_addresses() {
        CPPUNIT_ASSERT_EQUAL(std::string("host 4573 "), server("agi://host"));
        CPPUNIT_ASSERT_EQUAL(std::string("host 4573 "), server("agi://host/"));
        CPPUNIT_ASSERT_EQUAL(std::string("10.0.0.1 4000 a/b?c=d:e"), server("agi://10.0.0.1:4000/a/b?c=d:e"));
        CPPUNIT_ASSERT_EQUAL(std::string("::1 4573 x"), server("AGI://[::1]/x"));
        CPPUNIT_ASSERT_EQUAL(std::string("::1 4000 "), server("agi://[::1]:4000"));
        CPPUNIT_ASSERT_EQUAL(std::string("host 4573 x srv"), server("hagi://host/x"));
    }
    void refuses_wrong_server_addresses() {
        for (const char* url : {"agi://", "agi:///x", "agi://host:", "agi://host:0", "agi://host:70000", "agi://host:x", "agi://[::1", "agi://[::1]x"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(url, std::string("wrong"), server(url));
    }
    void encodes_all_but_unreserved_characters() {
        CPPUNIT_ASSERT_EQUAL(std::string("200%20result%3D1%20%28a-b_c.d~%29%0A"), percent_encoded("200 result=1 (a-b_c.d~)\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("%C3%A9%00"), percent_encoded(std::string_view("\xc3\xa9\0", 3)));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AgiCommandsTest);
