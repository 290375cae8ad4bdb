// What the dialplan's functions give, as a table.
#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>

#include "core/dialplan/hints.hpp"
#include "tests/unit/modules/dialplan/module_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

struct Case {
    const char* text;
    const char* value;
};

class FunctionsTest : public ModulesTest {
  public:
    void setUp() override {
        ModulesTest::setUp();
        for (const char* name :
             {"func_base64", "func_cut", "func_dialplan", "func_env", "func_global", "func_json", "func_logic", "func_math", "func_md5",
              "func_rand", "func_sha1", "func_sprintf", "func_strings", "func_timeout", "func_uri", "func_version", "app_stack", "pbx_builtins"})
            load(name);
        plan("[default]\nexten => 1,1(first),Mark(${EXTEN})\nexten => 6001,hint,Fake/a&Fake/b(Alice)\nexten => _7XXX,hint,Fake/${EXTEN:1:1}\n"
             "exten => _60XX,1,Mark(text of ${EXTEN} for ${v})\n[sub]\nexten => s,1,Return(<${ARG1}>)\n");
    }
    // Each text is replaced in the scope of a channel with the variables set before.
    void check(std::initializer_list<Case> cases) {
        Custody custody = incoming("a");
        Channel& channel = custody.channel();
        channel.place() = Place{"default", "1", 1};
        channel.set_variable("v", "a-b-c");
        channel.set_variable("list", "x,y,z,y");
        channel.set_variable("long", "The quick brown fox");
        channel.set_variable("n", "41");
        channel.set_variable("order", R"({"id": 7, "paid": true, "open": false, "note": null, "price": 1.5, "customer": {"name": "Ann, of \"X\""},)"
                                      R"( "lines": [{"item": "phone"}, {"item": "cable"}], "a.b": "dotted", "empty": []})");
        run([&] {
            for (const Case& each : cases) {
                const auto value = substitute(&channel, each.text);
                CPPUNIT_ASSERT_MESSAGE(each.text, value.has_value());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(each.text, std::string(each.value), *value);
            }
        });
    }
    // Sets, then reads.
    void check_set(const char* name, const char* value, const char* read, const char* expected) {
        Custody custody = incoming("a");
        Channel& channel = custody.channel();
        channel.set_variable("list", "x,y");
        run([&] {
            const auto done = write_expression(&channel, name, value);
            CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string(expected), substitute(&channel, read).value_or("failed"));
        });
    }

    void json() {
        check({{"${JSON_DECODE(order,id)}", "7"},
               {"${JSON_DECODE(order,paid)}${JSON_DECODE(order,open)}", "10"},
               {"<${JSON_DECODE(order,note)}${JSON_DECODE(order,nothing)}${JSON_DECODE(order,id.x)}${JSON_DECODE(nobody,id)}>", "<>"},
               {"${JSON_DECODE(order,customer.name)}", "Ann, of \"X\""},
               {"${JSON_DECODE(order,customer)}", "{\"name\":\"Ann, of \\\"X\\\"\"}"},
               {"${JSON_DECODE(order,lines.1.item)}<${JSON_DECODE(order,lines.2.item)}${JSON_DECODE(order,lines.-1)}>", "cable<>"},
               {"${JSON_DECODE(order,lines,,c)} ${JSON_DECODE(order,empty,,c)} ${JSON_DECODE(order,id,,c)}", "2 0 7"},
               {"${JSON_DECODE(order,lines/0/item,/)}", "phone"},
               {"${JSON_DECODE(order,a.b,/)}", "dotted"},
               {"<${JSON_DECODE(long,id)}>", "<>"},
               {"<${JSON_DECODE(order,id,.,x)}${JSON_DECODE(order)}${JSON_DECODE(order,id,ab)}>", "<>"}});
    }

    void logic() {
        check({{"${ISNULL()}${ISNULL(x)}", "10"},
               {"${EXISTS(${none})}${EXISTS(${v})}", "01"},
               {"${IF(1?yes:no)}", "yes"},
               {"${IF(0?yes:no)}", "no"},
               {"${IF(?yes:no)}", "no"},
               {"${IF(abc?yes:no)}", "yes"},
               {"${IF($[${n} > 40]? yes : no )}", "yes"},
               {"${IF(0?yes)}", ""},
               {"${IF(1?\"a:b\":c)}", "a:b"},
               {"${IFTIME(*,*,*,*?open:closed)}", "open"},
               {"${SET(new=1)}${new}", "11"},
               {"${IMPORT(${CHANNEL},v)}", "a-b-c"},
               {"${IFMODULE(none.so)}", "0"}});
    }
    void globals() {
        global_variables().set("g", "1");
        check({{"${GLOBAL(g)}${g}${GLOBAL_EXISTS(g)}${GLOBAL_EXISTS(h)}", "1110"},
               {"${VARIABLE_EXISTS(v)}${VARIABLE_EXISTS(none)}", "10"}});
        check_set("GLOBAL(h)", "2", "${h}", "2");
        check_set("GLOBAL_DELETE(h)", "", "${GLOBAL_EXISTS(h)}", "0");
        check_set("DELETE(list)", "", "${VARIABLE_EXISTS(list)}", "0");
    }
    void arithmetic() {
        check({{"${MATH(2+3)}", "5.000000"},      {"${MATH(2+3,i)}", "5"},          {"${MATH(-2 * -3,int)}", "6"},
               {"${MATH(7/2,f)}", "3.500000"},    {"${MATH(7/2,i)}", "3"},          {"${MATH(7%4,i)}", "3"},
               {"${MATH(2^10,i)}", "1024"},       {"${MATH(1<<4,i)}", "16"},        {"${MATH(255+1,h)}", "100"},
               {"${MATH(64+1,c)}", "A"},          {"${MATH(12 AND 10,i)}", "8"},    {"${MATH(12 XOR 10,i)}", "6"},
               {"${MATH(12 OR 3,i)}", "15"},      {"${MATH(1<2)}", "TRUE"},         {"${MATH(2<=1)}", "FALSE"},
               {"${MATH(1==1)}", "TRUE"},         {"${MATH(1/0)}", ""},             {"${MATH(x+1)}", ""},
               {"${MATH(1e3-1,i)}", "999"},       {"${INC(n)}${n}", "4242"},        {"${DEC(n)}${n}", "4141"},
               {"${INC(v)}", ""},                 {"${ABS(-5)}${ABS(-1.5)}", "51.500000"}, {"${MIN(3,-1,2)}", "-1"},
               {"${MAX(3,-1,2.5)}", "3"},         {"${RAND(5,5)}", "5"}});
    }
    void texts() {
        check({{"${LEN(äb)}", "3"},
               {"${LEN()}", "0"},
               {"${TOUPPER(a,b)}${TOLOWER(AB)}", "A,Bab"},
               {"[${TRIM(  a b )}][${LTRIM( a )}][${RTRIM( a )}][${RTRIM(  )}]", "[a b][a ][ a][]"},
               {"${QUOTE(a\"b\\c)}", "\"a\\\"b\\\\c\""},
               {"${CSV_QUOTE(a\"b)}", "\"a\"\"b\""},
               {"${PASSTHRU(x y)}", "x y"},
               {"${EVAL($${none}{v})}", "a-b-c"},
               {"${KEYPADHASH(Les 1)}", "5371"},
               {"${REPLACE(v,-,+)}${REPLACE(v,-)}", "a+b+cabc"},
               {"${REPLACE(v,\\x61-,_)}", "__b_c"},
               {"${STRREPLACE(long,quick,slow)}", "The slow brown fox"},
               {"${STRREPLACE(v,-,::,1)}", "a::b-c"},
               {"${STRBETWEEN(long,The , fox)}", "quick brown"},
               {"${STRBETWEEN(long,The,none)}", ""},
               {"${REGEX(\"^a.*c$\" ${v})}${REGEX(\"^b\" ${v})}", "10"},
               {"${REGEX(\"a{2}\" aa)}", "1"},
               {"${SPRINTF(%05d|%x|%.2f|%s|%c|%%,42,255,3.14159,text,z)}", "00042|ff|3.14|text|z|%"},
               {"${SPRINTF(%d)}", ""},
               {"${SPRINTF(%2000d,1)}", ""},
               {"${URIENCODE(a b/ä)}", "a%20b%2F%C3%A4"},
               {"${URIDECODE(a%20b%2g%41)}", "a b%2gA"},
               {"${BASE64_ENCODE(hello)}${BASE64_DECODE(aGVsbG8=)}", "aGVsbG8=hello"},
               {"${MD5(abc)}", "900150983cd24fb0d6963f7d28e17f72"},
               {"${SHA1(abc)}", "a9993e364706816aba3e25717850c26c9cd0d89d"}});
    }
    void lists() {
        check({{"${FIELDQTY(v,-)}${FIELDQTY(list,\\,)}${FIELDQTY(none,-)}${FIELDQTY(v,x)}", "3401"},
               {"${FIELDNUM(v,-,b)}${FIELDNUM(v,-,x)}", "20"},
               {"${FILTER(0-9a,1-a2b)}${FILTER(\\-x,1-x2)}", "1a2-x"},
               {"${LISTFILTER(list,\\,,y)}", "x,z"},
               {"${CUT(v,-,2)}|${CUT(v,,1&3)}|${CUT(v,-,2-)}|${CUT(v,-,-2)}|${CUT(list,\\,,2-3)}|${CUT(v,-,7)}", "b|a-c|b-c|a-b|y,z|"},
               {"${SORT(a:3,b:1,c:2)}", "b,c,a"},
               {"${POP(list)}${list}", "yx,y,z"},
               {"${SHIFT(list)}${list}", "xy,z"},
               {"${POP(v,-)}${v}", "ca-b"},
               {"${POP(n)}[${n}]", "41[]"}});
        check_set("PUSH(list)", "z", "${list}", "x,y,z");
        check_set("UNSHIFT(list)", "w", "${list}", "w,x,y");
        check_set("PUSH(new,-)", "1", "${new}", "1");
        check_set("ARRAY(a,b,c)", "1,2", "${a}${b}[${c}]", "12[]");
    }
    void times() {
        check({{"${STRFTIME(0,UTC,%Y-%m-%d %H:%M:%S)}", "1970-01-01 00:00:00"},
               {"${STRFTIME(1700000000.25,Europe/Berlin,%H:%M.%q %Z)}", "23:13.250 CET"},
               {"${STRFTIME(0,UTC,%a,%b)}", "Thu,Jan"},
               {"${STRPTIME(2023-11-14 23:13:20,Europe/Berlin,%Y-%m-%d %H:%M:%S)}", "1700000000"},
               {"${STRPTIME(x,UTC,%Y)}", ""},
               {"${STRFTIME(0,Nowhere/Land,%Y)}", ""}});
    }
    void timeouts() {
        check({{"${TIMEOUT(digit)}|${TIMEOUT(response)}|${TIMEOUT(absolute)}|${TIMEOUT(x)}", "5.000|10.000|0|"}});
        check_set("TIMEOUT(digit)", "2.5", "${TIMEOUT(digit)}", "2.500");
        check_set("TIMEOUT(absolute)", "0", "${TIMEOUT(absolute)}", "0");
        check_set("TIMEOUT(absolute)", "100", "${TIMEOUT(absolute):0:2}", "99");
    }
    void environment() {
        ::setenv("JACKFIELD_TEST", "here", 1);
        check({{"${ENV(JACKFIELD_TEST)}", "here"},
               {"${STAT(e,/)}${STAT(d,/)}${STAT(f,/)}${STAT(e,/no/such)}", "1100"},
               {"${STAT(x,/)}", ""},
               {"${BASENAME(/a/b.c)}|${BASENAME(/)}|${DIRNAME(/a/b)}|${DIRNAME(b)}|${DIRNAME(/b)}", "b.c|/|/a|.|/"},
               {"${LEN(${VERSION()})}", "15"}});
        check_set("ENV(JACKFIELD_TEST)", "new", "${ENV(JACKFIELD_TEST)}", "new");
    }
    void files() {
        const std::string path = "/tmp/jackfield_function_test." + std::to_string(::getpid());
        std::FILE* file = std::fopen(path.c_str(), "w");
        std::fputs("0123456789", file);
        std::fclose(file);
        global_variables().set("path", path);
        check({{"${FILE(${path})}|${FILE(${path},7)}|${FILE(${path},2,3)}|${FILE(${path},-3,2)}|${FILE(${path},1,-7)}|${STAT(s,${path})}",
                "0123456789|789|234|78|12|10"},
               {"${FILE(/no/such)}", ""}});
        ::unlink(path.c_str());
    }
    void the_plan() {
        check({{"${DIALPLAN_EXISTS(default)}${DIALPLAN_EXISTS(none)}${DIALPLAN_EXISTS(default,1)}${DIALPLAN_EXISTS(,1,first)}", "1011"},
               {"${DIALPLAN_EXISTS(default,1,2)}${DIALPLAN_EXISTS(default,1,none)}${VALID_EXTEN(,6055)}${VALID_EXTEN(,7000)}", "0010"},
               {"${HINT(6001)}|${HINT(6001@default,n)}|${HINT(7100)}|${HINT(1)}", "Fake/a&Fake/b|Alice|Fake/1|"},
               {"${EXTENSION_STATE(6001)}|${EXTENSION_STATE(nobody)}", "NOT_INUSE|UNKNOWN"},
               {"${EVAL_EXTEN(default,6077,1)}", "text of 1 for a-b-c"},
               {"${EVAL_SUB(sub,s,1(x))}", "<x>"}});
    }
    void nothing_is_dereferenced_without_a_channel() {
        for (const auto* slot : functions().list()) {
            if (!slot->gate || (!std::string_view(slot->gate->name()).starts_with("func_") && slot->gate->name() != "app_stack")) continue;
            run([&] {
                for (const char* arguments : {"", "a", "a,b,c", "1,2,3,4", ",", "\"", "(", "${", "-1", "%", "\\"}) {
                    (void)read_expression(nullptr, fmt::format("{}({})", slot->name, arguments));
                    // Setting these would change this machine.
                    if (slot->name != "ENV" && slot->name != "FILE") (void)write_expression(nullptr, fmt::format("{}({})", slot->name, arguments), "x");
                }
            });
        }
    }

    CPPUNIT_TEST_SUITE(FunctionsTest);
    CPPUNIT_TEST(logic);
    CPPUNIT_TEST(globals);
    CPPUNIT_TEST(arithmetic);
    CPPUNIT_TEST(texts);
    CPPUNIT_TEST(lists);
    CPPUNIT_TEST(times);
    CPPUNIT_TEST(timeouts);
    CPPUNIT_TEST(environment);
    CPPUNIT_TEST(files);
    CPPUNIT_TEST(json);
    CPPUNIT_TEST(the_plan);
    CPPUNIT_TEST(nothing_is_dereferenced_without_a_channel);
    CPPUNIT_TEST_SUITE_END();
};
CPPUNIT_TEST_SUITE_REGISTRATION(FunctionsTest);

}  // namespace
