// ${...} and $[...] in text: the values that Asterisk gives.
#include "core/dialplan/template.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "tests/unit/core/dialplan/test_source.hpp"

namespace jackfield {
namespace {

class TemplateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TemplateTest);
    CPPUNIT_TEST(replaces_variables);
    CPPUNIT_TEST(takes_parts_of_values);
    CPPUNIT_TEST(calls_functions);
    CPPUNIT_TEST(evaluates_expressions);
    CPPUNIT_TEST(does_not_evaluate_values_again);
    CPPUNIT_TEST(a_value_cannot_change_the_arguments_of_a_part);
    CPPUNIT_TEST(understands_missing_braces);
    CPPUNIT_TEST(gives_back_its_text);
    CPPUNIT_TEST(is_literal_without_replacements);
    CPPUNIT_TEST(failed_functions_are_empty);
    CPPUNIT_TEST(stops_when_a_function_ends_the_call);
    CPPUNIT_TEST(bounds_nesting);
    CPPUNIT_TEST(bounds_values);
    CPPUNIT_TEST(lists_functions);
    CPPUNIT_TEST_SUITE_END();

    test::TestSource source_;

    void check(const char* text, const char* value) {
        source_.variables = {{"A", "alpha"},     {"B", "A"},        {"N", "2"},       {"EXTEN", "5551212"},
                             {"EMPTY", ""},      {"alpha1", "one"}, {"AA", "x"},      {"EVIL", "${A}"},
                             {"F", "LEN(abc)"},  {"R", "EXTEN:3"},  {"COMMA", "1,2"}, {"Q", "a\"b"},
                             {"PAREN", "a)b:1"}, {"MINUS", "-2"}};
        const auto result = evaluate_text(text, source_);
        CPPUNIT_ASSERT_MESSAGE(text, result.has_value());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(value), *result);
    }

    void replaces_variables() {
        check("plain", "plain");
        check("", "");
        check("${A}", "alpha");
        check("x${A}y${N}z", "xalphay2z");
        check("${NONE}", "");
        check("${EMPTY}", "");
        check("$", "$");
        check("$A", "$A");
        check("$$", "$$");
        check("a$b${N}", "a$b2");
        check("$${N}", "$2");
        check("cost: $5", "cost: $5");
        check("{A}", "{A}");
        check("}]", "}]");
        check("\\${A}", "\\alpha");
        check("${${B}}", "alpha");
        check("${A${B}}", "x");
        check("${alpha${NONE}1}", "one");
        check("${${A}1}", "one");
        check("${}", "");
    }
    void takes_parts_of_values() {
        check("${EXTEN:1}", "551212");
        check("${EXTEN:3}", "1212");
        check("${EXTEN:0:3}", "555");
        check("${EXTEN:3:2}", "12");
        check("${EXTEN:-4}", "1212");
        check("${EXTEN:-4:2}", "12");
        check("${EXTEN:0:-4}", "555");
        check("${EXTEN:1:-1}", "55121");
        check("${EXTEN:7}", "");
        check("${EXTEN:100}", "");
        check("${EXTEN:-100}", "5551212");
        check("${EXTEN:-100:2}", "55");
        check("${EXTEN:0:100}", "5551212");
        check("${EXTEN:0:0}", "");
        check("${EXTEN:0:-100}", "");
        check("${EXTEN:5:-3}", "");
        check("${EXTEN:${N}}", "51212");
        check("${EXTEN:${N}:${N}}", "51");
        check("${EXTEN:${MINUS}}", "12");
        check("${EXTEN:$[1+2]}", "1212");
        check("${EXTEN:}", "5551212");
        check("${EXTEN:x}", "5551212");
        check("${EXTEN: 3}", "1212");
        check("${EXTEN::3}", "5551212");
        check("${EXTEN:1:99999999999999999999}", "551212");
        check("${EXTEN:-99999999999999999999}", "5551212");
        check("${${R}}", "1212");
        check("${NONE:1:2}", "");
        check("${LEN(abcde):0:1}", "5");
        check("${UPPER(abcde):1:3}", "BCD");
        check("${UPPER(${A}):-2}", "HA");
    }
    void calls_functions() {
        check("${LEN(abc)}", "3");
        check("${LEN(${A})}", "5");
        check("${LEN()}", "0");
        check("${ECHO(a,b,c)}", "a,b,c");
        check("${ECHO(${A},${N})}", "alpha,2");
        check("${ECHO(${ECHO(${ECHO(x)})})}", "x");
        check("${ECHO(a(b)c)}", "a(b)c");
        check("${ECHO(a:b)}", "a:b");
        check("${ECHO(a:b):2}", "b");
        check("${ECHO({x})}", "{x}");
        check("${UPPER(a${LEN(bb)}c)}", "A2C");
        check("${${F}}", "3");
        check("${LEN(${COMMA})}", "3");
        check("${ECHO($[1+1])}", "2");
        check("${ECHO(abc)ignored}", "abc");
    }
    void evaluates_expressions() {
        check("$[1+1]", "2");
        check("a$[1+1]b", "a2b");
        check("$[${N}+1]", "3");
        check("$[\"${A}\" = \"alpha\"]", "1");
        check("$[\"${A}\" = \"beta\"]?x:y", "0?x:y");
        check("$[${LEN(abc)} > 2 & ${N} = 2]", "1");
        check("$[$[1+1]*3]", "6");
        check("$[\"${EXTEN}\" =~ \"^555([0-9]+)\"]", "1212");
        check("$[\"${A}\" =~ \"[a-f]\"]", "1");
        check("$[${NONE} + 1]", "0");
        check("$[]", "");
        check("$[${EXTEN:0:3} = 555]", "1");
        check("$[ 5 + ]", "0");
        CPPUNIT_ASSERT(source_.warnings.back().find("position") != std::string::npos);
    }
    void does_not_evaluate_values_again() {
        check("${EVIL}", "${A}");
        check("${ECHO(${EVIL})}", "${A}");
    }
    void a_value_cannot_change_the_arguments_of_a_part() {
        check("${LEN(${PAREN})}", "5");
        check("${ECHO(${PAREN},x):0:3}", "a)b");
    }
    void understands_missing_braces() {
        for (const auto& [text, value] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"${A", "alpha"}, {"$[1+1", "2"}, {"x${A${B}", "xx"}, {"${LEN(abc}", "3"}, {"${", ""}, {"$[", ""}}) {
            check(text, value);
            std::vector<std::string> problems;
            Template::compile(text, &problems);
            CPPUNIT_ASSERT_MESSAGE(text, !problems.empty());
        }
        std::vector<std::string> none;
        Template::compile("${A}$[1]${LEN(x):1} $ { [", &none);
        CPPUNIT_ASSERT(none.empty());
    }
    void gives_back_its_text() {
        for (const char* text : {"", "plain", "${A}", "x${A:1:2}y", "${LEN(${A},b):0:${N}}$[1 + ${N}]z", "${${B}:1}",
                                 "${A", "$[1", "${ECHO(abc)ignored}", "${LEN(abc}", "$[a[b]c]"})
            CPPUNIT_ASSERT_EQUAL(std::string(text), Template::compile(text).source_text());
    }
    void is_literal_without_replacements() {
        CPPUNIT_ASSERT(Template::compile("").is_literal());
        CPPUNIT_ASSERT(Template::compile("cost $5").is_literal());
        CPPUNIT_ASSERT_EQUAL(std::string_view("cost $5"), Template::compile("cost $5").literal());
        CPPUNIT_ASSERT(!Template::compile("a${A}").is_literal());
    }
    void failed_functions_are_empty() {
        check("a${FAIL(1)}b${NOBODY(x)}c", "abc");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, source_.warnings.size());
        CPPUNIT_ASSERT(source_.warnings[0].find("it did") != std::string::npos);
    }
    void stops_when_a_function_ends_the_call() {
        CPPUNIT_ASSERT(evaluate_text("${HANGUP()}${LEN(x)}", source_).error().code == ErrorCode::hangup);
        CPPUNIT_ASSERT(evaluate_text("$[1+${HANGUP()}]", source_).error().code == ErrorCode::hangup);
        CPPUNIT_ASSERT(evaluate_text("${LEN(${HANGUP()})}", source_).error().code == ErrorCode::hangup);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, source_.calls.size());
    }
    void bounds_nesting() {
        std::string deep;
        for (int i = 0; i < 10'000; ++i) deep += "${";
        std::vector<std::string> problems;
        const auto compiled = Template::compile(deep, &problems);
        CPPUNIT_ASSERT(!problems.empty());
        CPPUNIT_ASSERT(compiled.evaluate(source_).has_value());
    }
    void bounds_values() {
        source_.variables["BIG"] = std::string(1000, 'x');
        CPPUNIT_ASSERT_EQUAL(std::size_t{1500}, evaluate_text("${BIG}${BIG}", source_, 1500).value().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, source_.warnings.size());
    }
    void lists_functions() {
        std::vector<Template::FunctionCall> calls;
        Template::compile("${LEN(${UPPER(x)})} $[1+${CUT(a,b):1}] ${A} ${B(${${C}})}").collect_functions(calls);
        std::string text;
        for (const auto& call : calls) text += call.name + "<" + call.arguments + "> ";
        CPPUNIT_ASSERT_EQUAL(std::string("LEN<${UPPER(x)}> UPPER<x> CUT<a,b> B<${${C}}> "), text);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TemplateTest);

}  // namespace
}  // namespace jackfield
