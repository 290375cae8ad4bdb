// What `dialplan check` finds, and what it leaves alone.
#include "core/dialplan/check.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/dialplan/argument_limits.hpp"
#include "core/dialplan/jump_targets.hpp"
#include "core/dialplan/loader.hpp"

namespace jackfield {
namespace {

class CheckTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CheckTest);
    CPPUNIT_TEST(a_sound_plan_has_no_findings);
    CPPUNIT_TEST(finds_missing_and_circular_includes);
    CPPUNIT_TEST(finds_switches_that_nobody_has);
    CPPUNIT_TEST(finds_gaps_in_priorities);
    CPPUNIT_TEST(finds_unknown_applications_and_functions);
    CPPUNIT_TEST(finds_jumps_to_nowhere);
    CPPUNIT_TEST(leaves_jumps_alone_that_depend_on_the_call);
    CPPUNIT_TEST(finds_what_a_wildcard_hides);
    CPPUNIT_TEST(finds_what_an_including_context_hides);
    CPPUNIT_TEST(finds_places_that_other_applications_name);
    CPPUNIT_TEST(finds_priorities_behind_the_end);
    CPPUNIT_TEST(counts_arguments);
    CPPUNIT_TEST(reads_limits_from_the_syntax);
    CPPUNIT_TEST(reads_jump_targets);
    CPPUNIT_TEST_SUITE_END();

    std::vector<KnownName> applications_, functions_, switches_;

    std::string check(std::string text) {
        Diagnostics loading, findings;
        MemoryFiles files;
        DialplanBuilder builder;
        const ConfigFile file = parse_config_text("extensions.conf", std::move(text), files, {}, loading);
        load_dialplan(file, builder, loading);
        CPPUNIT_ASSERT_EQUAL(std::string(), loading.to_string());
        check_dialplan(*builder.build(), {applications_, functions_, switches_}, findings);
        return findings.to_string();
    }
    void finds(std::string text, std::initializer_list<const char*> said) {
        const std::string found = check(std::move(text));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            found, static_cast<std::ptrdiff_t>(said.size()),
            std::count(found.begin(), found.end(), '\n') + (found.empty() || found.ends_with('\n') ? 0 : 1));
        for (const char* part : said) CPPUNIT_ASSERT_MESSAGE(found, found.find(part) != std::string::npos);
    }

    void a_sound_plan_has_no_findings() {
        applications_ = {{"Answer", "Answer([delay])"}, {"Goto", "Goto([[context,]extension,]priority)"},
                         {"GotoIf", "GotoIf(condition?[place][:[place]])"}, {"Gosub", ""},
                         {"Hangup", "Hangup([cause])"}, {"Dial", "Dial(Technology/Resource[&...][,timeout[,options]])"},
                         {"NoOp", "NoOp([text])"}, {"Return", "Return([value])"}, {"Set", "Set(name=value)"}};
        functions_ = {{"LEN", "LEN(text)"}, {"CALLERID", "CALLERID(item[,CID])"}};
        finds(
            "[in]\nexten => s,1,Answer\n same => n(top),GotoIf($[${LEN(${EXTEN})} > 3]?top:out)\n same => "
            "n(out),Goto(users,6001,1)\n"
            "[users]\nexten => _6XXX,1,Gosub(sub,s,1(${EXTEN},20))\n same => n,dial(PJSIP/${EXTEN})\nexten => "
            "6001,1,NoOp(${CALLERID(num)})\n"
            "exten => 6001,hint,PJSIP/6001\nexten => h,1,Hangup\n[sub]\nexten => s,1,Return\n",
            {});
    }
    void finds_missing_and_circular_includes() {
        finds("[a]\ninclude => b\ninclude => nowhere\n[b]\ninclude => c\n[c]\ninclude => a\n",
              {"includes nowhere", "in a circle: a -> b -> c -> a"});
    }
    void finds_switches_that_nobody_has() {
        const char* const plan = "[a]\nswitch => Realtme/a@b\nswitch => realtime/@\n";
        finds(plan, {});  // nothing is known of switches
        switches_ = {{"Lua", ""}, {"Realtime", ""}};
        finds(plan, {"extensions.conf:2: warning: [a] asks the switch Realtme, which no module has; there are: Lua, Realtime"});
    }
    void finds_gaps_in_priorities() {
        finds("[a]\nexten => 100,2,NoOp\n",
              {"extensions.conf:2: warning: 100@a begins at priority 2 and has no priority 1"});
        finds("[a]\nexten => 100,1,NoOp\nexten => 100,3,NoOp\n", {"no priority 2"});
        finds("[a]\nexten => 100,1,NoOp\nexten => 100,102,NoOp\nexten => 100,200(x),NoOp\n", {});
        finds("[a]\nexten => 100,2,NoOp\nexten => _1XX,1,NoOp\n", {});
        finds("[a]\nexten => _2XX,1,NoOp\nexten => 200,1,NoOp\nexten => 200,3,NoOp\nexten => _2XX,2,NoOp\n", {});
    }
    void finds_unknown_applications_and_functions() {
        applications_ = {{"Playback", ""}, {"NoOp", ""}, {"Set", ""}, {"ExecIf", ""}};
        functions_ = {{"CALLERID", ""}, {"LEN", ""}};
        finds(
            "[a]\nexten => 1,1,Playbak(x)\nexten => 2,1,noop(${CALERID(num)})\nexten => 3,1,${APP}(x)\nexten => "
            "4,1,NoOp(${len(x)})\nexten => 5,1,ExecIf($[1]?Plaback(x):NoOp())\nexten => 6,1,Set(CALLERED(num)=1)\n"
            "exten => 7,1,Set(HASH=a(b))\n",
            {"extensions.conf:2: warning: there is no application Playbak; did you mean Playback?",
             "no function CALERID; did you mean CALLERID?", "no function len", "no application Plaback",
             "no function CALLERED"});
    }
    void finds_jumps_to_nowhere() {
        finds(
            "[a]\nexten => 1,1,Goto(nowhere,s,1)\nexten => 2,1,Goto(b,9,1)\nexten => 3,1,Goto(lost)\nexten => "
            "4,1,GotoIf($[1=1]?7:b,s,gone)\n"
            "exten => 5,1,GosubIf(1?b,s,1(x,y):b,t,1)\nexten => "
            "6,1,GotoIfTime(9:00-17:00,mon-fri,*,*?b,x,1)\n[b]\nexten => s,1,NoOp\n",
            {"no context nowhere", "9@b has no priority 1", "3@a has no label lost", "4@a has no priority 7",
             "s@b has no label gone", "t@b has no priority 1", "x@b has no priority 1"});
    }
    void leaves_jumps_alone_that_depend_on_the_call() {
        finds(
            "[a]\nexten => 1,1,Goto(${X},s,1)\nexten => 2,1,GotoIf($[\"${A}\" = \"x?y:z\"]?${EXTEN}-busy,1)\nexten => "
            "3,1,Gosub(b,anything,1)\nexten => 4,1,Goto(1)\n[b]\nswitch => Lua/x\n",
            {});
    }
    void finds_what_a_wildcard_hides() {
        finds(
            "[a]\nexten => _X.,1,NoOp\ninclude => b\n[b]\nexten => 100,1,NoOp\nexten => 5,1,NoOp\nexten => "
            "_2XX,1,NoOp\nexten => _X!,1,NoOp\n",
            {"100@b is never reached from [a]: _X.@a", "_2XX@b is never reached from [a]: _X.@a"});
        finds("[a]\nexten => _9!,1,NoOp\nexten => _9,1,NoOp\n", {"_9@a is never reached from [a]: _9!@a"});
        finds("[a]\nexten => _X.,1,NoOp\ninclude => b,9:00-17:00,*,*,*\n[b]\nexten => 100,1,NoOp\n", {});
    }
    void finds_what_an_including_context_hides() {
        finds("[a]\nexten => _1XX,1,NoOp\nexten => s,1,NoOp\ninclude => b\n[b]\nexten => 1234,1,NoOp\nexten => 123,1,NoOp\n"
              "exten => _1[2-4]X,1,NoOp\nexten => s,1,NoOp\nexten => _[12]XX,1,NoOp\n[c]\ninclude => a\n",
              {"123@b is never reached from [a]: _1XX@a", "_1[2-4]X@b is never reached from [a]: _1XX@a"});
    }
    void finds_places_that_other_applications_name() {
        finds(
            "[a]\nexten => 1,1,Dial(Local/9@b/n&PJSIP/1&Local/s@b,20)\nexten => 2,1,Dial(PJSIP/1,20,tb(b^s^gone)U(sub^x)G(b^s^1))\n"
            "exten => 3,1,Originate(Local/s@c,exten,b,8,1)\nexten => 4,1,Set(CHANNEL(hangup_handler_push)=b,7,1(x))\n"
            "exten => 5,1,Goto(d,${EXTEN},1)\nexten => 6,1,Background(x,,,e)\nexten => 7,1,Dial(Local/${X}@f)\n"
            "exten => 8,1,Dial(Local/${X}@${Y})\nexten => 9,1,ExecIf(1?Goto(b,6,1):Goto(b,s,1))\n[b]\nexten => s,1,NoOp\n",
            {"9@b has no priority 1", "s@b has no label gone", "there is no context sub", "there is no context c",
             "8@b has no priority 1", "7@b has no priority 1", "there is no context d", "there is no context e",
             "there is no context f", "6@b has no priority 1"});
    }
    void finds_priorities_behind_the_end() {
        finds("[a]\nexten => 1,1,Goto(2,1)\n same => n,NoOp\n same => n,NoOp\nexten => 2,1,Hangup\n",
              {"extensions.conf:3: warning: 1@a: priority 2 is never reached: Goto in line 2 goes elsewhere"});
        finds("[a]\nexten => 1,1,GotoIf(1?3)\n same => n,Hangup\n same => n,NoOp\n", {});
        finds("[a]\nexten => 1,1,Goto(+2)\n same => n,Hangup\n same => n,NoOp\n", {});
        finds("[a]\nexten => 1,1,Hangup\n same => n(x),NoOp\n", {});
        finds("[a]\nexten => 1,1,If(1)\n same => n,Hangup\n same => n,EndIf\n same => n,NoOp\n", {});
        finds("[a]\nexten => 100,1,NoOp\nexten => _1XX,1,Hangup\nexten => _1XX,2,NoOp\n", {});
    }
    void counts_arguments() {
        applications_ = {{"Wait", "Wait(seconds)"}, {"Dial", "Dial(Technology/Resource[&...][,timeout[,options]])"},
                         {"GotoIf", "GotoIf(condition?[place][:[place]])"}, {"Echo", "Echo()"},
                         {"Verbose", "Verbose([level,]message)"}, {"NoOp", "NoOp([text])"}};
        functions_ = {{"CUT", "CUT(variable,separator,parts)"}};
        finds("[a]\nexten => 1,1,Wait()\nexten => 2,1,Dial(PJSIP/1&PJSIP/2,20,t,x)\nexten => 3,1,GotoIf(1)\n"
              "exten => 4,1,Echo(x)\nexten => 5,1,Verbose(1,a,b,c)\nexten => 6,1,NoOp(${CUT(X,-)})\n"
              "exten => 7,1,Dial(${ALL})\nexten => 8,1,NoOp(${CUT(X,\\,,1)})\nexten => 9,1,NoOp\n",
              {"Wait needs at least 1 argument and has 0", "Dial takes at most 3 arguments and has 4",
               "GotoIf: a `?` is missing", "Echo takes no arguments and has 1", "CUT needs at least 3 arguments and has 2"});
    }
    void reads_limits_from_the_syntax() {
        const auto limits = [](const char* syntax) {
            const ArgumentLimits found = argument_limits(syntax);
            return fmt::format("{}-{}", found.least,
                               found.most == ArgumentLimits::unlimited ? "*" : std::to_string(found.most));
        };
        const std::pair<const char*, const char*> expected[] = {
            {"Echo()", "0-0"}, {"Answer([delay])", "0-1"}, {"Dial(T/R[&T2/R2[...]][,timeout[,options]])", "1-3"},
            {"Gosub([[context,]extension,]priority[(arg1[,arg2...])])", "1-3"}, {"MSet(a=b[,c=d...])", "1-*"},
            {"Read(variable[,filename[&filename2...][,maxdigits[,options]]])", "1-4"}, {"Log(level,message)", "2-*"},
            {"GotoIf(condition?[place][:[place]])", "1-*"}, {"CHANNEL(item[,...])", "1-*"}, {"", "0-*"}};
        for (const auto& [syntax, text] : expected)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(syntax, std::string(text), limits(syntax));
    }
    void reads_jump_targets() {
        const auto target = JumpTarget::parse(" ctx , 100 , 5 (a,b)");
        CPPUNIT_ASSERT(target && target->context == "ctx" && target->extension == "100" && target->priority == 5);
        CPPUNIT_ASSERT(JumpTarget::parse("here")->label == "here");
        for (const char* text : {"", "+1", "${X}", "a,b,c,d", "-3"})
            CPPUNIT_ASSERT_MESSAGE(text, !JumpTarget::parse(text));
        CPPUNIT_ASSERT(jump_targets("NoOp", "a,b,c").empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, jump_targets("gotoif", "1?a:b").size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CheckTest);

}  // namespace
}  // namespace jackfield
