// Expressions of $[...]: the values that Asterisk gives.
#include "core/dialplan/expression.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/core/dialplan/test_source.hpp"

namespace jackfield {
namespace {

struct Case {
    const char* text;
    const char* value;
};

void check(std::initializer_list<Case> cases) {
    for (const Case& entry : cases) {
        test::TestSource source;
        const auto value = evaluate_expression(entry.text, source);
        CPPUNIT_ASSERT_MESSAGE(std::string(entry.text) + ": " + (value ? "" : value.error().text), value.has_value());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.text, std::string(entry.value), *value);
    }
}

class ExpressionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExpressionTest);
    CPPUNIT_TEST(calculates);
    CPPUNIT_TEST(prints_numbers_with_eighteen_digits);
    CPPUNIT_TEST(binds_as_asterisk_does);
    CPPUNIT_TEST(compares_numbers_as_numbers_and_text_as_text);
    CPPUNIT_TEST(combines_truth);
    CPPUNIT_TEST(complements);
    CPPUNIT_TEST(chooses_by_a_condition);
    CPPUNIT_TEST(matches_from_the_start_with_colon);
    CPPUNIT_TEST(matches_anywhere_with_equal_tilde);
    CPPUNIT_TEST(joins_text);
    CPPUNIT_TEST(keeps_quotes_in_values);
    CPPUNIT_TEST(takes_words_apart_as_asterisk_does);
    CPPUNIT_TEST(knows_mathematical_functions);
    CPPUNIT_TEST(calls_dialplan_functions);
    CPPUNIT_TEST(goes_on_after_words_in_sums);
    CPPUNIT_TEST(goes_on_after_division_by_zero);
    CPPUNIT_TEST(goes_on_after_a_bad_regular_expression);
    CPPUNIT_TEST(names_the_place_of_a_syntax_error);
    CPPUNIT_TEST(bounds_nesting);
    CPPUNIT_TEST(bounds_joined_text);
    CPPUNIT_TEST(leaves_out_characters_that_mean_nothing);
    CPPUNIT_TEST(stops_when_a_function_ends_the_call);
    CPPUNIT_TEST(a_hostile_regular_expression_ends_soon);
    CPPUNIT_TEST_SUITE_END();

    void calculates() {
        check({{"1+1", "2"},         {"1 + 1", "2"},     {"2 - 5", "-3"},
               {"2-5", "-3"},        {"3*4", "12"},      {"7/2", "3.5"},
               {"8/2", "4"},         {"7%3", "1"},       {"-7%3", "-1"},
               {"7.5%2", "1.5"},     {"0.1+0.2", "0.3"}, {"1.5*2", "3"},
               {"10 - 2 - 3", "5"},  {"100/10/5", "2"},  {"2*3*4", "24"},
               {"-5", "-5"},         {"--5", "5"},       {"- 5 + 3", "-2"},
               {"5 - -3", "8"},      {"0-0", "0"},       {"(1+2)*3", "9"},
               {"((4))", "4"},       {"", ""},           {"  ", ""},
               {"42", "42"},         {"007", "007"},     {"007+0", "7"},
               {"1\t+\r\n1", "2"},   {"3 * -2", "-6"},   {"-(2+3)", "-5"},
               {"2*(3+(4-1))", "12"}});
    }
    void prints_numbers_with_eighteen_digits() {
        check({{"1/3", "0.333333333333333333"},
               {"2/3", "0.666666666666666667"},
               {"1000000*1000000", "1000000000000"},
               {"999999999999999999+0", "999999999999999999"},
               {"1000000000*1000000000", "1e+18"},
               {"1/8", "0.125"},
               {"1/1000000", "1e-06"},
               {"-1/4", "-0.25"},
               {"-0", "-0"},
               {"123456789012*10", "1234567890120"},
               {"1.10+0", "1.1"},
               {"3.0+0", "3"}});
    }
    void binds_as_asterisk_does() {
        check({{"1+2*3", "7"},          {"2*3+1", "7"},         {"1+4/2", "3"},          {"1|0&0", "1"},
               {"0&1|1", "1"},          {"1+1=2", "1"},         {"1=1+1", "0"},          {"1<2=1", "1"},
               {"1 & 2 = 2", "1"},      {"!0+1", "2"},          {"!1=0", "1"},           {"-2*3", "-6"},
               {"!0 & 1", "1"},         {"abc : abc + 1", "4"}, {"1 + abc : abc", "4"},  {"-abc : ab", "-2"},
               {"!abc : xyz", "1"},     {"3 = abc : abc", "1"}, {"1 ? 2 :: 3 + 1", "2"}, {"0 ? 2 :: 3 + 1", "4"},
               {"1 | 0 ? 5 :: 6", "5"}, {"2 * abc =~ c", "2"},  {"1 || 0 && 0", "1"},    {"a ~~ b = ab", "1"},
               {"5 - 2 + 1", "4"},      {"8 / 4 * 2", "4"},     {"8 % 5 * 2", "6"}});
    }
    void compares_numbers_as_numbers_and_text_as_text() {
        check({{"1=1", "1"},
               {"1==1", "1"},
               {"1 = 1.0", "1"},
               {"01 = 1", "1"},
               {"1=2", "0"},
               {"10>9", "1"},
               {"abc=abc", "1"},
               {"abc=abd", "0"},
               {"abc<abd", "1"},
               {"abc>ab", "1"},
               {"\"10\" > \"9\"", "0"},
               {"\"a\" = \"a\"", "1"},
               {"\"a\" = a", "0"},
               {"\"5\" = 5", "0"},
               {"5 = abc", "0"},
               {"5 < abc", "1"},
               {"1!=2", "1"},
               {"1 != 1", "0"},
               {"abc != abd", "1"},
               {"3>=3", "1"},
               {"3<=2", "0"},
               {"2<=3", "1"},
               {"4>=5", "0"},
               {"\"\" = \"\"", "1"},
               {"\"${X}\" = \"\"", "0"},
               {"1+1 = 2", "1"},
               {"\"2\" = 1+1", "0"},
               {"1.10 = 1.1", "1"},
               {"Z < a", "1"},
               {"10 = 1e1", "0"},
               {"-1 < 0", "1"},
               {"-1 = -1", "1"},
               {"2 > 10", "0"},
               {"ABC = abc", "0"},
               {"1 < 2 < 3", "1"},
               {"\"ANSWER\" = \"ANSWER\"", "1"},
               {"\"NO ANSWER\" != \"BUSY\"", "1"},
               {"5060=5060", "1"},
               {"192.168.0.1 = 192.168.0.1", "1"},
               {"SIP/100 = 3", "0"}});
    }
    void combines_truth() {
        check({{"1|0", "1"},
               {"0|0", "0"},
               {"0|5", "5"},
               {"abc|1", "abc"},
               {"0|abc", "abc"},
               {"\"\" | 5", "\"\""},
               {"1&1", "1"},
               {"1&0", "0"},
               {"0&1", "0"},
               {"5&3", "5"},
               {"abc&1", "abc"},
               {"abc & def", "abc"},
               {"0||0||7", "7"},
               {"1&&2&&3", "1"},
               {"00|7", "7"},
               {"0.0|7", "7"},
               {"007|1", "7"},
               {"(1=1)&(2=2)", "1"},
               {"(1=1)|(2=3)", "1"},
               {"\"a\"=\"a\" & \"b\"=\"b\"", "1"},
               {"\"a\"=\"a\" & \"b\"=\"c\"", "0"},
               {"1 & abc", "1"}});
    }
    void complements() {
        check({{"!0", "1"},
               {"!1", "0"},
               {"!5", "0"},
               {"!abc", "1"},
               {"!\"\"", "1"},
               {"!\"abc\"", "1"},
               {"!!1", "1"},
               {"!!0", "0"},
               {"!(1=2)", "1"},
               {"!(1=1)", "0"},
               {"!0.5", "1"},
               {"!(0.5+0)", "0"},
               {"! 0", "1"},
               {"!3abc", "0"},
               {"1!=!1", "1"}});
    }
    void chooses_by_a_condition() {
        check({{"1 ? 2 :: 3", "2"},
               {"0 ? 2 :: 3", "3"},
               {"1=1?yes::no", "yes"},
               {"1=2?yes::no", "no"},
               {"abc ? a :: b", "a"},
               {"\"\" ? a :: b", "b"},
               {"\"0\" ? a :: b", "a"},
               {"\"abc\" ? \"x y\" :: b", "\"x y\""},
               {"1 ? 0 ? a :: b :: c", "b"},
               {"0 ? a :: 1 ? b :: c", "b"},
               {"0 ? 1 :: 0 ? 1 :: 7", "7"},
               {"1?2*3::4", "6"},
               {"(1?0::1) ? a :: b", "b"},
               {"0.0 ? a :: b", "b"},
               {"2-2 ? a :: b", "b"}});
    }
    void matches_from_the_start_with_colon() {
        check({{"abcdef : abc", "3"},
               {"abcdef : bcd", "0"},
               {"abcdef : \"a(.*)f\"", "bcde"},
               {"\"abc\" : \"abc\"", "3"},
               {"8015551212 : \"(...)\"", "801"},
               {"3075551212 : \"...(...)\"", "555"},
               {"abc : \"x\"", "0"},
               {"abc : \"x(.)\"", ""},
               {"5551212 : 555", "3"},
               {"5551212 : \"555(1212)?\"", "1212"},
               {"555 : \"555(1212)?\"", "3"},
               {"\"one two\" : \"one (.*)\"", "two"},
               {"123 : \"(1)\" + 1", "2"},
               {"abc : \"\"", "0"},
               {"aaab : \"a*\"", "3"},
               {"abab : \"(a|ab)(c|bcd)?\"", "ab"},
               {"SIP/100 : x", "0"},
               {"\"SIP/100-0001\" : \"SIP/([0-9]+)\"", "100"},
               {"12345 : \"^123\"", "3"},
               {"123 : \"123$\"", "3"}});
    }
    void matches_anywhere_with_equal_tilde() {
        check({{"abcdef =~ cd", "2"},
               {"abcdef =~ xy", "0"},
               {"\"abcdef\" =~ \"c(.)e\"", "d"},
               {"abc =~ \"(x)\"", ""},
               {"abcdef =~ \"f$\"", "1"},
               {"abcdef =~ \"^b\"", "0"},
               {"5551212 =~ \"[0-9]+\"", "7"},
               {"\"a b\" =~ \"[[:space:]]\"", "1"},
               {"aXbX =~ \"X\"", "1"},
               {"abc =~ \"a|b\"", "1"},
               {"\"*97\" =~ \"^\\*97$\"", "3"},
               {"\"*97\" =~ \"*97\"", "2"},
               {"\"+49\" =~ \"+49\"", "2"},
               {"\"a.b\" =~ \"a\\.b\"", "3"},
               {"abc =~ abc & 1", "3"},
               {"\"x]y\" =~ \"[]]\"", "1"},
               {"\"1-800\" =~ \"-\"", "1"},
               {"aaa =~ \"a{2}\"", "2"},
               {"ABC =~ abc", "0"},
               {"\"foo bar\" =~ \"(foo|foo bar)\"", "foo bar"}});
    }
    void joins_text() {
        check({{"a ~~ b", "ab"},
               {"\"a \" ~~ \"b\"", "a b"},
               {"1 ~~ 2", "12"},
               {"(1 ~~ 2) + 1", "13"},
               {"1 ~~ 2 + 1", "13"},
               {"a ~~ b ~~ c", "abc"},
               {"\"\" ~~ x", "x"},
               {"(1+1) ~~ a", "2a"}});
    }
    void keeps_quotes_in_values() {
        check({{"\"abc\"", "\"abc\""},
               {"\"\"", "\"\""},
               {"\"a b\" | 0", "\"a b\""},
               {"(\"x\")", "\"x\""},
               {"\"1+1\"", "\"1+1\""}});
    }
    void takes_words_apart_as_asterisk_does() {
        check({{"a.b", "a.b"},
               {"a_b", "a_b"},
               {"#5", "#5"},
               {"a@b", "a@b"},
               {"a^b", "a^b"},
               {"'x'", "'x'"},
               {"12abc", "12abc"},
               {"$x", "$x"},
               {"$5.00", "$5.00"},
               {"1.2.3", "1.2.3"},
               {".5", ".5"},
               {"5.", "5."},
               {"\xc3\xbc", "\xc3\xbc"},
               {"a\\;b", "a\\;b"},
               {"${A}", "${A}"},
               {"x${A b}y = x${A b}y", "1"},
               {"${A{B}C}d", "${A{B}C}d"}});
    }
    void knows_mathematical_functions() {
        check({{"SQRT(16)", "4"},
               {"POW(2,10)", "1024"},
               {"FLOOR(2.7)", "2"},
               {"CEIL(2.1)", "3"},
               {"ROUND(2.5)", "3"},
               {"RINT(2.5)", "2"},
               {"TRUNC(-2.7)", "-2"},
               {"ABS(-3)", "3"},
               {"EXP(0)", "1"},
               {"EXP2(8)", "256"},
               {"EXP10(3)", "1000"},
               {"LOG(1)", "0"},
               {"LOG2(8)", "3"},
               {"LOG10(1000)", "3"},
               {"SIN(0)", "0"},
               {"COS(0)", "1"},
               {"TAN(0)", "0"},
               {"ASIN(0)", "0"},
               {"ACOS(1)", "0"},
               {"ATAN(0)", "0"},
               {"ATAN2(0,1)", "0"},
               {"REMAINDER(7,4)", "-1"},
               {"SQRT(POW(3,2)+POW(4,2))", "5"},
               {"SQRT (9)", "3"},
               {"1+SQRT(4)*2", "5"},
               {"POW(2)", "0"},
               {"SQRT(1,2)", "0"},
               {"SQRT(abc)", "0"},
               {"-SQRT(4)", "-2"},
               {"ROUND(-2.5)", "-3"},
               {"ATAN2(1,1)*4", "3.14159265358979324"}});
    }
    void calls_dialplan_functions() {
        check({{"LEN(abc)", "3"},
               {"LEN(abc)+1", "4"},
               {"ECHO(1,2)", "1,2"},
               {"ECHO(1,,2)", "1,,2"},
               {"ECHO()", "0"},
               {"ECHO(1+1)", "2"},
               {"UPPER(abc) = ABC", "1"},
               {"ECHO(\"a b\")", "\"a b\""},
               {"LEN(LEN(abcd))", "1"}});
        test::TestSource source;
        CPPUNIT_ASSERT_EQUAL(std::string("0"), evaluate_expression("NOBODY(1)", source).value());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, source.warnings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("0"), evaluate_expression("abc(1)", source).value());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, source.warnings.size());
    }
    void goes_on_after_words_in_sums() {
        check({{"abc + 1", "1"},
               {"1 + abc", "1"},
               {"abc + def", "0"},
               {"abc - 3", "-3"},
               {"3 - abc", "3"},
               {"abc * 3", "0"},
               {"3 * abc", "0"},
               {"abc / 3", "0"},
               {"3 / abc", "2147483647"},
               {"3 % abc", "0"},
               {"-abc", "0"},
               {"\"5\" + 1", "1"},
               {".5 + 1", "1"}});
        test::TestSource source;
        (void)evaluate_expression("abc + 1", source);
        CPPUNIT_ASSERT(source.warnings.at(0).find("abc") != std::string::npos);
    }
    void goes_on_after_division_by_zero() {
        check({{"1/0", "2147483647"}, {"1%0", "0"}, {"1/0.0", "2147483647"}, {"0/5", "0"}});
        test::TestSource source;
        (void)evaluate_expression("1/0", source);
        CPPUNIT_ASSERT(source.warnings.at(0).find("zero") != std::string::npos);
    }
    void goes_on_after_a_bad_regular_expression() {
        check({{"abc : \"(\"", ""}, {"abc =~ \"[a\"", ""}, {"abc =~ \"(a)\\1\"", ""}});
        test::TestSource source;
        (void)evaluate_expression("abc : \"(\"", source);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, source.warnings.size());
    }
    void names_the_place_of_a_syntax_error() {
        struct Bad {
            const char *text, *position;
        };
        for (const Bad& entry : std::initializer_list<Bad>{{"1 +", "position 3"},
                                                           {"+ 1", "position 0"},
                                                           {"= 1", "position 0"},
                                                           {"a b", "position 2"},
                                                           {"(1", "position 2"},
                                                           {"1)", "position 1"},
                                                           {"1 ? 2", "position 5"},
                                                           {"1 :: 2", "position 2"},
                                                           {"\"a\"b\"c\"", "position 3"},
                                                           {"* 3", "position 0"},
                                                           {"1 = ", "position 4"},
                                                           {"()", "position 1"},
                                                           {"LEN(1", "position 5"},
                                                           {"a, b", "position 1"},
                                                           {"1 == = 2", "position 5"},
                                                           {"|", "position 0"}}) {
            test::TestSource source;
            const auto value = evaluate_expression(entry.text, source);
            CPPUNIT_ASSERT_MESSAGE(entry.text, !value);
            CPPUNIT_ASSERT_MESSAGE(value.error().text, value.error().text.find(entry.position) != std::string::npos);
            CPPUNIT_ASSERT(value.error().code == ErrorCode::invalid);
        }
    }
    void bounds_nesting() {
        test::TestSource source;
        const std::string deep = std::string(100'000, '(') + "1" + std::string(100'000, ')');
        CPPUNIT_ASSERT(evaluate_expression(deep, source).error().code == ErrorCode::limit);
        CPPUNIT_ASSERT(!evaluate_expression(std::string(100'000, '-') + "1", source));
        const std::string fine = std::string(90, '(') + "1" + std::string(90, ')');
        CPPUNIT_ASSERT_EQUAL(std::string("1"), evaluate_expression(fine, source).value());
        std::string sum = "0";
        for (int i = 0; i < 20'000; ++i) sum += "+1";
        CPPUNIT_ASSERT_EQUAL(std::string("20000"), evaluate_expression(sum, source).value());
    }
    void bounds_joined_text() {
        test::TestSource source;
        const std::string half(40'000, 'a');
        CPPUNIT_ASSERT_EQUAL(std::size_t{65536}, evaluate_expression(half + "~~" + half, source).value().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, source.warnings.size());
    }
    void leaves_out_characters_that_mean_nothing() {
        check({{"1 + [2]", "3"}, {"{a}", "a"}, {"5 ~ ", "5"}});
        test::TestSource source;
        (void)evaluate_expression("1 + [2]", source);
        CPPUNIT_ASSERT(source.warnings.at(0).find("position 4") != std::string::npos);
    }
    void stops_when_a_function_ends_the_call() {
        test::TestSource source;
        CPPUNIT_ASSERT(evaluate_expression("1 + HANGUP(1) + LEN(x)", source).error().code == ErrorCode::hangup);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, source.calls.size());
    }
    void a_hostile_regular_expression_ends_soon() {
        test::TestSource source;
        const std::string text = std::string(200, 'a') + " =~ \"((a*)*)*b\"";
        CPPUNIT_ASSERT_EQUAL(std::string(), evaluate_expression(text, source).value());
        CPPUNIT_ASSERT(evaluate_expression("a =~ \"((a{100}){100}){100}\"", source).has_value());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExpressionTest);

}  // namespace
}  // namespace jackfield
