// Searching plans, and making the next one from the one in use.
#include "core/dialplan/plan.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/dialplan/plan_builder.hpp"

namespace jackfield {
namespace {

const PlanOrigin file_origin{Name("pbx_config"), Name("extensions.conf"), 1};
const PlanOrigin parking_origin{Name("res_parking"), Name(), 0};

class PlanTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PlanTest);
    CPPUNIT_TEST(finds_own_extensions_before_included_ones);
    CPPUNIT_TEST(passes_over_an_extension_without_the_priority);
    CPPUNIT_TEST(says_how_far_it_came);
    CPPUNIT_TEST(includes_hold_at_their_times);
    CPPUNIT_TEST(circles_of_includes_end);
    CPPUNIT_TEST(asks_switches_before_includes);
    CPPUNIT_TEST(asks_the_overriding_switch_first);
    CPPUNIT_TEST(finds_labels);
    CPPUNIT_TEST(finds_by_caller);
    CPPUNIT_TEST(finds_hints_of_patterns);
    CPPUNIT_TEST(overlap_dialling_needs_priority_one);
    CPPUNIT_TEST(ignores_digits);
    CPPUNIT_TEST(a_change_leaves_the_old_plan_as_it_was);
    CPPUNIT_TEST(a_reload_keeps_what_others_added);
    CPPUNIT_TEST(removes_extensions_and_priorities);
    CPPUNIT_TEST(refuses_what_is_there_already);
    CPPUNIT_TEST(a_finished_plan_is_never_changed_by_its_builder);
    CPPUNIT_TEST_SUITE_END();

    DialplanBuilder builder_;

    static void add(DialplanBuilder& builder, std::string_view context, std::string_view extension, int priority,
                    std::string_view application, std::string_view label = {}, const PlanOrigin& origin = file_origin) {
        CPPUNIT_ASSERT(builder.add({.context = context,
                                    .extension = extension,
                                    .priority = priority,
                                    .label = label,
                                    .application = application,
                                    .origin = origin}));
    }
    void add(std::string_view context, std::string_view extension, int priority, std::string_view application,
             std::string_view label = {}) {
        add(builder_, context, extension, priority, application, label);
    }
    void include(std::string_view context, std::string_view text) {
        CPPUNIT_ASSERT(builder_.add_include(context, text, file_origin));
    }
    static std::string application(const Dialplan& plan, std::string_view context, std::string_view extension,
                                   int priority = 1) {
        const auto found = plan.find({.context = context, .extension = extension, .priority = priority});
        return found.priority ? found.priority->application.text() : "";
    }

    void finds_own_extensions_before_included_ones() {
        add("inner", "100", 1, "Inner");
        add("inner", "200", 1, "Inner");
        add("outer", "_1XX", 1, "Outer");
        add("second", "200", 1, "Second");
        add("second", "300", 1, "Second");
        include("outer", "inner");
        include("outer", "second");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT_EQUAL(std::string("Outer"), application(*plan, "outer", "100"));
        CPPUNIT_ASSERT_EQUAL(std::string("Inner"), application(*plan, "outer", "200"));
        CPPUNIT_ASSERT_EQUAL(std::string("Second"), application(*plan, "outer", "300"));
        CPPUNIT_ASSERT_EQUAL(std::string("inner"), plan->find({.context = "outer", .extension = "200"}).context->name);
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*plan, "inner", "300"));
    }
    void passes_over_an_extension_without_the_priority() {
        add("a", "100", 1, "First");
        add("a", "_1XX", 1, "Wide");
        add("a", "_1XX", 2, "Second");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT_EQUAL(std::string("First"), application(*plan, "a", "100", 1));
        CPPUNIT_ASSERT_EQUAL(std::string("Second"), application(*plan, "a", "100", 2));
    }
    void says_how_far_it_came() {
        add("a", "100", 1, "NoOp");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT(plan->find({.context = "b", .extension = "100"}).status == PlanStatus::no_context);
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "101"}).status == PlanStatus::no_extension);
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "100", .priority = 2}).status ==
                       PlanStatus::no_priority);
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "100", .label = "x"}).status == PlanStatus::no_label);
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "100"}).status == PlanStatus::found);
        CPPUNIT_ASSERT(!Dialplan().find({.context = "a", .extension = "100"}));
    }
    void includes_hold_at_their_times() {
        add("day", "s", 1, "Day");
        add("night", "s", 1, "Night");
        include("a", "day,9:00-17:00,mon-fri,*,*,UTC");
        include("a", "night");
        const auto plan = builder_.build();
        const auto at = [&](int hour) {
            const WallTime monday = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + std::chrono::hours(hour);
            return plan->find({.context = "a", .extension = "s", .at = monday}).priority->application.text();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("Day"), at(12));
        CPPUNIT_ASSERT_EQUAL(std::string("Night"), at(20));
    }
    void circles_of_includes_end() {
        for (const auto& [from, to] :
             {std::pair("a", "b"), std::pair("b", "c"), std::pair("c", "a"), std::pair("c", "c")})
            include(from, to);
        add("c", "100", 1, "NoOp");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp"), application(*plan, "a", "100"));
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*plan, "a", "200"));
        for (int i = 0; i < 1000; ++i)
            CPPUNIT_ASSERT(
                builder_.add_include("chain" + std::to_string(i), "chain" + std::to_string(i + 1), file_origin));
        add("chain1000", "100", 1, "NoOp");
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*builder_.build(), "chain0", "100"));
    }
    void asks_switches_before_includes() {
        add("inner", "100", 1, "Inner");
        add("a", "50", 1, "Own");
        include("a", "inner");
        CPPUNIT_ASSERT(builder_.add_switch("a", "IAX2/user@host/context", false, file_origin));
        CPPUNIT_ASSERT(builder_.add_switch("inner", "Lua", true, file_origin));
        const auto plan = builder_.build();
        std::vector<std::string> asked;
        const auto never = [&](const Context& context, const Switch& entry, const PlanQuery&) {
            asked.push_back(context.name + ":" + entry.name + ":" + entry.data);
            return false;
        };
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "100"}, never));
        CPPUNIT_ASSERT(asked == std::vector<std::string>{"a:IAX2:user@host/context"});
        CPPUNIT_ASSERT(!plan->find({.context = "a", .extension = "999"}, never));
        CPPUNIT_ASSERT_EQUAL(std::string("inner:Lua:"), asked.back());
        const auto always = [](const Context&, const Switch&, const PlanQuery&) { return true; };
        CPPUNIT_ASSERT(plan->find({.context = "a", .extension = "50"}, always).priority);
        const PlanMatch by_switch = plan->find({.context = "a", .extension = "100"}, always);
        CPPUNIT_ASSERT(by_switch && !by_switch.priority && by_switch.by_switch->name == "IAX2");
    }
    void asks_the_overriding_switch_first() {
        add("a", "100", 1, "Own");
        DialplanSettings settings;
        settings.override_switch = "Realtime/all@extensions";
        builder_.set_settings(settings);
        const auto plan = builder_.build();
        const PlanMatch found = plan->find(
            {.context = "a", .extension = "100"},
            [](const Context&, const Switch& entry, const PlanQuery&) { return entry.data == "all@extensions"; });
        CPPUNIT_ASSERT(found.by_switch && found.by_switch->name == "Realtime");
        CPPUNIT_ASSERT_EQUAL(std::string("Own"), application(*plan, "a", "100"));
    }
    void finds_labels() {
        add("a", "100", 1, "NoOp");
        add("a", "100", 2, "There", "here");
        add("b", "_X.", 7, "Other", "far");
        include("a", "b");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT_EQUAL(2, plan->find({.context = "a", .extension = "100", .label = "here"}).priority->number);
        CPPUNIT_ASSERT_EQUAL(7, plan->find({.context = "a", .extension = "100", .label = "far"}).priority->number);
    }
    void finds_by_caller() {
        const auto add_for = [&](std::optional<std::string_view> caller, std::string_view name) {
            CPPUNIT_ASSERT(builder_.add(
                {.context = "a", .extension = "100", .caller_id = caller, .application = name, .origin = file_origin}));
        };
        add_for(std::nullopt, "All");
        add_for("5551212", "One");
        add_for("_555X.", "Group");
        add_for("", "Anonymous");
        const auto plan = builder_.build();
        const auto by = [&](std::string_view caller) {
            return plan->find({.context = "a", .extension = "100", .caller_id = caller}).priority->application.text();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("One"), by("5551212"));
        CPPUNIT_ASSERT_EQUAL(std::string("Group"), by("5559"
                                                      "99"));
        CPPUNIT_ASSERT_EQUAL(std::string("Anonymous"), by(""));
        CPPUNIT_ASSERT_EQUAL(std::string("All"), by("999"));
    }
    void finds_hints_of_patterns() {
        CPPUNIT_ASSERT(builder_.add({.context = "a",
                                     .extension = "_6XXX",
                                     .priority = hint_priority,
                                     .arguments = "PJSIP/${EXTEN}&Custom:x,CustomPresence:y",
                                     .origin = file_origin}));
        const auto plan = builder_.build();
        CPPUNIT_ASSERT_EQUAL(std::string("PJSIP/${EXTEN}&Custom:x,CustomPresence:y"),
                             plan->hint("a", "6001")->arguments.source_text());
        CPPUNIT_ASSERT(!plan->hint("a", "7001"));
        CPPUNIT_ASSERT(!plan->exists({.context = "a", .extension = "6001"}));
    }
    void overlap_dialling_needs_priority_one() {
        add("a", "123", 1, "NoOp");
        add("a", "_45!", 1, "NoOp");
        add("a", "4567", 1, "NoOp");
        add("a", "789", 2, "NoOp");
        const auto plan = builder_.build();
        const auto is = [&](std::string_view number, MatchMode mode) {
            return plan->exists({.context = "a", .extension = number, .mode = mode});
        };
        CPPUNIT_ASSERT(is("12", MatchMode::can_match) && is("12", MatchMode::match_more) &&
                       !is("12", MatchMode::match));
        CPPUNIT_ASSERT(is("123", MatchMode::match) && !is("123", MatchMode::match_more));
        CPPUNIT_ASSERT(!is("78", MatchMode::can_match));
        CPPUNIT_ASSERT(is("45", MatchMode::match) && is("4567", MatchMode::match));
        CPPUNIT_ASSERT(!is("459", MatchMode::match_more) && is("456", MatchMode::match_more));
        CPPUNIT_ASSERT(is("", MatchMode::match_more));
    }
    void ignores_digits() {
        CPPUNIT_ASSERT(builder_.add_ignore_pattern("a", "9", file_origin));
        CPPUNIT_ASSERT(builder_.add_ignore_pattern("a", "_8X", file_origin));
        const auto plan = builder_.build();
        CPPUNIT_ASSERT(plan->ignores("a", "9") && plan->ignores("a", "85") && !plan->ignores("a", "91") &&
                       !plan->ignores("b", "9"));
    }
    void a_change_leaves_the_old_plan_as_it_was() {
        for (int i = 0; i < 200; ++i) add("a", std::to_string(1000 + i), 1, "Old");
        add("b", "1", 1, "NoOp");
        const auto first = builder_.build();
        DialplanBuilder next(first);
        add(next, "a", "1000", 2, "New");
        add(next, "a", "7000", 1, "New");
        CPPUNIT_ASSERT(next.remove("a", "1001"));
        const auto second = next.build();
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*first, "a", "1000", 2));
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*first, "a", "7000"));
        CPPUNIT_ASSERT_EQUAL(std::string("Old"), application(*first, "a", "1001"));
        CPPUNIT_ASSERT_EQUAL(std::string("New"), application(*second, "a", "1000", 2));
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*second, "a", "1001"));
        CPPUNIT_ASSERT(first->context("b") == second->context("b"));
        CPPUNIT_ASSERT(first->find({.context = "a", .extension = "1100"}).extension ==
                       second->find({.context = "a", .extension = "1100"}).extension);
    }
    void a_reload_keeps_what_others_added() {
        add("a", "100", 1, "File");
        add("gone", "1", 1, "File");
        add(builder_, "a", "700", 1, "Park", {}, parking_origin);
        add(builder_, "a", "100", 2, "Park", {}, parking_origin);
        add(builder_, "parkedcalls", "701", 1, "ParkedCall", {}, parking_origin);
        CPPUNIT_ASSERT(builder_.add_include("a", "parkedcalls", parking_origin));
        include("a", "gone");
        DialplanBuilder next(builder_.build());
        next.remove_registrar(Name("pbx_config"));
        add(next, "a", "200", 1, "File");
        const auto plan = next.build();
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*plan, "a", "100"));
        CPPUNIT_ASSERT_EQUAL(std::string("Park"), application(*plan, "a", "100", 2));
        CPPUNIT_ASSERT_EQUAL(std::string("Park"), application(*plan, "a", "700"));
        CPPUNIT_ASSERT_EQUAL(std::string("ParkedCall"), application(*plan, "a", "701"));
        CPPUNIT_ASSERT_EQUAL(std::string("File"), application(*plan, "a", "200"));
        CPPUNIT_ASSERT(!plan->context("gone"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, plan->context("a")->includes.size());
    }
    void removes_extensions_and_priorities() {
        add("a", "100", 1, "One");
        add("a", "100", 2, "Two");
        CPPUNIT_ASSERT(builder_.add(
            {.context = "a", .extension = "100", .caller_id = "5", .application = "Five", .origin = file_origin}));
        CPPUNIT_ASSERT(builder_.remove("a", "100", std::nullopt, 2));
        CPPUNIT_ASSERT(!builder_.remove("a", "100", std::nullopt, 2));
        CPPUNIT_ASSERT(!builder_.remove("a", "100", std::nullopt, 1, Name("res_parking")));
        CPPUNIT_ASSERT(builder_.plan().find({.context = "a", .extension = "100", .caller_id = "5"}));
        CPPUNIT_ASSERT(builder_.remove("a", "100", "5"));
        CPPUNIT_ASSERT_EQUAL(std::string("One"), application(builder_.plan(), "a", "100"));
        CPPUNIT_ASSERT(builder_.remove("a", "100"));
        CPPUNIT_ASSERT(builder_.remove("a", "100").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(builder_.remove("b", "100").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(builder_.remove_context("a") && !builder_.remove_context("a"));
    }
    void refuses_what_is_there_already() {
        add("a", "_X", 1, "First", "here");
        const ExtensionLine again{
            .context = "a", .extension = "_[0-9]", .application = "Second", .origin = file_origin};
        const auto refused = builder_.add(again);
        CPPUNIT_ASSERT(refused.error().code == ErrorCode::exists);
        CPPUNIT_ASSERT(refused.error().text.find("extensions.conf:1") != std::string::npos);
        CPPUNIT_ASSERT(builder_.add(again, true));
        CPPUNIT_ASSERT_EQUAL(std::string("Second"), application(builder_.plan(), "a", "5"));
        add("a", "_X", 2, "Third", "here");
        CPPUNIT_ASSERT(
            !builder_.add({.context = "a", .extension = "_X", .priority = 3, .label = "here", .application = "X"}));
        CPPUNIT_ASSERT(builder_.add({.context = "a", .extension = "_X", .priority = 0}).error().code ==
                       ErrorCode::invalid);
        CPPUNIT_ASSERT(builder_.add({.context = "a", .extension = "_[1"}).error().code == ErrorCode::invalid);
        include("a", "b");
        CPPUNIT_ASSERT(builder_.add_include("a", "b", file_origin).error().code == ErrorCode::exists);
        CPPUNIT_ASSERT(builder_.remove_include("a", "b") && !builder_.remove_include("a", "b"));
    }
    void a_finished_plan_is_never_changed_by_its_builder() {
        add("a", "100", 1, "One");
        const auto plan = builder_.build();
        CPPUNIT_ASSERT(!builder_.has_context("a"));
        add("a", "200", 1, "Two");
        CPPUNIT_ASSERT_EQUAL(std::string(), application(*plan, "a", "200"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PlanTest);

}  // namespace
}  // namespace jackfield
