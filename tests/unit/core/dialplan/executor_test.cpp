// Calls in the dialplan: order of priorities, jumps, routines, special extensions, endings.
#include "core/dialplan/executor.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <mutex>

#include "core/base/log_sink.hpp"
#include "core/dialplan/dialplan_switch.hpp"
#include "core/dialplan/trace.hpp"
#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

constexpr ApplicationInfo named(const char* name) {
    ApplicationInfo info{.name = "x", .syntax = "x", .synopsis = "x", .text = "x"};
    info.name.text = name;
    return info;
}
constexpr FunctionInfo function_named(const char* name) {
    FunctionInfo info{.name = "x", .syntax = "x", .synopsis = "x", .text = "x"};
    info.name.text = name;
    return info;
}

class ExecutorTest : public DialplanTest {
  public:
    void setUp() override {
        DialplanTest::setUp();
        apps = std::make_unique<Module>("app_test");
        add("Mark", [this](Channel&, const Arguments& arguments) -> Result<void> {
            trace.emplace_back(arguments.raw());
            return {};
        });
        add("Goto", [](Channel& channel, const Arguments& arguments) -> Result<void> {
            go_to(channel, JF_TRY(resolve_place(channel, arguments.raw())));
            return {};
        });
        add("Gosub", [](Channel& channel, const Arguments& arguments) { return enter_gosub(channel, arguments.raw()); });
        add("Return", [](Channel& channel, const Arguments& arguments) { return return_from_gosub(channel, arguments.raw()); });
        add("Set", [](Channel& channel, const Arguments& arguments) {
            const Halves halves = split_once(arguments.raw(), '=');
            return write_expression(&channel, halves.first, halves.second);
        });
        add("Wait", [](Channel& channel, const Arguments& arguments) {
            return channel.wait(std::chrono::milliseconds(parse_number<int>(arguments[0]).value_or(0)));
        });
        add("Park", [this](Channel& channel, const Arguments&) -> Result<void> {
            trace.emplace_back("waits");
            const auto ended = channel.wait(std::chrono::hours(1));
            trace.emplace_back(to_string(ended ? ErrorCode::timeout : ended.error().code));
            return ended;
        });
        add("Hangup", [](Channel& channel, const Arguments&) -> Result<void> {
            channel.hang_up(HangupCause::user_busy);
            return fail(ErrorCode::hangup);
        });
        add("Fail", [](Channel&, const Arguments&) -> Result<void> { return fail(ErrorCode::invalid, "as asked"); });
        add("Throw", [](Channel&, const Arguments&) -> Result<void> { throw std::runtime_error("as asked"); });
        add("Deaf", [this](Channel& channel, const Arguments&) -> Result<void> {
            trace.emplace_back("deaf");
            for (;;) (void)channel.wait(std::chrono::milliseconds(1));
        });
        add("Raise", [](Channel& channel, const Arguments& arguments) { return raise_exception(channel, arguments.raw()); });
    }
    void tearDown() override {
        wait_for([] { return channel_count() == 0; });
        DialplanTest::tearDown();
        apps.reset();
    }
    void add(const char* name, ApplicationFunction function) {
        CPPUNIT_ASSERT(apps->add(named(name), std::move(function)).has_value());
    }
    void expect(const std::string& text) { CPPUNIT_ASSERT_EQUAL(text, traced()); }

    void runs_priorities_in_order_and_hangs_up_at_the_end() {
        plan("[default]\nexten => 1,1,Mark(${EXTEN}@${CONTEXT}:${PRIORITY})\n same => n,Mark(${CHANNEL:0:6})\n");
        run_call("1");
        expect("1@default:1 Fake/a");
        CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("hang up 16"));
    }
    void goes_to_labels_and_relative_priorities() {
        plan("[default]\nexten => 1,1,Goto(there)\n same => n,Mark(wrong)\n same => n(there),Goto(+2)\n"
             " same => n,Mark(wrong)\n same => n,Goto(other,2,1)\n[other]\nexten => 2,1,Mark(${CONTEXT})\n");
        run_call("1");
        expect("other");
    }
    void a_missing_label_ends_the_call() {
        plan("[default]\nexten => 1,1,Goto(nowhere)\n same => n,Mark(wrong)\n");
        run_call("1");
        expect("");
    }
    void applications_are_found_when_a_variable_names_them() {
        plan("[default]\nexten => 1,1,Set(app=Mark)\n same => n,${app}(found)\n");
        run_call("1");
        expect("found");
    }
    void a_failed_application_leads_to_e_once() {
        plan("[default]\nexten => 1,1,Fail()\nexten => e,1,Mark(e)\n same => n,Fail()\n same => n,Mark(wrong)\n");
        run_call("1");
        expect("e");
        trace.clear();
        plan("[default]\nexten => 1,1,Throw()\nexten => h,1,Mark(h)\n");
        run_call("1");
        expect("h");
    }
    void an_unknown_application_ends_the_call() {
        plan("[default]\nexten => 1,1,Marc(x)\n same => n,Mark(wrong)\n");
        run_call("1");
        expect("");
    }
    void raised_exceptions_are_remembered() {
        plan("[default]\nexten => 1,1,Raise(mine)\nexten => e,1,Park()\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        Channel& channel = channel_of(id);
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), call_state(channel).exception->reason);
        CPPUNIT_ASSERT_EQUAL(std::string("1"), call_state(channel).exception->place.extension);
        channel.hang_up(HangupCause::normal_clearing);
        wait_for_end();
    }

    // --- special extensions ---------------------------------------------------------------------------------------------

    void an_unknown_extension_leads_to_i() {
        plan("[default]\nexten => 1,1,Goto(99,1)\nexten => i,1,Mark(i:${INVALID_EXTEN})\n");
        run_call("1");
        expect("i:99");
    }
    void without_i_it_leads_to_e() {
        plan("[default]\nexten => 1,1,Goto(99,1)\nexten => e,1,Mark(e)\n");
        run_call("1");
        expect("e");
    }
    void a_call_to_nowhere_begins_at_s() {
        plan("[default]\nexten => s,1,Mark(s)\n");
        run_call("77");
        expect("s");
    }
    void the_h_extension_runs_after_the_end_and_may_wait() {
        plan("[default]\nexten => 1,1,Hangup()\nexten => h,1,Wait(2)\n same => n,Mark(h:${HANGUPCAUSE})\n same => n,Goto(x)\n"
             " same => n,Mark(wrong)\n same => n(x),Mark(x)\n");
        run_call("1");
        expect("h:17 x");
        CPPUNIT_ASSERT_EQUAL(1L, phone("a").times("hang up 17"));
    }
    void hangup_of_the_far_side_interrupts_and_runs_h() {
        plan("[default]\nexten => 1,1,Park()\n same => n,Mark(wrong)\nexten => h,1,Mark(h)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        channel_of(id).remote_hung_up(HangupCause::normal_clearing);
        wait_for_end();
        expect("waits hangup h");
    }
    void handlers_run_last_pushed_first_after_h() {
        plan("[default]\nexten => 1,1,Park()\nexten => h,1,Mark(h)\n"
             "[handlers]\nexten => one,1,Mark(one:${ARG1})\n same => n,Return()\nexten => two,1,Mark(two)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        Channel& channel = channel_of(id);
        channel.hangup_handlers() = {"handlers,one,1(x)", "handlers,two,1"};
        channel.hang_up(HangupCause::normal_clearing);
        wait_for_end();
        expect("waits hangup h two one:x");
    }
    void handlers_of_a_channel_that_was_never_in_the_dialplan_run() {
        plan("[handlers]\nexten => s,1,Mark(handler:${CHANNEL:0:6})\n same => n,Return()\n");
        {
            Custody custody = incoming("a");
            custody->hangup_handlers() = {"handlers,s,1"};
        }
        CPPUNIT_ASSERT(wait_for([&] { return !trace.empty(); }));
        expect("handler:Fake/a");
    }
    void busy_is_told_when_the_plan_ends_after_a_busy_dial() {
        plan("[default]\nexten => 1,1,Set(DIALSTATUS=BUSY)\n");
        phone("a").supports.insert(Indication::busy);
        const auto id = call("a", "1", false);
        CPPUNIT_ASSERT(wait_for([&] { return phone("a").was(std::string(to_string(Indication::busy))); }));
        CPPUNIT_ASSERT(channel_of(id).cause() == HangupCause::user_busy);
        channel_of(id).hang_up(HangupCause::user_busy);
        wait_for_end();
    }
    void without_fallthrough_the_caller_dials_on() {
        plan("[general]\nautofallthrough=no\n[default]\nexten => 1,1,Mark(one)\nexten => 23,1,Mark(dialled)\n"
             " same => n,Hangup()\nexten => t,1,Mark(t)\n same => n,Hangup()\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "one"; }));
        for (const char key : {'2', '3'}) channel_of(id).remote_digit(key, std::chrono::milliseconds(100));
        wait_for_end();
        expect("one dialled");
        trace.clear();
        const auto other = call("a", "1");
        CPPUNIT_ASSERT(find_channel(other).has_value());
        call_state(channel_of(other)).response_timeout = std::chrono::milliseconds(5);
        wait_for_end();
        expect("one t");
    }
    void the_absolute_timeout_leads_to_T() {
        plan("[default]\nexten => 1,1,Park()\nexten => T,1,Mark(T)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        set_absolute_timeout(channel_of(id), std::chrono::milliseconds(5));
        wait_for_end();
        expect("waits redirected T");
    }
    void the_absolute_timeout_ends_a_call_without_T() {
        plan("[default]\nexten => 1,1,Park()\nexten => h,1,Mark(h)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        set_absolute_timeout(channel_of(id), std::chrono::milliseconds(5));
        wait_for_end();
        expect("waits hangup h");
    }

    // --- routines ---------------------------------------------------------------------------------------------------------

    void a_routine_has_its_own_arguments() {
        plan("[default]\nexten => 1,1,Gosub(sub,s,1(a,b))\n same => n,Mark(back:${ARG1}${ARG2}:${GOSUB_RETVAL}:${v})\n"
             "[sub]\nexten => s,1,Mark(${ARGC}:${ARG1}${ARG2})\n same => n,Set(v=kept)\n same => n,Gosub(inner(c))\n"
             " same => n,Mark(outer:${ARG1}${ARG2})\n same => n,Return(${ARG2})\n"
             " same => n(inner),Mark(${ARGC}:${ARG1}${ARG2})\n same => n,Return(x)\n");
        run_call("1");
        expect("2:ab 1:c outer:ab back::b:kept");
    }
    void return_without_gosub_ends_the_call() {
        plan("[default]\nexten => 1,1,Return()\n same => n,Mark(wrong)\n");
        run_call("1");
        expect("");
    }
    void the_core_calls_a_routine_and_comes_back() {
        plan("[default]\nexten => 1,1,Core()\n same => n,Mark(after:${ARG1}:${EXTEN})\n"
             "[sub]\nexten => s,1,Mark(in:${ARG1})\n same => n,Goto(t,1)\nexten => t,1,Return(v)\n");
        std::string value;
        add("Core", [&](Channel& channel, const Arguments&) { return run_gosub(channel, "sub,s,1(x)", &value); });
        run_call("1");
        expect("in:x after::1");
        CPPUNIT_ASSERT_EQUAL(std::string("v"), value);
    }
    void a_routine_without_return_ends_where_its_extension_does() {
        plan("[default]\nexten => 1,1,Core()\n same => n,Mark(after:${ARG1})\n[sub]\nexten => s,1,Mark(in:${ARG1})\n");
        add("Core", [&](Channel& channel, const Arguments&) { return run_gosub(channel, "sub,s,1(x)"); });
        run_call("1");
        expect("in:x after:");
    }
    void endless_recursion_is_an_error() {
        plan("[default]\nexten => 1,1,Gosub(1,1)\nexten => e,1,Mark(e)\n");
        run_call("1");
        expect("e");
    }
    void h_sees_the_variables_of_the_routine_that_was_left() {
        plan("[default]\nexten => 1,1,Gosub(sub,s,1(a))\n[sub]\nexten => s,1,Hangup()\nexten => h,1,Mark(h:${ARG1})\n"
             " same => n,Return()\n same => n,Mark(wrong)\n");
        run_call("1");
        expect("h:a");
    }

    // --- moving and ending --------------------------------------------------------------------------------------------------

    void a_redirected_call_goes_on_elsewhere() {
        plan("[default]\nexten => 1,1,Park()\n same => n,Mark(wrong)\nexten => 2,1,Mark(two)\nexten => h,1,Mark(h)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        CPPUNIT_ASSERT(channel_of(id).redirect(Place{"default", "2", 1}).has_value());
        wait_for_end();
        expect("waits redirected two h");
    }
    void a_taken_channel_is_touched_no_more() {
        plan("[default]\nexten => 1,1,Park()\n same => n,Mark(wrong)\nexten => h,1,Mark(h)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "waits"; }));
        {
            Custody mine = Custody::take(channel_of(id), "test");
            CPPUNIT_ASSERT(wait_for([&] { return trace.size() == 2; }));
            loop->run_until_idle();
            expect("waits taken");
            CPPUNIT_ASSERT(mine.holds());
            CPPUNIT_ASSERT(!mine->hung_up());
        }
        wait_for_end();
        expect("waits taken");
    }
    void a_module_that_ignores_hangup_is_killed_and_h_still_runs() {
        plan("[default]\nexten => 1,1,Deaf()\nexten => h,1,Mark(h)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "deaf"; }));
        channel_of(id).hang_up(HangupCause::normal_clearing);
        wait_for_end();
        expect("deaf h");
    }
    void an_endless_goto_does_not_hold_up_others() {
        plan("[default]\nexten => 1,1,Goto(1,1)\nexten => 2,1,Tick()\n");
        auto worst = std::chrono::steady_clock::duration::zero();
        add("Tick", [&](Channel& channel, const Arguments&) -> Result<void> {
            for (int i = 0; i < 10; ++i) {
                const auto before = std::chrono::steady_clock::now();
                JF_TRY(channel.wait(std::chrono::milliseconds(20)));
                worst = std::max(worst, std::chrono::steady_clock::now() - before);
            }
            trace.emplace_back("ticked");
            return {};
        });
        const auto endless = call("a", "1");
        call("b", "2");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "ticked"; }));
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{} ms", worst / std::chrono::milliseconds(1)),
                               worst < std::chrono::seconds(2));  // the endless one would hold it up for ever
        CPPUNIT_ASSERT(find_channel(endless).has_value());
        channel_of(endless).hang_up(HangupCause::normal_clearing);
        wait_for_end();
    }
    void who_never_waits_is_named() {
        plan("[default]\nexten => 1,1,Goto(1,1)\n");
        std::atomic<bool> named = false;
        const LogSubscription subscription("warning", [&](const LogLine& line) {
            if (line.text.contains("10000 priorities without waiting") && line.text.contains("Fake/a")) named = true;
        });
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return named.load(); }));
        channel_of(id).hang_up(HangupCause::normal_clearing);
        wait_for_end();
    }
    void a_running_call_finishes_on_its_plan() {
        plan("[default]\nexten => 1,1,Wait(5)\n same => n,Mark(old)\n same => n,Goto(gone,1)\nexten => gone,1,Mark(gone)\n");
        call("a", "1");
        loop->run_for(std::chrono::milliseconds(1), [] { return false; });
        plan("[default]\nexten => 1,1,Mark(new)\n");
        call("b", "1");
        wait_for_end();
        const std::string marks = traced();  // whose call goes on first is the machine's choice
        CPPUNIT_ASSERT_MESSAGE(marks, marks == "new old gone" || marks == "old new gone" || marks == "old gone new");
    }
    void a_plan_that_nobody_runs_is_freed() {
        plan("[default]\nexten => 1,1,Mark(x)\n");
        const std::weak_ptr<const Dialplan> first = current_dialplan();
        plan("[default]\nexten => 1,1,Mark(y)\n");
        CPPUNIT_ASSERT(wait_for([&] { return first.expired(); }));
    }

    // --- variables and functions -----------------------------------------------------------------------------------------------

    void builtin_variables_win_and_globals_lose() {
        plan("[default]\nexten => 1,1,Set(EXTEN=x)\n same => n,Set(g=own)\n same => n,Mark(${EXTEN}:${g}:${only})\n");
        global_variables().set("g", "global");
        global_variables().set("only", "global");
        run_call("1");
        expect("1:own:global");
    }
    void functions_are_read_and_set_and_their_failures_are_empty() {
        std::string stored;
        CPPUNIT_ASSERT(apps->add(function_named("STORE"),
                                 FunctionBody{[&](Channel*, const Arguments& arguments) -> Result<std::string> {
                                                  if (arguments[0] == "bad") return fail(ErrorCode::invalid, "bad");
                                                  return stored + std::string(arguments[0]);
                                              },
                                              [&](Channel*, const Arguments&, std::string_view value) -> Result<void> {
                                                  stored = value;
                                                  return {};
                                              }})
                           .has_value());
        plan("[default]\nexten => 1,1,Set(STORE(x)=kept)\n same => n,Mark(${STORE(-a)}[${STORE(bad)}][${NONE(1)}])\n");
        run_call("1");
        expect("kept-a[][]");
    }
    void a_switch_has_extensions_of_its_own() {
        DialplanSwitch lua;
        lua.name = "Lua";
        lua.exists = [](const SwitchQuestion& question) {
            return question.query.extension == "5" && question.query.priority <= 2;
        };
        lua.run = [this](Channel&, const SwitchQuestion& question) -> Result<void> {
            trace.push_back(fmt::format("{}:{}:{}", question.data, question.query.extension, question.query.priority));
            return {};
        };
        CPPUNIT_ASSERT(apps->add(std::move(lua)).has_value());
        plan("[default]\nexten => 1,1,Goto(5,1)\neswitch => Lua/x${EXTEN}\nswitch => None/y\nexten => i,1,Mark(i)\n");
        run_call("1");
        expect("x5:5:1 x5:5:2");
        trace.clear();
        run_call("7");
        expect("i");
    }
    void every_step_is_published() {
        plan("[default]\nexten => 1,1,Mark(one)\n same => n,Mark(${EXTEN})\n");
        std::vector<std::string> steps;
        const auto subscription = subscribe<NewExtension>([&](const NewExtension& event) {
            steps.push_back(fmt::format("{}:{}({})", event.channel.place().priority, event.channel.application,
                                        event.channel.application_arguments));
        });
        run_call("1");
        CPPUNIT_ASSERT_EQUAL(std::string("1:Mark(one) 2:Mark(1)"), join(steps, " "));
    }
    void a_trace_shows_steps_and_values() {
        plan("[default]\nexten => 1,1,Set(x=${EXTEN})\n same => n,Mark(${x})\n");
        std::mutex mutex;
        std::vector<std::string> lines;
        const LogSubscription subscription("verbose", [&](const LogLine& line) {
            const std::lock_guard lock(mutex);
            lines.emplace_back(line.text.substr(line.text.find(' ') + 1));
        });
        trace_dialplan({}, true);
        run_call("1");
        trace_dialplan({}, false);
        run_call("1");
        flush_log();
        const std::lock_guard lock(mutex);
        CPPUNIT_ASSERT_EQUAL(std::string("[1@default:1] Set(x=1)|  x = '1'|[1@default:2] Mark(1)"), join(lines, "|"));
    }
    void extensions_are_matched_for_input() {
        plan("[default]\nexten => 12,1,Mark(x)\nexten => _12X.,1,Mark(x)\nexten => 3,1,Mark(x)\n");
        Custody custody = incoming("a");
        Channel& channel = custody.channel();
        CPPUNIT_ASSERT(match_extension(channel, "default", "1") == MatchKind::partial);
        CPPUNIT_ASSERT(match_extension(channel, "default", "12") == MatchKind::exact_and_longer);
        CPPUNIT_ASSERT(match_extension(channel, "default", "3") == MatchKind::exact);
        CPPUNIT_ASSERT(match_extension(channel, "default", "9") == MatchKind::none);
        CPPUNIT_ASSERT(!extension_exists(channel, "nowhere", "12"));
    }
    void a_place_that_is_not_there_is_told_with_the_nearest_name() {
        plan("[default]\nexten => 1,1(start),Mark(x)\n[internal]\nexten => 1,1,Mark(x)\n");
        Custody custody = incoming("a");
        custody->place() = Place{"default", "1", 1};
        const auto label = resolve_place(custody.channel(), "strat");
        CPPUNIT_ASSERT(!label && label.error().text.contains("did you mean start?"));
        const auto context = resolve_place(custody.channel(), "internel,1,1");
        CPPUNIT_ASSERT(!context && context.error().text.contains("did you mean internal?"));
    }
    CPPUNIT_TEST_SUITE(ExecutorTest);
    CPPUNIT_TEST(runs_priorities_in_order_and_hangs_up_at_the_end);
    CPPUNIT_TEST(goes_to_labels_and_relative_priorities);
    CPPUNIT_TEST(a_missing_label_ends_the_call);
    CPPUNIT_TEST(applications_are_found_when_a_variable_names_them);
    CPPUNIT_TEST(a_failed_application_leads_to_e_once);
    CPPUNIT_TEST(an_unknown_application_ends_the_call);
    CPPUNIT_TEST(raised_exceptions_are_remembered);
    CPPUNIT_TEST(an_unknown_extension_leads_to_i);
    CPPUNIT_TEST(without_i_it_leads_to_e);
    CPPUNIT_TEST(a_call_to_nowhere_begins_at_s);
    CPPUNIT_TEST(the_h_extension_runs_after_the_end_and_may_wait);
    CPPUNIT_TEST(hangup_of_the_far_side_interrupts_and_runs_h);
    CPPUNIT_TEST(handlers_run_last_pushed_first_after_h);
    CPPUNIT_TEST(handlers_of_a_channel_that_was_never_in_the_dialplan_run);
    CPPUNIT_TEST(busy_is_told_when_the_plan_ends_after_a_busy_dial);
    CPPUNIT_TEST(without_fallthrough_the_caller_dials_on);
    CPPUNIT_TEST(the_absolute_timeout_leads_to_T);
    CPPUNIT_TEST(the_absolute_timeout_ends_a_call_without_T);
    CPPUNIT_TEST(a_routine_has_its_own_arguments);
    CPPUNIT_TEST(return_without_gosub_ends_the_call);
    CPPUNIT_TEST(the_core_calls_a_routine_and_comes_back);
    CPPUNIT_TEST(a_routine_without_return_ends_where_its_extension_does);
    CPPUNIT_TEST(endless_recursion_is_an_error);
    CPPUNIT_TEST(h_sees_the_variables_of_the_routine_that_was_left);
    CPPUNIT_TEST(a_redirected_call_goes_on_elsewhere);
    CPPUNIT_TEST(a_taken_channel_is_touched_no_more);
    CPPUNIT_TEST(a_module_that_ignores_hangup_is_killed_and_h_still_runs);
    CPPUNIT_TEST(an_endless_goto_does_not_hold_up_others);
    CPPUNIT_TEST(who_never_waits_is_named);
    CPPUNIT_TEST(a_running_call_finishes_on_its_plan);
    CPPUNIT_TEST(a_plan_that_nobody_runs_is_freed);
    CPPUNIT_TEST(builtin_variables_win_and_globals_lose);
    CPPUNIT_TEST(functions_are_read_and_set_and_their_failures_are_empty);
    CPPUNIT_TEST(a_switch_has_extensions_of_its_own);
    CPPUNIT_TEST(every_step_is_published);
    CPPUNIT_TEST(a_trace_shows_steps_and_values);
    CPPUNIT_TEST(extensions_are_matched_for_input);
    CPPUNIT_TEST(a_place_that_is_not_there_is_told_with_the_nearest_name);
    CPPUNIT_TEST_SUITE_END();

  private:
    std::unique_ptr<Module> apps;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExecutorTest);

}  // namespace
