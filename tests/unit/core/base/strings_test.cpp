#include "core/base/strings.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

class StringsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StringsTest);
    CPPUNIT_TEST(compares_ascii_letters_without_case);
    CPPUNIT_TEST(trims_only_the_ends);
    CPPUNIT_TEST(splits_keeping_empty_parts_and_lists_without_them);
    CPPUNIT_TEST(parses_whole_numbers_only);
    CPPUNIT_TEST(knows_the_words_for_yes_and_no);
    CPPUNIT_TEST(guesses_misspellings_but_not_other_words);
    CPPUNIT_TEST(matches_globs);
    CPPUNIT_TEST(a_glob_of_stars_ends_soon);
    CPPUNIT_TEST(base64_round_trips_and_rejects_rubbish);
    CPPUNIT_TEST(json_escape_keeps_strings_valid);
    CPPUNIT_TEST_SUITE_END();

    void compares_ascii_letters_without_case() {
        CPPUNIT_ASSERT(equals_ignoring_case("INVITE", "invite"));
        CPPUNIT_ASSERT(!equals_ignoring_case("INVITE", "invit"));
        CPPUNIT_ASSERT(!equals_ignoring_case("[", "{"));  // differ by the same bit as letters do
        CPPUNIT_ASSERT(starts_with_ignoring_case("Sip:a", "sIP:"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, find_ignoring_case("abcDEF", "def"));
        CPPUNIT_ASSERT_EQUAL(std::string::npos, find_ignoring_case("abc", "x"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, find_ignoring_case("abc", ""));
        CPPUNIT_ASSERT_EQUAL(CaseInsensitiveHash{}("ViA"), CaseInsensitiveHash{}("vIa"));
        CPPUNIT_ASSERT(CaseInsensitiveLess{}("a", "B") && !CaseInsensitiveLess{}("B", "a"));
        CPPUNIT_ASSERT_EQUAL(std::string("äB1"), to_upper("äb1").replace(0, 2, "ä"));
    }
    void trims_only_the_ends() {
        CPPUNIT_ASSERT(trim(" \t a b\r\n") == "a b");
        CPPUNIT_ASSERT(trim(" \t ").empty());
    }
    void splits_keeping_empty_parts_and_lists_without_them() {
        CPPUNIT_ASSERT(split("a,,b", ',') == (std::vector<std::string_view>{"a", "", "b"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, split("", ',').size());
        CPPUNIT_ASSERT(split_list(" a, ,b ,") == (std::vector<std::string_view>{"a", "b"}));
        const auto halves = split_once("a=b=c", '=');
        CPPUNIT_ASSERT(halves.found && halves.first == "a" && halves.second == "b=c");
        CPPUNIT_ASSERT(!split_once("abc", '=').found);
        const std::string parts[] = {"x", "x", "y"};
        CPPUNIT_ASSERT_EQUAL(std::string("x-x-y"), join(parts, "-"));
    }
    void parses_whole_numbers_only() {
        CPPUNIT_ASSERT_EQUAL(5060, *parse_number<int>("5060"));
        CPPUNIT_ASSERT(!parse_number<int>("5060x"));
        CPPUNIT_ASSERT(!parse_number<int>(""));
        CPPUNIT_ASSERT(!parse_number<std::uint8_t>("256"));
        CPPUNIT_ASSERT(!parse_number<unsigned>("-1"));
    }
    void knows_the_words_for_yes_and_no() {
        CPPUNIT_ASSERT(parse_bool("YES") == true && parse_bool("t") == true && parse_bool("1") == true);
        CPPUNIT_ASSERT(parse_bool("Off") == false && parse_bool("0") == false);
        CPPUNIT_ASSERT(!parse_bool("maybe") && !parse_bool(""));
    }
    void guesses_misspellings_but_not_other_words() {
        const std::string words[] = {"context", "contact", "allow", "host"};
        CPPUNIT_ASSERT_EQUAL(std::string("context"), nearest_word("contxt", words).value());
        CPPUNIT_ASSERT_EQUAL(std::string("host"), nearest_word("HSOT", words).value());
        CPPUNIT_ASSERT(!nearest_word("zzz", words));
        CPPUNIT_ASSERT(!nearest_word("", words));
        CPPUNIT_ASSERT(!nearest_word(std::string(100000, 'a'), words));
    }
    void matches_globs() {
        CPPUNIT_ASSERT(matches_glob("sip.conf", "*.conf"));
        CPPUNIT_ASSERT(matches_glob("abc", "a?c"));
        CPPUNIT_ASSERT(matches_glob("", "*"));
        CPPUNIT_ASSERT(matches_glob("aXbYb", "a*b"));
        CPPUNIT_ASSERT(!matches_glob("abc", "a?"));
        CPPUNIT_ASSERT(!matches_glob("abc", ""));
    }
    void a_glob_of_stars_ends_soon() {
        std::string pattern;
        for (int i = 0; i < 200; ++i) pattern += "*a";
        CPPUNIT_ASSERT(!matches_glob(std::string(2000, 'a') + "b", pattern + "c"));
    }
    void base64_round_trips_and_rejects_rubbish() {
        CPPUNIT_ASSERT_EQUAL(std::string("Zm9vYmE="), base64_encode("fooba"));
        for (const std::string text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"})
            CPPUNIT_ASSERT_EQUAL(text, base64_decode(base64_encode(text)).value());
        CPPUNIT_ASSERT_EQUAL(std::string("f"), base64_decode("Zg").value());
        CPPUNIT_ASSERT(!base64_decode("Z"));
        CPPUNIT_ASSERT(!base64_decode("Zm9v!mE="));
        CPPUNIT_ASSERT(!base64_decode("Zg=a"));
    }
    void json_escape_keeps_strings_valid() {
        CPPUNIT_ASSERT_EQUAL(std::string("a\\\"b\\\\c\\n\\u0001"), json_escape("a\"b\\c\n\x01"));
        CPPUNIT_ASSERT_EQUAL(std::string("gr\xc3\xbc\xc3\x9f"), json_escape("gr\xc3\xbc\xc3\x9f"));
        CPPUNIT_ASSERT_EQUAL(std::string("\xef\xbf\xbdx"), json_escape("\xc3x"));
        CPPUNIT_ASSERT_EQUAL(std::string("\xef\xbf\xbd\xef\xbf\xbd"), json_escape("\xc0\x80"));  // overlong
        CPPUNIT_ASSERT_EQUAL(std::string("\xf0\x9f\x98\x80"), json_escape("\xf0\x9f\x98\x80"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StringsTest);
