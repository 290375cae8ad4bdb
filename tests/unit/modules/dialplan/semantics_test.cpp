// What functions give for what Asterisk's documentation and its users write, as tables: one line a fact.
#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <cstdio>

#include "core/media/say.hpp"
#include "tests/unit/modules/dialplan/module_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

struct SemanticCase {
    const char* text;
    const char* value;
};

class SemanticsTest : public ModulesTest {
  public:
    void setUp() override {
        ModulesTest::setUp();
        for (const char* name : {"func_aes", "func_base64", "func_config", "func_cut", "func_dialplan", "func_env", "func_export",
                                 "func_global", "func_iconv", "func_lock", "func_logic", "func_math", "func_md5", "func_sayfiles",
                                 "func_sha1", "func_shared", "func_shell", "func_sprintf", "func_strings", "func_sysinfo",
                                 "func_uri", "func_uuid", "app_stack", "pbx_builtins"})
            load(name);
        plan("[default]\nexten => 1,1,NoOp()\n");
    }
    // Each text is replaced in the scope of one channel, in order: later lines see what earlier ones set.
    void check(std::initializer_list<SemanticCase> cases) {
        Custody custody = incoming("a");
        Channel& channel = custody.channel();
        channel.place() = Place{"default", "1", 1};
        channel.set_variable("list", "one,two,three");
        channel.set_variable("path", "usr/local/bin");
        channel.set_variable("phone", "918881234567");
        channel.set_variable("sentence", "The quick brown fox");
        channel.set_variable("five", "5");
        channel.set_variable("empty", "");
        run([&] {
            for (const SemanticCase& each : cases) {
                const auto value = substitute(&channel, each.text);
                CPPUNIT_ASSERT_MESSAGE(each.text, value.has_value());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(each.text, std::string(each.value), *value);
            }
        });
    }

    void substrings() {
        check({{"${phone:1}", "18881234567"},      {"${phone:-7}", "1234567"},       {"${phone:-0}", "918881234567"},
               {"${phone:2:3}", "888"},            {"${phone:0:1}", "9"},            {"${phone:-7:3}", "123"},
               {"${phone:1:-7}", "1888"},          {"${phone:-7:-4}", "123"},        {"${phone:0}", "918881234567"},
               {"${phone:0:-1}", "91888123456"},   {"${phone:99}", ""},              {"${phone:0:99}", "918881234567"},
               {"${phone:-99}", "918881234567"},   {"${phone:3:0}", ""},             {"${empty:1}", ""},
               {"${none:2:3}", ""},                {"${sentence:4:5}", "quick"},     {"${sentence:-3}", "fox"},
               {"${LEN(${phone}):0:1}", "1"},      {"${phone:${five}}", "1234567"},  {"${phone:$[${five} - 4]:2}", "18"},
               {"[${empty}]", "[]"},               {"[${none}]", "[]"},              {"x${five}y", "x5y"},
               {"${${none}five}", "5"},            {"$five", "$five"},               {"$${five}", "$5"},
               {"100%", "100%"},                   {"${phone:1:3}-${phone:4:3}", "188-812"}});
    }
    void expressions_with_variables() {
        check({{"$[${five} + 1]", "6"},
               {"$[${five} = 5]", "1"},
               {"$[\"${five}\" = \"5\"]", "1"},
               {"$[\"${none}\" = \"\"]", "1"},
               {"$[${LEN(${phone})} > 10]", "1"},
               {"$[${five} > 4 & ${five} < 6]", "1"},
               {"$[${five} > 5 | ${five} = 5]", "1"},
               {"$[\"${sentence}\" =~ \"brown\"]", "5"},
               {"$[\"${sentence}\" =~ \"^brown\"]", "0"},
               {"$[\"${sentence}\" =~ \"(qu[a-z]+)\"]", "quick"},
               {"$[${phone} : 9188]", "4"},
               {"$[\"${phone}\" : \"9188(.*)\"]", "81234567"},
               {"$[!${five}]", "0"},
               {"$[${five} ? yes :: no]", "yes"},
               {"$[0${none} ? yes :: no]", "no"},
               {"$[(${five} + 1) * 2]", "12"},
               {"$[${five} / 2]", "2.5"},
               {"$[${five} % 2]", "1"},
               {"$[-${five}]", "-5"},
               {"$[${five} != 5]", "0"},
               {"$[${five} >= 5]$[${five} <= 5]$[${five} < 5]", "110"},
               {"$[abc ~~ def]", "abcdef"},
               {"${IF($[${five} > 3]?big:small)}", "big"},
               {"${IF($[ \"${sentence}\" = \"\" ]?none:some)}", "some"}});
    }
    void mathematics() {
        check({{"${MATH(123%16,int)}", "11"},        {"${MATH(10/4)}", "2.500000"},        {"${MATH(10/4,i)}", "2"},
               {"${MATH(5+6,int)}", "11"},           {"${MATH(5-6,int)}", "-1"},           {"${MATH(2^3,int)}", "8"},
               {"${MATH(1.5*1.5,f)}", "2.250000"},   {"${MATH(255+0,hex)}", "ff"},         {"${MATH(65+0,char)}", "A"},
               {"${MATH(3>2)}", "TRUE"},             {"${MATH(3<2)}", "FALSE"},            {"${MATH(3>=3)}", "TRUE"},
               {"${MATH(8>>2,i)}", "2"},             {"${MATH(1<<3,i)}", "8"},             {"${MATH(6AND3,i)}", "2"},
               {"${MATH(6OR3,i)}", "7"},             {"${MATH(6XOR3,i)}", "5"},            {"${MATH(-5+3,i)}", "-2"},
               {"${MATH(0.1+0.2,f)}", "0.300000"},   {"${MATH(${five}*${five},i)}", "25"}, {"${MATH(7%0,i)}", ""},
               {"${MATH()}", ""},                    {"${MATH(5)}", ""},                   {"${ABS(-13)}", "13"},
               {"${ABS(13)}", "13"},                 {"${MIN(7,3,9)}", "3"},               {"${MAX(7,3,9)}", "9"},
               {"${MIN(-1,1)}", "-1"},               {"${MAX(${five},4)}", "5"},           {"${INC(five)}", "6"},
               {"${five}", "6"},                     {"${DEC(five)}", "5"},                {"${five}", "5"},
               {"${INC(none)}", ""},                 {"${DIGIT_SUM(859-555-0123)}", "43"}, {"${DIGIT_SUM(7)}", "7"},
               {"${DIGIT_SUM(no)}", "0"},            {"${DIGIT_SUM()}", ""}});
    }
    void characters() {
        check({{"${LEN(example)}", "7"},
               {"${LEN( a )}", "3"},
               {"${TOUPPER(Example 1)}", "EXAMPLE 1"},
               {"${TOLOWER(Example 1)}", "example 1"},
               {"${FILTER(A-R,DAHDI)}", "DAHDI"},
               {"${FILTER(A\\-R,DAHDI)}", "A"},
               {"${FILTER(0-9A-Ca-c,00x42z133333A12212)}", "0042133333A12212"},
               {"${FILTER(A-CX-Z,ABCDEFGHIJKLMNOPQRSTUVWXYZ)}", "ABCXYZ"},
               {"${FILTER(0123456789,(256) 555-0199)}", "2565550199"},
               {"${FILTER(a-z,)}", ""},
               {"${KEYPADHASH(Les)}", "537"},
               {"${KEYPADHASH(Les1)}", "5371"},
               {"${KEYPADHASH(abcdefghijklmnopqrstuvwxyz)}", "22233344455566677778889999"},
               {"${KEYPADHASH(-)}", ""},
               {"${REPLACE(phone,8,x)}", "91xxx1234567"},
               {"${REPLACE(sentence, ,_)}", "The_quick_brown_fox"},
               {"${REPLACE(sentence,aeiou)}", "Th qck brwn fx"},
               {"${REPLACE(sentence,aeiou,*)}", "Th* q**ck br*wn f*x"},
               {"${REPLACE(sentence,z,y)}", "The quick brown fox"},
               {"${STRREPLACE(sentence,o,0)}", "The quick br0wn f0x"},
               {"${STRREPLACE(sentence,o,0,1)}", "The quick br0wn fox"},
               {"${STRREPLACE(sentence, brown)}", "The quick fox"},
               {"${STRREPLACE(sentence,z,y)}", "The quick brown fox"},
               {"${STRBETWEEN(sentence,quick , fox)}", "brown"},
               {"${STRBETWEEN(sentence,fox,quick)}", ""},
               {"${QUOTE(a \"b\")}", "\"a \\\"b\\\"\""},
               {"${CSV_QUOTE(a \"b\")}", "\"a \"\"b\"\"\""},
               {"${REGEX(\"[0-9]\" abc1)}${REGEX(\"^[0-9]\" abc1)}", "10"},
               {"${REGEX(\"^(one|two)$\" two)}", "1"},
               {"${REGEX(\"[\" a)}", ""},
               {"${SPRINTF(%s-%s,a,b)}", "a-b"},
               {"${SPRINTF(%3d|%-3d|%03d,5,5,5)}", "  5|5  |005"},
               {"${SPRINTF(%.3f,2)}", "2.000"},
               {"${SPRINTF(%x %X %o,255,255,8)}", "ff FF 10"},
               {"${URIENCODE(sip:a@b c)}", "sip%3Aa%40b%20c"},
               {"${URIDECODE(a%2Bb%20c)}", "a+b c"},
               {"${BASE64_ENCODE(username:password)}", "dXNlcm5hbWU6cGFzc3dvcmQ="},
               {"${BASE64_DECODE(dXNlcm5hbWU6cGFzc3dvcmQ=)}", "username:password"},
               {"${MD5()}", "d41d8cd98f00b204e9800998ecf8427e"},
               {"${MD5(The quick brown fox jumps over the lazy dog)}", "9e107d9d372bb6826bd81d3542a419d6"},
               {"${SHA1(The quick brown fox jumps over the lazy dog)}", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
               {"${ICONV(UTF-8,ISO-8859-1,abc)}", "abc"},
               {"${LEN(${ICONV(UTF-8,ISO-8859-1,ä)})}", "1"},
               {"${ICONV(ISO-8859-1,UTF-8,${ICONV(UTF-8,ISO-8859-1,ä,ö)})}", "ä,ö"},
               {"${ICONV(UTF-8,NO-SUCH,a)}", ""},
               {"${ICONV(UTF-8,ASCII,ä)}", ""},
               {"${AES_ENCRYPT(1234567890123456,hello)}", "77zyX9jQgwOf4fhw/CUKfA=="},
               {"${AES_DECRYPT(1234567890123456,77zyX9jQgwOf4fhw/CUKfA==)}", "hello"},
               {"${AES_ENCRYPT(1234567890123456,1234567890123456)}", "dXzNDNxckOrb7uz2ON0AAA=="},
               {"${AES_ENCRYPT(1234567890123456,a longer text of more than 16)}", "xwjjDBqG+rMlwggoSTqHiz2x/rOBMYRO3ylQ7nGyLxI="},
               {"${AES_DECRYPT(1234567890123456,${AES_ENCRYPT(1234567890123456,a,b \"c\")})}", "a,b \"c\""},
               {"${AES_ENCRYPT(short,hello)}", ""},
               {"${AES_DECRYPT(1234567890123456,notbase64)}", ""},
               {"${LEN(${UUID()})}", "36"},
               {"${REGEX(\"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\" ${UUID()})}", "1"}});
    }
    void lists() {
        check({{"${FIELDQTY(list,\\,)}", "3"},
               {"${FIELDQTY(path,/)}", "3"},
               {"${FIELDQTY(empty,/)}", "0"},
               {"${FIELDNUM(path,/,local)}", "2"},
               {"${FIELDNUM(path,/,loc)}", "0"},
               {"${CUT(path,/,1)}", "usr"},
               {"${CUT(path,/,2-3)}", "local/bin"},
               {"${CUT(path,/,-2)}", "usr/local"},
               {"${CUT(path,/,2-)}", "local/bin"},
               {"${CUT(path,/,1&3)}", "usr/bin"},
               {"${CUT(path,/,4)}", ""},
               {"${CUT(list,\\,,2)}", "two"},
               {"${LISTFILTER(list,\\,,two)}", "one,three"},
               {"${LISTFILTER(list,\\,,four)}", "one,two,three"},
               {"${LISTFILTER(path,/,usr)}", "local/bin"},
               {"${SORT(b:2,a:1,c:3)}", "a,b,c"},
               {"${SORT(b:2.5,a:-1,c:2.25)}", "a,c,b"},
               {"${SHIFT(list)}", "one"},
               {"${list}", "two,three"},
               {"${POP(list)}", "three"},
               {"${list}", "two"},
               {"${SET(PUSH(list)=four)}${list}", "two,four"},
               {"${SET(UNSHIFT(list)=zero)}${list}", "zero,two,four"},
               {"${SHIFT(none)}", ""},
               {"${POP(path,/)}|${path}", "bin|usr/local"}});
    }
    void choices() {
        check({{"${IF($[1]?a:b)}", "a"},           {"${IF(0?a:b)}", "b"},           {"${IF(0?a)}", ""},
               {"${IF(?a:b)}", "b"},                {"${IF(text?a:b)}", "a"},        {"${IF(1?:b)}", ""},
               {"${IF(1?${IF(0?x:y)}:z)}", "y"},    {"${ISNULL(${empty})}", "1"},    {"${ISNULL(${five})}", "0"},
               {"${EXISTS(${empty})}", "0"},        {"${EXISTS(${five})}", "1"},     {"${SET(v=7)}${v}", "77"},
               {"${PASSTHRU(${five})}", "5"},       {"${FIELDQTY(PASSTHRU(a-b),-)}", "2"},
               {"${EVAL($${none}{five})}", "5"},    {"${IFMODULE(no_such)}", "0"},
               {"${VARIABLE_EXISTS(empty)}${VARIABLE_EXISTS(none)}", "10"},
               {"${IMPORT(no/such,five)}", ""},     {"${IMPORT(${CHANNEL},five)}", "5"},
               {"${MASTER_CHANNEL(five)}", "5"},    {"${SET(MASTER_CHANNEL(m)=1)}${m}", "11"},
               {"${SET(EXPORT(${CHANNEL},e)=2)}${e}", "2"}});
    }
    void times() {
        check({{"${STRFTIME(1289000000,UTC,%Y-%m-%d %H:%M:%S)}", "2010-11-05 23:33:20"},
               {"${STRFTIME(1289000000,America/New_York,%H:%M)}", "19:33"},
               {"${STRPTIME(2006-03-01 07:30:35,America/Chicago,%Y-%m-%d %H:%M:%S)}", "1141219835"},
               {"${SET(TESTTIME()=2010/12/25 12:00:00 UTC)}${TESTTIME}", "1293278400"},
               {"${IFTIME(*,*,25,dec,UTC?holiday:work)}", "holiday"},
               {"${IFTIME(8:00-11:59,*,*,*,UTC?early:late)}", "late"},
               {"${IFTIME(*,sat,*,*,UTC?weekend:work)}", "weekend"},
               {"${SET(TESTTIME()=2010-12-27 09:30:00 UTC)}${TESTTIME}", "1293442200"},
               {"${IFTIME(8:00-11:59,mon-fri,*,*,UTC?early:late)}", "early"},
               {"${SET(TESTTIME()=2010-12-27 10:30:00 Europe/Berlin)}${TESTTIME}", "1293442200"},
               {"${SET(TESTTIME()=tomorrow)}${TESTTIME}", "1293442200"},
               {"${SET(TESTTIME()=2010-12-27 09:30:00 No/Where)}${TESTTIME}", "1293442200"}});
    }
    void spoken() {
        CPPUNIT_ASSERT(add_say_language("en", say_rules()).has_value());
        check({{"${SAYFILES(hi Th3re,alpha)}",
                "letters/h&letters/i&letters/space&letters/t&letters/h&digits/3&letters/r&letters/e"},
               {"${SAYFILES(phreak,phonetic)}", "phonetic/p_p&phonetic/h_p&phonetic/r_p&phonetic/e_p&phonetic/a_p&phonetic/k_p"},
               {"${SAYFILES(35,digits)}", "digits/3&digits/5"},
               {"${SAYFILES(35,number)}", "digits/30&digits/5"},
               {"${SAYFILES(747,number)}", "digits/7&digits/hundred&digits/40&digits/7"},
               {"${SAYFILES(1042,number)}", "digits/1&digits/thousand&digits/40&digits/2"},
               {"${SAYFILES(35,ordinal)}", "digits/30&digits/h-5"},
               {"${SAYFILES(0,money)}", "digits/0&cents"},
               {"${SAYFILES(0.01,money)}", "digits/1&cent"},
               {"${SAYFILES(0.42,money)}", "digits/40&digits/2&cents"},
               {"${SAYFILES(1.00,money)}", "digits/1&letters/dollar"},
               {"${SAYFILES(1.42,money)}", "digits/1&letters/dollar&and&digits/40&digits/2&cents"},
               {"${SAYFILES(2.05,money)}", "digits/2&dollars&and&digits/5&cents"},
               {"${SAYFILES(2.5,money)}", "digits/2&dollars&and&digits/50&cents"},
               {"${SAYFILES(-1,money)}", ""},
               {"${SAYFILES(x,number)}", ""},
               {"${SAYFILES(1,weight)}", ""}});
    }
    void files_by_bytes_and_lines() {
        const std::string path = "/tmp/jackfield_semantics_test." + std::to_string(::getpid());
        global_variables().set("f", path);
        check({{"${SET(FILE(${f})=one)}", "one"},
               {"${SET(FILE(${f},,,al)=two)}${FILE(${f})}", "onetwo\nonetwo\n"},
               {"${SET(FILE(${f},0,3)=1-)}${FILE_FORMAT(${f})}", "1-tu"},
               {"${FILE(${f})}", "1-two\n"},
               {"${SET(FILE(${f},,,al)=three)}${SET(FILE(${f},,,al)=four)}${FILE_COUNT_LINE(${f})}",
                "1-two\nthree\n1-two\nthree\nfour\n3"},
               {"${FILE(${f},1,1,l)}", "three\n"},
               {"${FILE(${f},-1,1,l)}", "four\n"},
               {"${FILE(${f},0,-1,l)}", "1-two\nthree\n"},
               {"${FILE_COUNT_LINE(/no/such)}${FILE_FORMAT(/no/such)}", "-1x"}});
        check_file(path);
    }
    // Lines replaced, in the middle and with another end.
    void check_file(const std::string& path) {
        Custody custody = incoming("b");
        Channel& channel = custody.channel();
        run([&] {
            const auto set = [&](const std::string& options, const char* value) {
                CPPUNIT_ASSERT(write_expression(&channel, "FILE(" + path + options + ")", value).has_value());
                return read_expression(&channel, "FILE(" + path + ")").value_or("failed");
            };
            CPPUNIT_ASSERT_EQUAL(std::string("1-two\nTHREE\nfour\n"), set(",1,1,l", "THREE"));
            CPPUNIT_ASSERT_EQUAL(std::string("1-two\nfour\n"), set(",1,1,ld", ""));
            CPPUNIT_ASSERT_EQUAL(std::string("1-two\nfour\nwin\r\n"), set(",,,al,d", "win"));
            CPPUNIT_ASSERT_EQUAL(std::string("new"), set("", "new"));
            CPPUNIT_ASSERT(!write_expression(&channel, "FILE(/no/such/folder)", "x").has_value());
        });
        ::unlink(path.c_str());
    }
    void machine() {
        check({{"${SHELL(printf a; printf b)}", "ab"},
               {"${SHELL(exit 3)}", ""},
               {"${IF($[${SYSINFO(totalram)} > 1000]?yes:no)}", "yes"},
               {"${IF($[${SYSINFO(numcalls)} = 1]?yes:no)}", "yes"},
               {"${IF($[${SYSINFO(numprocs)} > 0]?yes:no)}", "yes"},
               {"${SYSINFO(colour)}", ""},
               {"${AST_CONFIG(no-such-file.conf,a,b)}", ""}});
    }
    void locks() {
        Custody one = incoming("a"), two = incoming("b");
        const auto ask = [&](Custody& who, const char* text) {
            std::string value;
            run([&] { value = substitute(&who.channel(), text).value_or("failed"); });
            return value;
        };
        CPPUNIT_ASSERT_EQUAL(std::string("11"), ask(one, "${LOCK(l)}${TRYLOCK(l)}"));
        CPPUNIT_ASSERT_EQUAL(std::string("00"), ask(two, "${TRYLOCK(l)}${UNLOCK(l)}"));
        CPPUNIT_ASSERT_EQUAL(std::string("1"), ask(one, "${UNLOCK(l)}"));
        CPPUNIT_ASSERT_EQUAL(std::string("0"), ask(two, "${TRYLOCK(l)}"));  // taken twice, given back once
        one.release();
        CPPUNIT_ASSERT_EQUAL(std::string("1"), ask(two, "${TRYLOCK(l)}"));
        CPPUNIT_ASSERT_EQUAL(std::string("10"), ask(two, "${UNLOCK(l)}${UNLOCK(l)}"));
    }

    CPPUNIT_TEST_SUITE(SemanticsTest);
    CPPUNIT_TEST(substrings);
    CPPUNIT_TEST(expressions_with_variables);
    CPPUNIT_TEST(mathematics);
    CPPUNIT_TEST(characters);
    CPPUNIT_TEST(lists);
    CPPUNIT_TEST(choices);
    CPPUNIT_TEST(times);
    CPPUNIT_TEST(spoken);
    CPPUNIT_TEST(files_by_bytes_and_lines);
    CPPUNIT_TEST(machine);
    CPPUNIT_TEST(locks);
    CPPUNIT_TEST_SUITE_END();

  private:
    static std::string say_rules() {
        std::FILE* file = std::fopen(JF_SOURCE_DIR "/sounds/say/en.conf", "r");
        CPPUNIT_ASSERT(file);
        std::string text(65536, '\0');
        text.resize(std::fread(text.data(), 1, text.size(), file));
        std::fclose(file);
        return text;
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SemanticsTest);

}  // namespace
