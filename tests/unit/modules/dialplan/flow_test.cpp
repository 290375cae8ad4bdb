// Goto, Set, Gosub, While, If, Exec and their like in whole calls.
#include <cppunit/extensions/HelperMacros.h>

#include "core/dialplan/hints.hpp"
#include "tests/unit/modules/dialplan/module_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class FlowTest : public ModulesTest {
  public:
    void setUp() override {
        ModulesTest::setUp();
        for (const char* name : {"app_exec", "app_if", "app_stack", "app_while", "func_logic", "func_math", "func_strings", "pbx_builtins"})
            load(name);
    }
    // The lines of extension 1 of [default], each at priority n.
    void lines(const std::vector<std::string>& all, const std::string& more = {}) {
        std::string text = "[default]\nexten => 1,1,NoOp()\n";
        for (const std::string& line : all) text += " same => n" + line + "\n";
        const auto findings = plan(text + more);
        CPPUNIT_ASSERT_MESSAGE(findings.to_string(), !findings.has_errors());
        run_call("1");
    }
    void expect(const std::string& text) { CPPUNIT_ASSERT_EQUAL(text, traced()); }

    void goto_if_chooses() {
        lines({",GotoIf($[1 = 1]?yes:no)", ",Mark(wrong)", "(no),Mark(wrong)", "(yes),GotoIf(0?nowhere:last)", ",Mark(wrong)",
               "(last),GotoIf(0?nowhere)", ",Mark(fell)"});
        expect("fell");
    }
    void goto_if_time_chooses() {
        lines({",GotoIfTime(*,*,*,*?yes)", ",Mark(wrong)", "(yes),GotoIfTime(*,*,32,*?nowhere:last)", ",Mark(wrong)", "(last),Mark(ok)"});
        expect("ok");
    }
    void exec_if_time_runs_or_not() {
        lines({",ExecIfTime(*,*,*,*?Mark(now,then))", ",ExecIfTime(0:00-0:00,mon,1,feb?Mark(rare))"});
        expect("now,then");
    }
    void variables_are_set_with_everything_after_the_equals_sign() {
        lines({",Set(a=b=c,d)", ",MSet(x=1,y=\"2,3\",z=)", ",Mark(${a}|${x}|${y}|${z}|)", ",Set(_own=1)", ",Set(__all=2)", ",Mark(${own}${all})"});
        expect("b=c,d|1|2,3|| 12");
    }
    void a_malformed_set_does_not_end_the_call() {
        lines({",Set(nothing)", ",Set(NONE(x)=1)", ",Mark(on)"});
        expect("on");
    }
    void import_var_reads_another_channel() {
        plan("[default]\nexten => 1,1,Set(mine=kept)\n same => n,Wait(10)\nexten => 2,1,ImportVar(copy=${other},mine)\n same => n,Mark(${copy})\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return channel_of(id).variable("mine") == "kept"; }));
        global_variables().set("other", channel_of(id).name());
        call("b", "2");
        CPPUNIT_ASSERT(wait_for([&] { return !trace.empty(); }));
        channel_of(id).hang_up(HangupCause::normal_clearing);
        expect("kept");
    }
    void loops_run_nested_and_can_be_left() {
        lines({",Set(i=0)", ",While($[${i} < 3])", ",Set(i=$[${i} + 1])", ",Set(j=0)", ",While(1)", ",Set(j=$[${j} + 1])",
               ",ExecIf($[${j} > 2]?ExitWhile())", ",Mark(${i}${j})", ",EndWhile()", ",ExecIf($[${i} = 2]?ContinueWhile())",
               ",Mark(${i})", ",EndWhile()", ",Mark(end)"});
        expect("11 12 1 21 22 31 32 3 end");
    }
    void a_false_loop_is_passed_over() {
        lines({",While(0)", ",Mark(wrong)", ",While(1)", ",EndWhile()", ",EndWhile()", ",Mark(end)"});
        expect("end");
    }
    void branches_are_chosen_once() {
        for (const auto& [value, expected] : {std::pair("1", "one end"), {"2", "two inner end"}, {"3", "three end"}, {"4", "other end"}}) {
            trace.clear();
            lines({fmt::format(",Set(x={})", value), ",If($[${x} = 1])", ",Mark(one)", ",ElseIf($[${x} = 2])", ",Mark(two)", ",If(0)",
                   ",Mark(wrong)", ",Else()", ",Mark(inner)", ",EndIf()", ",ElseIf($[${x} = 3])", ",Mark(three)", ",ExitIf()",
                   ",Mark(wrong)", ",Else()", ",Mark(other)", ",EndIf()", ",Mark(end)"});
            expect(expected);
        }
    }
    void an_if_without_end_is_an_error() {
        lines({",If(0)", ",Mark(wrong)"}, "exten => e,1,Mark(e)\n");
        expect("e");
    }
    void routines_are_called_by_condition() {
        lines({",GosubIf(1?sub,s,1(a:b):sub,s,1(wrong))", ",GosubIf(0?sub,s,1(wrong):sub,s,1(c))", ",GosubIf(0?nowhere)",
               ",Mark(${GOSUB_RETVAL})"},
              "[sub]\nexten => s,1,Mark(${ARG1})\n same => n,Return(${ARG1}!)\n");
        expect("a:b c c!");
    }
    void local_variables_end_with_their_routine() {
        lines({",Set(x=outer)", ",Gosub(sub,s,1)", ",Mark(${x})", ",Set(LOCAL(x)=no)", ",Mark(${x})"},
              "[sub]\nexten => s,1,Set(LOCAL(x)=inner)\n same => n,Mark(${x}${LOCAL(x)}${LOCAL_PEEK(1,x)})\n"
              " same => n,Mark(${STACK_PEEK(1,l)}:${STACK_PEEK(1,e)}:${STACK_PEEK(5,c,true)})\n same => n,Return()\n");
        expect("innerinnerouter default,1,3:1: outer outer");
    }
    void a_popped_routine_does_not_return_to_its_caller() {
        lines({",Gosub(sub,s,1(x))", ",Mark(wrong)"},
              "[sub]\nexten => s,1,StackPop()\n same => n,Mark([${ARG1}])\n same => n,Goto(default,2,1)\n[default](+)\nexten => 2,1,Mark(two)\n");
        expect("[] two");
    }
    void applications_run_by_name() {
        lines({",Set(app=Mark)", ",Exec(${app}(a,b))", ",TryExec(Mark(c))", ",Mark(${TRYSTATUS})", ",TryExec(Marc(d))", ",Mark(${TRYSTATUS})",
               ",TryExec(Goto(nowhere))", ",Mark(${TRYSTATUS})", ",ExecIf(0?Mark(wrong):Mark(e))", ",ExecIf(0?Mark(wrong))", ",Exec(Goto(last))",
               ",Mark(wrong)", "(last),Mark(f)"});
        expect("a,b c SUCCESS NOAPP FAILED e f");
    }
    void exceptions_tell_where_they_were_raised() {
        lines({",RaiseException(mine)"}, "exten => e,1,Mark(${EXCEPTION(reason)}:${EXCEPTION(context)}:${EXCEPTION(exten)}:${EXCEPTION(priority)})\n");
        expect("mine:default:1:2");
    }
    void calls_inherit_variables_by_underscores() {
        plan("[default]\nexten => 1,1,Wait(10)\n");
        const auto id = call("a", "1");
        Channel& channel = channel_of(id);
        channel.set_variable("_once", "1");
        channel.set_variable("__ever", "2");
        channel.set_variable("own", "3");
        run([&] {
            HangupCause cause{};
            auto made = Channel::request({.technology = "Fake", .destination = "b", .requestor = &channel}, "test", cause);
            CPPUNIT_ASSERT(made.has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("12"), (*made)->variable("once") + (*made)->variable("ever") + (*made)->variable("own"));
            auto next = Channel::request({.technology = "Fake", .destination = "c", .requestor = &made->channel()}, "test", cause);
            CPPUNIT_ASSERT(next.has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("2"), (*next)->variable("once") + (*next)->variable("ever"));
        });
        channel.hang_up(HangupCause::normal_clearing);
    }
    void wait_exten_goes_on_at_what_was_dialled() {
        plan("[default]\nexten => 1,1,Mark(one)\n same => n,WaitExten(5)\nexten => 12,1,Mark(twelve)\nexten => t,1,Mark(t)\n");
        const auto id = call("a", "1");
        CPPUNIT_ASSERT(wait_for([&] { return traced() == "one"; }));
        for (const char key : {'1', '2'}) channel_of(id).remote_digit(key, std::chrono::milliseconds(100));
        wait_for_end();
        expect("one twelve");
    }

    CPPUNIT_TEST_SUITE(FlowTest);
    CPPUNIT_TEST(goto_if_chooses);
    CPPUNIT_TEST(goto_if_time_chooses);
    CPPUNIT_TEST(exec_if_time_runs_or_not);
    CPPUNIT_TEST(variables_are_set_with_everything_after_the_equals_sign);
    CPPUNIT_TEST(a_malformed_set_does_not_end_the_call);
    CPPUNIT_TEST(import_var_reads_another_channel);
    CPPUNIT_TEST(loops_run_nested_and_can_be_left);
    CPPUNIT_TEST(a_false_loop_is_passed_over);
    CPPUNIT_TEST(branches_are_chosen_once);
    CPPUNIT_TEST(an_if_without_end_is_an_error);
    CPPUNIT_TEST(routines_are_called_by_condition);
    CPPUNIT_TEST(local_variables_end_with_their_routine);
    CPPUNIT_TEST(a_popped_routine_does_not_return_to_its_caller);
    CPPUNIT_TEST(applications_run_by_name);
    CPPUNIT_TEST(exceptions_tell_where_they_were_raised);
    CPPUNIT_TEST(calls_inherit_variables_by_underscores);
    CPPUNIT_TEST(wait_exten_goes_on_at_what_was_dialled);
    CPPUNIT_TEST_SUITE_END();
};
CPPUNIT_TEST_SUITE_REGISTRATION(FlowTest);

}  // namespace
