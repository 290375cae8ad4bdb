#include "modules/res_agi/command_line.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "core/base/strings.hpp"

using namespace jackfield;
using namespace jackfield::agi;

class AgiCommandLineTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AgiCommandLineTest);
    CPPUNIT_TEST(splits_at_blanks_outside_of_quotes);
    CPPUNIT_TEST(takes_escaped_characters_as_they_are);
    CPPUNIT_TEST(keeps_empty_words_in_quotes);
    CPPUNIT_TEST(leaves_out_words_above_the_most);
    CPPUNIT_TEST(gives_lines_however_the_bytes_are_cut);
    CPPUNIT_TEST(gives_a_line_of_just_the_limit);
    CPPUNIT_TEST(keeps_nothing_of_a_line_that_is_too_long);
    CPPUNIT_TEST(gives_the_rest_without_a_line_end);
    CPPUNIT_TEST_SUITE_END();

    // Words with bars between them.
    static std::string words(std::string_view line) { return join(split_words(line), "|"); }
    static std::string line(LineCutter& lines) {
        const auto next = lines.next();
        return !next ? "none" : next->too_long ? "too long" : next->text;
    }

    void splits_at_blanks_outside_of_quotes() {
        CPPUNIT_ASSERT_EQUAL(std::string("SET|VARIABLE|x|a b"), words("SET VARIABLE x \"a b\""));
        CPPUNIT_ASSERT_EQUAL(std::string("a|b"), words("  a \t b  "));
        CPPUNIT_ASSERT_EQUAL(std::string("a b c"), words("a\" b \"c"));
        CPPUNIT_ASSERT_EQUAL(std::string("open end"), words("\"open end"));
        CPPUNIT_ASSERT_EQUAL(std::string(), words(" \t"));
    }
    void takes_escaped_characters_as_they_are() {
        CPPUNIT_ASSERT_EQUAL(std::string("say \"hi\""), words("\"say \\\"hi\\\"\""));
        CPPUNIT_ASSERT_EQUAL(std::string("a b"), words("a\\ b"));
        CPPUNIT_ASSERT_EQUAL(std::string("a\\n"), words("a\\\\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("an"), words("a\\n"));
    }
    void keeps_empty_words_in_quotes() {
        const auto parts = split_words("STREAM FILE hello \"\" 800");
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, parts.size());
        CPPUNIT_ASSERT_EQUAL(std::string(), parts[3]);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, split_words("\"\"\"\"").size());
    }
    void leaves_out_words_above_the_most() {
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, split_words("a b c d e", 3).size());
        std::string much;
        for (int i = 0; i < 1000; ++i) much += "w ";
        CPPUNIT_ASSERT_EQUAL(most_words, split_words(much).size());
    }
    void gives_lines_however_the_bytes_are_cut() {
        const std::string text = "one\ntwo\r\n\nthree\n";
        for (std::size_t cut = 1; cut <= text.size(); ++cut) {
            LineCutter lines;
            std::string all;
            for (std::size_t at = 0; at < text.size(); at += cut) {
                lines.feed(std::string_view(text).substr(at, cut));
                while (const auto next = lines.next()) all += next->text + "|";
            }
            CPPUNIT_ASSERT_EQUAL(std::string("one|two||three|"), all);
        }
    }
    void gives_a_line_of_just_the_limit() {
        LineCutter lines(5);
        lines.feed("12345\n12345\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("12345"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("12345"), line(lines));
    }
    void keeps_nothing_of_a_line_that_is_too_long() {
        LineCutter lines(5);
        for (int i = 0; i < 100; ++i) {
            lines.feed("1234567");
            CPPUNIT_ASSERT_EQUAL(std::string("none"), line(lines));
        }
        lines.feed("\nshort\n123456\nend\n");
        CPPUNIT_ASSERT_EQUAL(std::string("too long"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("short"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("too long"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("end"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), line(lines));
    }
    void gives_the_rest_without_a_line_end() {
        LineCutter lines;
        lines.feed("one\ntwo");
        CPPUNIT_ASSERT_EQUAL(std::string("one"), line(lines));
        CPPUNIT_ASSERT_EQUAL(std::string("two"), lines.rest()->text);
        CPPUNIT_ASSERT(!lines.rest());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AgiCommandLineTest);
