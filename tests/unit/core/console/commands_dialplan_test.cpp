// dialplan ...: what the commands print and change.
#include <cppunit/extensions/HelperMacros.h>

#include "core/console/core_commands.hpp"
#include "core/console/text_console.hpp"
#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class CommandsDialplanTest : public DialplanTest {
  public:
    void setUp() override {
        DialplanTest::setUp();
        commands = std::make_unique<Module>("core");
        CPPUNIT_ASSERT(add_dialplan_commands(*commands).has_value());
    }
    void tearDown() override {
        commands.reset();
        DialplanTest::tearDown();
    }
    std::string type(const std::string& line) {
        TextConsole console;
        run([&] {
            if (auto done = run_command(console, line); !done) (void)console.print("error: {}\n", done.error().text);
        });
        return console.text();
    }
    void expect(const std::string& line, const std::string& text) { CPPUNIT_ASSERT_EQUAL_MESSAGE(line, text, type(line)); }
    void expect_part(const std::string& line, const std::string& text) {
        const std::string printed = type(line);
        CPPUNIT_ASSERT_MESSAGE(line + ": " + printed, printed.contains(text));
    }

    void the_plan_is_shown_in_known_columns() {
        plan("[default]\nexten => 100,1(start),NoOp(Hello)\n same => n,Answer()\n same => n(end),Hangup()\nexten => 100,hint,Fake/a\n"
             "exten => _2XX/55,1,NoOp()\ninclude => other\nignorepat => 9\nswitch => Lua/x\n[other]\n");
        expect("dialplan show",
               "[ Context 'default' created by 'config' ]\n"
               "  '100' =>          hint: Fake/a                                  [extensions.conf:5]\n"
               "     [start]        1. NoOp(Hello)                                [extensions.conf:2]\n"
               "                    2. Answer()                                   [extensions.conf:3]\n"
               "     [end]          3. Hangup()                                   [extensions.conf:4]\n"
               "  '_2XX' (CID match '55') => 1. NoOp()                                     [extensions.conf:6]\n"
               "  Include =>        'other'                                       [extensions.conf:7]\n"
               "  Ignore pattern => '9'                                           [extensions.conf:8]\n"
               "  Alt. Switch =>    'Lua/x'                                       [extensions.conf:9]\n"
               "\n"
               "[ Context 'other' created by 'config' ]\n"
               "\n"
               "-= 2 extensions (5 priorities) in 2 contexts. =-\n");
    }
    void one_extension_is_shown_with_what_matches_it() {
        plan("[default]\nexten => 100,1,NoOp()\nexten => _1XX,1,Answer()\nexten => 200,1,NoOp()\ninclude => other\n[other]\nexten => _X.,1,Hangup()\n");
        expect("dialplan show 100@default",
               "[ Context 'default' created by 'config' ]\n"
               "  '100' =>          1. NoOp()                                     [extensions.conf:2]\n"
               "  '_1XX' =>         1. Answer()                                   [extensions.conf:3]\n"
               "[ Included context 'other' created by 'config' ]\n"
               "  '_X.' =>          1. Hangup()                                   [extensions.conf:7]\n"
               "\n\n"
               "-= 3 extensions (3 priorities) in 2 contexts. =-\n");
        expect("dialplan show nowhere", "error: There is no existence of 'nowhere' context\n");
        expect("dialplan show x@default", "error: There is no existence of x@default extension\n");
    }
    void extensions_are_added_and_removed() {
        plan("[default]\nexten => 100,1,NoOp()\n");
        expect("dialplan add extension 200,1(here),Dial(Fake/a,20) into default", "Extension '200,1(here),Dial(Fake/a,20)' added into 'default' context\n");
        expect("dialplan add extension 200,2,NoOp,old,style into default", "Extension '200,2,NoOp,old,style' added into 'default' context\n");
        expect_part("dialplan show 200@default", "1. Dial(Fake/a,20)");
        expect_part("dialplan show 200@default", "2. NoOp(old,style)");
        expect_part("dialplan add extension 200,1,NoOp() into default", "error: ");
        expect_part("dialplan add extension 200,1,NoOp(new) into default replace", "added into");
        expect_part("dialplan show 200@default", "1. NoOp(new)");
        expect_part("dialplan add extension 200 into default", "is not of the form");
        expect("dialplan remove extension 200@default 2", "Extension 200@default with priority 2 removed\n");
        expect("dialplan remove extension 200@default", "Whole extension 200@default removed\n");
        expect_part("dialplan remove extension 200@default", "error: ");
        expect("dialplan remove context default", "Removed context 'default'\n");
        expect("dialplan show", "-= 0 extensions (0 priorities) in 0 contexts. =-\n");
    }
    void includes_and_ignored_digits_are_added_and_removed() {
        plan("[default]\nexten => 100,1,NoOp()\n[b]\n");
        expect_part("dialplan add include b into default", "included in");
        expect_part("dialplan show default", "Include =>        'b'");
        expect_part("dialplan remove include b from default", "not including");
        expect_part("dialplan add ignorepat 9 into default", "added into");
        CPPUNIT_ASSERT(current_dialplan()->ignores("default", "9"));
        expect_part("dialplan remove ignorepat 9 from default", "removed from");
        CPPUNIT_ASSERT(!current_dialplan()->ignores("default", "9"));
        expect("dialplan add include b default", "error: Usage: dialplan add include CONTEXT[,TIMES] into CONTEXT\n");
    }
    void variables_are_set_and_shown() {
        expect("dialplan set global A \"one two\"", "\n    -- Global variable 'A' set to 'one two'\n");
        expect("dialplan show globals", "   A=one two\n\n    -- 1 variable(s)\n");
        Custody custody = incoming("a");
        expect(fmt::format("core set chanvar {} x 5", custody->name()),
               fmt::format("\n    -- Channel variable 'x' set to '5' for '{}'\n", custody->name()));
        expect(fmt::format("dialplan show chanvar {}", custody->name()), "x=5\n");
        expect("dialplan show chanvar none", "error: none is not a known channel\n");
    }
    void hints_are_shown() {
        expect("core show hints", "There are no registered dialplan hints\n");
        plan("[default]\nexten => 1,hint,Fake/a\n");
        loop->run_for(std::chrono::milliseconds(20), [] { return false; });
        const std::string row = "1@default           : Fake/a                State:Idle            Presence:not_set         Watchers  0\n";
        expect("core show hints", "\n    -= Registered Jackfield Dial Plan Hints =-\n" + row + "----------------\n- 1 hints registered\n");
        expect("core show hint 1", row + "1 hint matching extension 1\n");
        expect("core show hint 2@default", "No hints matching extension 2@default\n");
    }

    CPPUNIT_TEST_SUITE(CommandsDialplanTest);
    CPPUNIT_TEST(the_plan_is_shown_in_known_columns);
    CPPUNIT_TEST(one_extension_is_shown_with_what_matches_it);
    CPPUNIT_TEST(extensions_are_added_and_removed);
    CPPUNIT_TEST(includes_and_ignored_digits_are_added_and_removed);
    CPPUNIT_TEST(variables_are_set_and_shown);
    CPPUNIT_TEST(hints_are_shown);
    CPPUNIT_TEST_SUITE_END();

  private:
    std::unique_ptr<Module> commands;
};
CPPUNIT_TEST_SUITE_REGISTRATION(CommandsDialplanTest);

}  // namespace
