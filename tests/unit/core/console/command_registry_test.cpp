// Commands: words, abbreviations, completion, permissions, running.
#include "core/console/command_registry.hpp"

#include "core/base/strings.hpp"
#include "core/console/permissions.hpp"
#include "core/console/text_console.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;

namespace {

class CommandRegistryTest : public testing::LoopTest {
    CPPUNIT_TEST_SUITE(CommandRegistryTest);
    CPPUNIT_TEST(splits_lines_at_blanks_but_not_in_quotes);
    CPPUNIT_TEST(tells_literal_words_from_arguments);
    CPPUNIT_TEST(finds_commands_by_unambiguous_abbreviations);
    CPPUNIT_TEST(prefers_a_word_in_full_to_longer_ones);
    CPPUNIT_TEST(names_the_candidates_of_an_ambiguous_word);
    CPPUNIT_TEST(leaves_arguments_alone_that_look_like_other_commands);
    CPPUNIT_TEST(names_the_unknown_command);
    CPPUNIT_TEST(completes_words_and_arguments);
    CPPUNIT_TEST(forgets_a_command_when_its_module_goes);
    CPPUNIT_TEST(follows_aliases_and_ends_their_circles);
    CPPUNIT_TEST(gives_the_arguments_to_the_command_and_returns_its_error);
    CPPUNIT_TEST(turns_exceptions_into_errors);
    CPPUNIT_TEST(refuses_commands_while_their_module_is_unloading);
    CPPUNIT_TEST(refuses_what_a_user_may_not_do);
    CPPUNIT_TEST_SUITE_END();

    void splits_lines_at_blanks_but_not_in_quotes() {
        const CommandLine line = split_command_line(R"(  put a "b c" d\ e "q\"r" )");
        CPPUNIT_ASSERT_EQUAL(std::string("put|a|b c|d e|q\"r"), join(line.words, "|"));
        CPPUNIT_ASSERT(!line.ends_in_word);
        CPPUNIT_ASSERT(split_command_line("core sh").ends_in_word);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, split_command_line("get \"\"").words.size());
        CPPUNIT_ASSERT_EQUAL(std::string("b c"), split_command_line(quote_word("b c")).words.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("a\"\\"), split_command_line(quote_word("a\"\\")).words.at(0));
    }
    void tells_literal_words_from_arguments() {
        const CommandPattern pattern = CommandPattern::parse("core show channels [concise|verbose|count] NAME");
        CPPUNIT_ASSERT_EQUAL(std::string("core show channels"), join(pattern.literal, " "));
        CPPUNIT_ASSERT_EQUAL(std::string("concise verbose count"), join(pattern.alternatives(0), " "));
        CPPUNIT_ASSERT(pattern.alternatives(1).empty());
        CPPUNIT_ASSERT(pattern.alternatives(2).empty());
    }
    void finds_commands_by_unambiguous_abbreviations() {
        CPPUNIT_ASSERT_EQUAL(std::string("alpha show channels"), found("al sh channels"));
        CPPUNIT_ASSERT_EQUAL(std::string("beta stop"), found("b st"));
        // "alp se" leads on through one of the two words that begin with "a" only.
        CPPUNIT_ASSERT_EQUAL(std::string("alpine set"), found("al se 5"));
    }
    void prefers_a_word_in_full_to_longer_ones() {
        CPPUNIT_ASSERT_EQUAL(std::string("alpha show channel"), found("alpha show channel"));
        CPPUNIT_ASSERT_EQUAL(std::string("alpha show channels"), found("alpha show channels"));
    }
    void names_the_candidates_of_an_ambiguous_word() {
        const auto ambiguous = registry().find(words("al"));
        CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, ambiguous.error().code);
        CPPUNIT_ASSERT(ambiguous.error().text.find("alpha, alpine") != std::string::npos);
    }
    void leaves_arguments_alone_that_look_like_other_commands() {
        const auto match = registry().find(words("alpha show like st"));
        CPPUNIT_ASSERT_EQUAL(std::string("alpha show"), match.value().command->name);
        CPPUNIT_ASSERT_EQUAL(std::string("like st"), join(match->arguments, " "));
    }
    void names_the_unknown_command() {
        const auto missing = registry().find(words("gamma ray"));
        CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, missing.error().code);
        CPPUNIT_ASSERT_EQUAL(std::string("No such command 'gamma ray' (type 'core show help gamma ray' for other "
                                         "possible commands)"),
                             missing.error().text);
        CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, registry().find(words("alpha")).error().code);
    }
    void completes_words_and_arguments() {
        CPPUNIT_ASSERT_EQUAL(std::string("alpha alpine"), completed("al"));
        CPPUNIT_ASSERT_EQUAL(std::string("channel channels"), completed("alpha show ch"));
        CPPUNIT_ASSERT_EQUAL(std::string("concise count verbose"), completed("alpha show channels "));
        CPPUNIT_ASSERT_EQUAL(std::string("concise count"), completed("alpha sh channels co"));
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/one"), completed("alpha show channel sip/o"));
        CPPUNIT_ASSERT_EQUAL(std::string(""), completed("gamma "));
        CPPUNIT_ASSERT(completed("").find("alpha alpine beta") != std::string::npos);
    }
    void forgets_a_command_when_its_module_goes() {
        {
            Module module("passing");
            CPPUNIT_ASSERT(module.add(CommandInfo{"passing cloud", "s", "t"}, nothing).has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("passing cloud"), found("passing cloud"));
            const auto again = module.add(CommandInfo{"passing cloud", "s", "t"}, nothing);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::exists, again.error().code);
        }
        CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, registry().find(words("passing cloud")).error().code);
        CPPUNIT_ASSERT_EQUAL(std::string(""), completed("pass"));
    }
    void follows_aliases_and_ends_their_circles() {
        const auto alias = add_command_alias("greet", "beta echo hello");
        const auto first = add_command_alias("left", "right");
        const auto second = add_command_alias("right", "left");
        run("greet world");
        CPPUNIT_ASSERT_EQUAL(std::string("hello world\n"), console_.text());
        CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, run("left").error().code);
    }
    void gives_the_arguments_to_the_command_and_returns_its_error() {
        CPPUNIT_ASSERT(run("beta echo \"a b\" c").has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a b c\n"), console_.text());
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, run("beta stop").error().code);
        CPPUNIT_ASSERT(run("   ").has_value());
    }
    void turns_exceptions_into_errors() {
        CPPUNIT_ASSERT(module_->add(CommandInfo{"beta throw", "s", "t"}, [](Console&, CommandWords) -> Result<void> {
            throw std::runtime_error("out of paper");
        }).has_value());
        CPPUNIT_ASSERT(run("beta throw").error().text.find("out of paper") != std::string::npos);
    }
    void refuses_commands_while_their_module_is_unloading() {
        module_->gate().close();
        CPPUNIT_ASSERT_EQUAL(ErrorCode::unloading, run("beta echo x").error().code);
        module_->gate().open();
    }
    void refuses_what_a_user_may_not_do() {
        CommandPermissions permissions;
        permissions.subjects = {{true, "office", {{true, "alpha show"}, {false, "alpha show channels"}}},
                                {false, "carol", {{true, "all"}}}};
        CPPUNIT_ASSERT(permissions.allows("bob", {}, "beta echo", false));
        CPPUNIT_ASSERT(!permissions.allows("bob", {}, "core stop now", true));
        CPPUNIT_ASSERT(permissions.allows("carol", {}, "core stop now", true));
        permissions.permit_by_default = false;
        CPPUNIT_ASSERT(!permissions.allows("bob", {}, "beta echo", false));
        CPPUNIT_ASSERT(permissions.allows("bob", {"office"}, "alpha show channel", false));
        CPPUNIT_ASSERT(!permissions.allows("bob", {"office"}, "alpha show channels", false));
        CPPUNIT_ASSERT(!permissions.allows("bob", {"office"}, "alpha shows", false));
        set_command_permissions(permissions);
        console_.set_user(54321);
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, run("beta echo x").error().code);
        console_.set_user(0);
        CPPUNIT_ASSERT(run("beta echo x").has_value());
        set_command_permissions({});
    }

    static CommandRegistry& registry() { return CommandRegistry::instance(); }
    static std::vector<std::string> words(std::string_view line) { return split_command_line(line).words; }
    static std::string found(std::string_view line) {
        const auto match = registry().find(words(line));
        return match ? match->command->name : match.error().text;
    }
    static std::string completed(std::string_view line) { return join(registry().complete(line), " "); }
    static Result<void> nothing(Console&, CommandWords) { return {}; }

    Result<void> run(std::string_view line) {
        Result<void> result;
        ControlLoop loop;
        testing::run_on_fiber(loop, [&] { result = run_command(console_, line); });
        return result;
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        module_ = std::make_unique<Module>("commands");
        const auto add = [this](const CommandInfo& info, CommandFunction function, CommandCompletion completion = {}) {
            CPPUNIT_ASSERT(module_->add(info, std::move(function), std::move(completion)).has_value());
        };
        add({"alpha show [like] [TEXT]", "s", "t"}, nothing);
        add({"alpha show channels [concise|verbose|count]", "s", "t"}, nothing);
        add({"alpha show channel NAME", "s", "t"}, nothing,
            [](CommandWords, std::size_t, std::string_view) { return std::vector<std::string>{"SIP/one", "SIP/two"}; });
        add({"alpine set LEVEL", "s", "t"}, nothing);
        add({"beta stop", "s", "t", true},
            [](Console&, CommandWords) -> Result<void> { return fail(ErrorCode::refused, "not today"); });
        add({"beta echo [words...]", "s", "t"},
            [](Console& console, CommandWords arguments) { return console.print("{}\n", join(arguments, " ")); });
        console_.clear();
    }
    void tearDown() override {
        module_.reset();
        LoopTest::tearDown();
    }

  private:
    std::unique_ptr<Module> module_;
    TextConsole console_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CommandRegistryTest);

}  // namespace
