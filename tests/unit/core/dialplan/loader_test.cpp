// extensions.conf: what becomes of its lines, and what is said about those that are wrong.
#include "core/dialplan/loader.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/core/dialplan/test_source.hpp"

namespace jackfield {
namespace {

class LoaderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LoaderTest);
    CPPUNIT_TEST(loads_extensions);
    CPPUNIT_TEST(counts_priorities);
    CPPUNIT_TEST(reads_callers_and_sets);
    CPPUNIT_TEST(reads_hints);
    CPPUNIT_TEST(takes_applications_apart);
    CPPUNIT_TEST(replaces_globals_while_loading);
    CPPUNIT_TEST(reads_settings);
    CPPUNIT_TEST(reads_includes_switches_and_ignored_digits);
    CPPUNIT_TEST(contexts_and_templates_are_joined);
    CPPUNIT_TEST(errors_name_their_line);
    CPPUNIT_TEST(warnings_do_not_refuse_the_file);
    CPPUNIT_TEST(a_reload_with_errors_gives_no_plan);
    CPPUNIT_TEST(a_reload_replaces_what_the_file_said);
    CPPUNIT_TEST_SUITE_END();

    Diagnostics findings_;
    std::shared_ptr<const Dialplan> plan_;
    MemoryFiles files_;

    ConfigFile parse(std::string text) {
        return parse_config_text("extensions.conf", std::move(text), files_, {}, findings_);
    }
    void load(std::string text, VariableSource* outer = nullptr) {
        findings_ = {};
        DialplanBuilder builder;
        const ConfigFile file = parse(std::move(text));
        load_dialplan(file, builder, findings_, {outer});
        plan_ = builder.build();
    }
    void clean() { CPPUNIT_ASSERT_EQUAL(std::string(), findings_.to_string()); }
    // "Application(arguments)" at a place, empty when there is nothing.
    std::string at(std::string_view context, std::string_view extension, int priority = 1,
                   std::string_view caller = {}) {
        const auto found =
            plan_->find({.context = context, .extension = extension, .priority = priority, .caller_id = caller});
        if (!found) return {};
        return found.priority->application.text() + "(" + found.priority->arguments.source_text() + ")";
    }

    void loads_extensions() {
        load(
            "[demo]\nexten => 100,1,Answer()\nexten => 100,2,Playback(hello)\nexten = 100,3,Hangup\nexten => "
            "_2XX,1,Dial(PJSIP/${EXTEN},20,tT)\n");
        clean();
        CPPUNIT_ASSERT_EQUAL(std::string("Answer()"), at("demo", "100"));
        CPPUNIT_ASSERT_EQUAL(std::string("Playback(hello)"), at("demo", "100", 2));
        CPPUNIT_ASSERT_EQUAL(std::string("Hangup()"), at("demo", "100", 3));
        CPPUNIT_ASSERT_EQUAL(std::string("Dial(PJSIP/${EXTEN},20,tT)"), at("demo", "234"));
        const auto* priority = plan_->find({.context = "demo", .extension = "100", .priority = 2}).priority;
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{3}, priority->line);
        CPPUNIT_ASSERT_EQUAL(std::string("extensions.conf"), priority->file.text());
        CPPUNIT_ASSERT_EQUAL(std::string(PlanLoadOptions{}.registrar), priority->registrar.text());
    }
    void counts_priorities() {
        load(
            "[a]\nexten => 100,1,One\n same => n,Two\n same => n(here),Three\n same => n+2,Six\nexten => "
            "100,next,Seven\n"
            "exten => 100,here+101,Jump\nexten => 100,20(there),Twenty\nexten => 200,n,TwentyOne\nexten => "
            "300,same,Same\n");
        clean();
        for (const auto& [number, name] : std::initializer_list<std::pair<int, const char*>>{{1, "One()"},
                                                                                             {2, "Two()"},
                                                                                             {3, "Three()"},
                                                                                             {6, "Six()"},
                                                                                             {7, "Seven()"},
                                                                                             {104, "Jump()"},
                                                                                             {20, "Twenty()"}})
            CPPUNIT_ASSERT_EQUAL(std::string(name), at("a", "100", number));
        CPPUNIT_ASSERT_EQUAL(std::string("TwentyOne()"), at("a", "200", 21));
        CPPUNIT_ASSERT_EQUAL(std::string("Same()"), at("a", "300", 21));
        CPPUNIT_ASSERT_EQUAL(3, plan_->find({.context = "a", .extension = "100", .label = "here"}).priority->number);
    }
    void reads_callers_and_sets() {
        load(
            "[a]\nexten => 100/_555X,1,Friend\n same => n,FriendTwo\nexten => 100,1,Anybody\nexten => "
            "_[1,2]5,1,Set\nexten => 300/(212) 555-1212,1,Shrunk\nexten => 400/,1,Anonymous\n");
        clean();
        CPPUNIT_ASSERT_EQUAL(std::string("Friend()"), at("a", "100", 1, "5551"));
        CPPUNIT_ASSERT_EQUAL(std::string("FriendTwo()"), at("a", "100", 2, "5551"));
        CPPUNIT_ASSERT_EQUAL(std::string("Anybody()"), at("a", "100", 1, "999"));
        CPPUNIT_ASSERT_EQUAL(std::string("Set()"), at("a", "25"));
        CPPUNIT_ASSERT_EQUAL(std::string("Shrunk()"), at("a", "300", 1, "2125551212"));
        CPPUNIT_ASSERT_EQUAL(std::string("Anonymous()"), at("a", "400"));
        CPPUNIT_ASSERT_EQUAL(std::string(), at("a", "400", 1, "5"));
    }
    void reads_hints() {
        load(
            "[a]\nexten => 6001,hint,PJSIP/6001&Custom:x,CustomPresence:y\nexten => 6001,1,Dial(PJSIP/6001)\n same => "
            "hint,Ignored\n same => n,Hangup\n");
        CPPUNIT_ASSERT_EQUAL(std::string("PJSIP/6001&Custom:x,CustomPresence:y"),
                             plan_->hint("a", "6001")->arguments.source_text());
        CPPUNIT_ASSERT_EQUAL(std::string("Hangup()"), at("a", "6001", 2));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.warnings());
        CPPUNIT_ASSERT(!findings_.has_errors());
    }
    void takes_applications_apart() {
        load(
            "[a]\nexten => 1,1,Set(A=(b))\nexten => 2,1, NoOp( x ) trailing\nexten => "
            "3,1,GotoIf($[\"${A}\"=\"b\"]?x,1:y,1)\n"
            "exten => 4,1,${APP}(x)\nexten => 5,1,NoOp(a,\"b,c\")\nexten => 6,1,NoOp(\n");
        CPPUNIT_ASSERT_EQUAL(std::string("Set(A=(b))"), at("a", "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp( x )"), at("a", "2"));
        CPPUNIT_ASSERT_EQUAL(std::string("GotoIf($[\"${A}\"=\"b\"]?x,1:y,1)"), at("a", "3"));
        CPPUNIT_ASSERT_EQUAL(std::string("${APP}(x)()"), at("a", "4"));
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp(a,\"b,c\")"), at("a", "5"));
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp()"), at("a", "6"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.warnings());
    }
    void replaces_globals_while_loading() {
        test::TestSource outer;
        outer.variables["ASTETCDIR"] = "/etc";
        load(
            "[globals]\nBASE=60\nOP=${BASE}00\nDIR=${ASTETCDIR}\nTWO=$[1+1]\n[a]\nexten => ${OP},1,NoOp(${OP})\nexten "
            "=> ${GLOBAL(BASE)}99,1,Two\ninclude => in${TWO}\n"
            "ignorepat => ${TWO}\nswitch => Lua/${BASE}\neswitch => Lua/x${BASE}\n",
            &outer);
        clean();
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp(${OP})"), at("a", "6000"));
        CPPUNIT_ASSERT_EQUAL(std::string("Two()"), at("a", "6099"));
        const Context& context = *plan_->context("a");
        CPPUNIT_ASSERT_EQUAL(std::string("in2"), context.includes[0].context);
        CPPUNIT_ASSERT_EQUAL(std::string("60"), context.switches[0].data);
        CPPUNIT_ASSERT_EQUAL(std::string("x${BASE}"), context.switches[1].data);
        CPPUNIT_ASSERT(context.switches[1].evaluate && !context.switches[0].evaluate);
        CPPUNIT_ASSERT(plan_->globals() == (std::vector<std::pair<std::string, std::string>>{
                                               {"BASE", "60"}, {"OP", "6000"}, {"DIR", "/etc"}, {"TWO", "2"}}));
    }
    void reads_settings() {
        load(
            "[general]\nstatic=yes\nwriteprotect=no\nautofallthrough=no\nclearglobalvars=yes\nextenpatternmatchnew="
            "yes\noverrideswitch=Lua/x\nuserscontext=people\n");
        clean();
        const DialplanSettings& settings = plan_->settings();
        CPPUNIT_ASSERT(settings.static_plan && !settings.write_protect && !settings.auto_fall_through &&
                       settings.clear_globals);
        CPPUNIT_ASSERT_EQUAL(std::string("people"), settings.users_context);
        CPPUNIT_ASSERT_EQUAL(std::string("Lua/x"), settings.override_switch);
        load("[a]\nexten => 1,1,NoOp\n");
        CPPUNIT_ASSERT(plan_->settings().auto_fall_through && !plan_->settings().clear_globals);
    }
    void reads_includes_switches_and_ignored_digits() {
        load(
            "[a]\ninclude => b\ninclude => lunch,12:00-13:00,mon-fri,*,*\ninclude => old|9:00-17:00|*|*|*\nswitch => "
            "IAX2/u:p@host/ctx\nlswitch => Loopback/x\nignorepat => 9\nautohints=yes\n[b]\n[lunch]\n[old]\n");
        clean();
        const Context& context = *plan_->context("a");
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, context.includes.size());
        CPPUNIT_ASSERT(!context.includes[0].when && context.includes[1].when && context.includes[2].when);
        CPPUNIT_ASSERT_EQUAL(std::string("old"), context.includes[2].context);
        CPPUNIT_ASSERT_EQUAL(std::string("u:p@host/ctx"), context.switches[0].data);
        CPPUNIT_ASSERT(context.autohints && plan_->ignores("a", "9") && plan_->context("b"));
    }
    void contexts_and_templates_are_joined() {
        load(
            "[base](!)\nexten => 100,1,FromBase\n[a](base)\nexten => 200,1,Own\n[a](+)\nexten => "
            "300,1,More\n[a]\nexten => 400,1,Again\n");
        clean();
        for (const char* extension : {"100", "200", "300", "400"})
            CPPUNIT_ASSERT_MESSAGE(extension, !at("a", extension).empty());
        CPPUNIT_ASSERT(!plan_->context("base"));
    }
    void errors_name_their_line() {
        struct Bad {
            const char *text, *said;
        };
        for (const Bad& entry : std::initializer_list<Bad>{{"exten => 100,n,NoOp", "no priority before it"},
                                                           {"same => n,NoOp", "before any exten"},
                                                           {"exten => 100,0,NoOp", "no priority"},
                                                           {"exten => 100,-1,NoOp", "no priority"},
                                                           {"exten => 100,x,NoOp", "no priority"},
                                                           {"exten => 100,1(x,NoOp", "`)` is missing"},
                                                           {"exten => _1[2,1,NoOp", "is no priority"},
                                                           {"exten => 100,1", "no application"},
                                                           {"exten => ,1,NoOp", "needs the name"},
                                                           {"extn => 100,1,NoOp", "did you mean `exten`"},
                                                           {"exten => 100,1+x,NoOp", "after `+`"},
                                                           {"include => ", "include"},
                                                           {"ignorepat => _[", "`]` is missing"}}) {
            load(std::string("[a]\n\n") + entry.text + "\nexten => 999,1,Good\n");
            CPPUNIT_ASSERT_MESSAGE(entry.text, findings_.has_errors());
            const std::string said = findings_.list().at(0).to_string();
            CPPUNIT_ASSERT_MESSAGE(said, said.find("extensions.conf:3") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(said, said.find(entry.said) != std::string::npos);
            CPPUNIT_ASSERT_EQUAL(std::string("Good()"), at("a", "999"));
        }
        load("[general]\nautofalthrough=yes\n");
        CPPUNIT_ASSERT(findings_.to_string().find("did you mean `autofallthrough`") != std::string::npos);
    }
    void warnings_do_not_refuse_the_file() {
        load(
            "[a]\nexten => 100,1,First\nexten => 100,1,Second\nexten => _.,1,Wide\nexten => 200,1,NoOp(${A)\ninclude "
            "=> b\ninclude => b\ninclude => c,25:00\n");
        CPPUNIT_ASSERT(!findings_.has_errors());
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, findings_.warnings());
        CPPUNIT_ASSERT_EQUAL(std::string("First()"), at("a", "100"));
    }
    void a_reload_with_errors_gives_no_plan() {
        load("[a]\nexten => 100,1,NoOp\n");
        const ConfigFile bad = parse("[a]\nexten => 100,n,NoOp\n");
        Diagnostics findings;
        CPPUNIT_ASSERT(!reload_dialplan(bad, plan_, findings));
        CPPUNIT_ASSERT(findings.has_errors());
        CPPUNIT_ASSERT_EQUAL(std::string("NoOp()"), at("a", "100"));
    }
    void a_reload_replaces_what_the_file_said() {
        load("[a]\nexten => 100,1,Old\n[b]\nexten => 1,1,NoOp\n");
        DialplanBuilder builder(plan_);
        CPPUNIT_ASSERT(builder.add(
            {.context = "a", .extension = "700", .application = "Park", .origin = {Name("res_parking"), Name(), 0}}));
        CPPUNIT_ASSERT(builder.add(
            {.context = "a", .extension = "800", .application = "Typed", .origin = {Name(PlanLoadOptions{}.registrar), Name(), 0}}));
        const ConfigFile file = parse("[a]\nexten => 200,1,New\n");
        plan_ = reload_dialplan(file, builder.build(), findings_);
        CPPUNIT_ASSERT(plan_);
        CPPUNIT_ASSERT_EQUAL(std::string("New()"), at("a", "200"));
        CPPUNIT_ASSERT_EQUAL(std::string("Park()"), at("a", "700"));
        CPPUNIT_ASSERT(at("a", "100").empty() && at("a", "800").empty() && !plan_->context("b"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LoaderTest);

}  // namespace
}  // namespace jackfield
