// Arguments of applications and option letters.
#include "core/dialplan/arguments.hpp"

#include <cppunit/extensions/HelperMacros.h>

namespace jackfield {
namespace {

using Parts = std::vector<std::string>;

class ArgumentsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ArgumentsTest);
    CPPUNIT_TEST(splits_at_commas);
    CPPUNIT_TEST(keeps_what_is_bracketed_or_quoted_together);
    CPPUNIT_TEST(removes_quotes_and_backslashes);
    CPPUNIT_TEST(leaves_the_rest_when_limited);
    CPPUNIT_TEST(raw_parts_keep_everything);
    CPPUNIT_TEST(missing_arguments_are_empty);
    CPPUNIT_TEST(reads_options);
    CPPUNIT_TEST(refuses_bad_options);
    CPPUNIT_TEST_SUITE_END();

    void splits_at_commas() {
        CPPUNIT_ASSERT(split_arguments("a,b,c") == (Parts{"a", "b", "c"}));
        CPPUNIT_ASSERT(split_arguments("") == Parts{});
        CPPUNIT_ASSERT(split_arguments("a") == Parts{"a"});
        CPPUNIT_ASSERT(split_arguments("a,,") == (Parts{"a", "", ""}));
        CPPUNIT_ASSERT(split_arguments(",") == (Parts{"", ""}));
        CPPUNIT_ASSERT(split_arguments(" a , b ") == (Parts{" a ", " b "}));
        CPPUNIT_ASSERT(split_arguments("a:b:c", ':') == (Parts{"a", "b", "c"}));
    }
    void keeps_what_is_bracketed_or_quoted_together() {
        CPPUNIT_ASSERT(split_arguments("f(a,b),c") == (Parts{"f(a,b)", "c"}));
        CPPUNIT_ASSERT(split_arguments("[a,b],c") == (Parts{"[a,b]", "c"}));
        CPPUNIT_ASSERT(split_arguments("\"a,b\",c") == (Parts{"a,b", "c"}));
        CPPUNIT_ASSERT(split_arguments("f(g(a,b),c),d") == (Parts{"f(g(a,b),c)", "d"}));
        CPPUNIT_ASSERT(split_arguments("a),b") == (Parts{"a)", "b"}));
        CPPUNIT_ASSERT(split_arguments("(a,b") == (Parts{"(a,b"}));
    }
    void removes_quotes_and_backslashes() {
        CPPUNIT_ASSERT(split_arguments("a\\,b,c") == (Parts{"a,b", "c"}));
        CPPUNIT_ASSERT(split_arguments("\\\"a,b\\\"") == (Parts{"\"a", "b\""}));
        CPPUNIT_ASSERT(split_arguments("a\\\\b") == Parts{"a\\b"});
        CPPUNIT_ASSERT(split_arguments("\"a\"b\"c\"") == Parts{"abc"});
        CPPUNIT_ASSERT(split_arguments("a\\") == Parts{"a"});
    }
    void leaves_the_rest_when_limited() {
        CPPUNIT_ASSERT(split_arguments("a,b,\"c\",d", ',', 3) == (Parts{"a", "b", "\"c\",d"}));
        CPPUNIT_ASSERT(split_arguments("a,\\,b", ',', 1) == Parts{"a,\\,b"});
        CPPUNIT_ASSERT(split_arguments("a,", ',', 2) == (Parts{"a", ""}));
    }
    void raw_parts_keep_everything() {
        CPPUNIT_ASSERT(split_raw_arguments("\"a,b\",c\\,d") == (Parts{"\"a,b\"", "c\\,d"}));
    }
    void missing_arguments_are_empty() {
        const Arguments arguments("a,,\"x,y\",z");
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, arguments.size());
        CPPUNIT_ASSERT_EQUAL(std::string_view("x,y"), arguments[2]);
        CPPUNIT_ASSERT(!arguments.has(1) && !arguments.has(9));
        CPPUNIT_ASSERT_EQUAL(std::string("\"x,y\",z"), arguments.rest(2));
        CPPUNIT_ASSERT_EQUAL(std::string(), arguments.rest(7));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, Arguments("").size());
    }
    void reads_options() {
        const OptionLetters options =
            OptionLetters::parse("tTL(60000:30000:10000)g d(x(y)z)M(\"a)b\")k(\\)q)b()").value();
        CPPUNIT_ASSERT(options.has('t') && options.has('T') && options.has('g') && options.has('b') &&
                       !options.has('x'));
        CPPUNIT_ASSERT(options.parts('L') == (Parts{"60000", "30000", "10000"}));
        CPPUNIT_ASSERT_EQUAL(std::string_view("x(y)z"), options.argument('d'));
        CPPUNIT_ASSERT_EQUAL(std::string_view("a)b"), options.argument('M'));
        CPPUNIT_ASSERT_EQUAL(std::string_view(")q"), options.argument('k'));
        CPPUNIT_ASSERT_EQUAL(std::string_view(), options.argument('t'));
        CPPUNIT_ASSERT_EQUAL(std::string_view("2"), OptionLetters::parse("a(1)a(2)").value().argument('a'));
    }
    void refuses_bad_options() {
        CPPUNIT_ASSERT(!OptionLetters::parse("L(60"));
        CPPUNIT_ASSERT(!OptionLetters::parse("\xff"));
        CPPUNIT_ASSERT(OptionLetters::parse("tx", "tT").error().text.find("`x`") != std::string::npos);
        CPPUNIT_ASSERT(OptionLetters::parse("t", "tT").has_value());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ArgumentsTest);

}  // namespace
}  // namespace jackfield
