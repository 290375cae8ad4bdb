#include "core/media/say.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <fmt/core.h>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/media/say_rules.hpp"

using namespace jackfield;

namespace {

std::string text(const Result<PromptNames>& prompts) {
    if (!prompts) return "error: " + prompts.error().text;
    std::string all = join(*prompts, " ");
    for (std::size_t at; (at = all.find("digits/")) != std::string::npos;) all.erase(at, 7);
    return all;
}
std::tm utc(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm broken{};
    gmtime_r(&seconds, &broken);
    return broken;
}
// Names no zone but UTC.
Result<std::tm> only_utc(std::chrono::system_clock::time_point time, const std::string& zone) {
    if (!zone.empty() && zone != "UTC") return fail(ErrorCode::not_found, "no time zone {}", zone);
    return utc(time);
}
std::chrono::system_clock::time_point at(long seconds) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

}  // namespace

class SayTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SayTest);
    CPPUNIT_TEST(english_numbers);
    CPPUNIT_TEST(english_ordinals);
    CPPUNIT_TEST(french_numbers);
    CPPUNIT_TEST(german_numbers);
    CPPUNIT_TEST(spanish_and_italian_numbers);
    CPPUNIT_TEST(russian_numbers);
    CPPUNIT_TEST(every_language_says_every_number);
    CPPUNIT_TEST(a_country_s_language_falls_back_to_the_language);
    CPPUNIT_TEST(digits_letters_and_phonetic);
    CPPUNIT_TEST(times);
    CPPUNIT_TEST(today_and_yesterday);
    CPPUNIT_TEST(wrong_time_formats_are_refused);
    CPPUNIT_TEST(the_language_files_have_no_mistakes);
    CPPUNIT_TEST(mistakes_in_rules_are_named_with_their_line);
    CPPUNIT_TEST(rules_that_call_themselves_end);
    CPPUNIT_TEST(without_rules_digits_are_said);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        load_say_languages({JF_SOURCE_DIR "/sounds"}, "en");
        set_local_time(only_utc);
    }
    void tearDown() override {
        load_say_languages({}, "en");
        set_local_time(nullptr);
    }

    void check(const char* language, std::int64_t number, const char* expected, const char* gender = "") {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fmt::format("{} {} {}", language, number, gender), std::string(expected),
                                     text(say_number(number, language, gender)));
    }
    void english_numbers() {
        const std::pair<std::int64_t, const char*> table[] = {
            {0, "0"},
            {7, "7"},
            {19, "19"},
            {20, "20"},
            {21, "20 1"},
            {90, "90"},
            {100, "1 hundred"},
            {115, "1 hundred 15"},
            {999, "9 hundred 90 9"},
            {1000, "1 thousand"},
            {1001, "1 thousand 1"},
            {12345, "12 thousand 3 hundred 40 5"},
            {100000, "1 hundred thousand"},
            {1000000, "1 million"},
            {2000001, "2 million 1"},
            {1234567890, "1 billion 2 hundred 30 4 million 5 hundred 60 7 thousand 8 hundred 90"},
            {-42, "minus 40 2"}};
        for (const auto& [number, expected] : table) check("en", number, expected);
        CPPUNIT_ASSERT(say_number(1'000'000'000'000, "en").error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(!say_number(std::numeric_limits<std::int64_t>::min(), "en"));
    }
    void english_ordinals() {
        const std::pair<std::int64_t, const char*> table[] = {{1, "h-1"},
                                                              {12, "h-12"},
                                                              {20, "h-20"},
                                                              {21, "20 h-1"},
                                                              {40, "h-40"},
                                                              {100, "1 h-hundred"},
                                                              {103, "1 hundred h-3"},
                                                              {1000, "1 h-thousand"},
                                                              {1999, "1 thousand 9 hundred 90 h-9"},
                                                              {2000000, "2 h-million"}};
        for (const auto& [number, expected] : table)
            CPPUNIT_ASSERT_EQUAL(std::string(expected), text(say_ordinal(number, "en")));
    }
    void french_numbers() {
        const std::pair<std::int64_t, const char*> table[] = {{1, "1"},
                                                              {16, "16"},
                                                              {20, "20"},
                                                              {21, "20 vm-and 1"},
                                                              {22, "20 2"},
                                                              {61, "60 vm-and 1"},
                                                              {70, "60 10"},
                                                              {71, "60 vm-and 11"},
                                                              {79, "60 19"},
                                                              {80, "80"},
                                                              {81, "80 1"},
                                                              {91, "80 11"},
                                                              {99, "80 19"},
                                                              {100, "hundred"},
                                                              {101, "hundred 1"},
                                                              {200, "2 hundred"},
                                                              {1000, "thousand"},
                                                              {1971, "thousand 9 hundred 60 vm-and 11"},
                                                              {21000, "20 vm-and 1 thousand"},
                                                              {3000000, "3 million"}};
        for (const auto& [number, expected] : table) check("fr", number, expected);
        check("fr", 1, "1F", "f");
        check("fr", 21, "20 vm-and 1F", "f");
        check("fr", 21001, "20 vm-and 1 thousand 1F", "f");
    }
    void german_numbers() {
        const std::pair<std::int64_t, const char*> table[] = {{1, "1"},
                                                              {17, "17"},
                                                              {21, "1N 20-and"},
                                                              {22, "2-and 20"},
                                                              {100, "1N hundred"},
                                                              {101, "1N hundred 1"},
                                                              {345, "3 hundred 5-and 40"},
                                                              {1000, "1N thousand"},
                                                              {2001, "2 thousand 1"},
                                                              {1000000, "1F million"},
                                                              {2000000, "2 millions"}};
        for (const auto& [number, expected] : table) check("de", number, expected);
        check("de", 1, "1F", "f");
    }
    void spanish_and_italian_numbers() {
        const std::pair<std::int64_t, const char*> spanish[] = {{1, "1"},
                                                                {25, "25"},
                                                                {31, "30 vm-and 1"},
                                                                {100, "100"},
                                                                {101, "100-and 1"},
                                                                {500, "500"},
                                                                {555, "500 50 vm-and 5"},
                                                                {1000, "thousand"},
                                                                {2000, "2 thousand"},
                                                                {1000000, "1M million"},
                                                                {3000000, "3 millions"}};
        for (const auto& [number, expected] : spanish) check("es", number, expected);
        check("es", 1, "1F", "f");
        const std::pair<std::int64_t, const char*> italian[] = {{21, "21"},
                                                                {22, "20 2"},
                                                                {28, "28"},
                                                                {100, "hundred"},
                                                                {250, "2 hundred 50"},
                                                                {1000, "thousand"},
                                                                {3003, "3 thousands 3"},
                                                                {1000000, "1M million"}};
        for (const auto& [number, expected] : italian) check("it", number, expected);
    }
    void russian_numbers() {
        const std::pair<std::int64_t, const char*> table[] = {{1, "1"},
                                                              {22, "20 2"},
                                                              {115, "100 15"},
                                                              {1000, "1f thousand"},
                                                              {2000, "2f thousands-i"},
                                                              {5000, "5 thousands"},
                                                              {11000, "11 thousands"},
                                                              {12000, "12 thousands"},
                                                              {21000, "20 1f thousand"},
                                                              {112003, "100 12 thousands 3"},
                                                              {2000000, "2 million-a"}};
        for (const auto& [number, expected] : table) check("ru", number, expected);
        check("ru", 2, "2f", "f");
    }
    void every_language_says_every_number() {
        for (const char* language : {"en", "fr", "de", "es", "it", "ru"}) {
            for (std::int64_t number = 0; number < 2'000'000; number += number < 3000 ? 1 : 997) {
                const auto said = say_number(number, language);
                CPPUNIT_ASSERT_MESSAGE(fmt::format("{} {}", language, number), said && !said->empty());
            }
            for (std::int64_t number = 1; number < 1000; ++number)
                CPPUNIT_ASSERT_MESSAGE(fmt::format("{} {}th", language, number), say_ordinal(number, language));
        }
    }
    void a_country_s_language_falls_back_to_the_language() {
        check("fr_CA", 71, "60 vm-and 11");
        check("xx", 21, "20 1");
        check("", 21, "20 1");
    }
    void digits_letters_and_phonetic() {
        CPPUNIT_ASSERT_EQUAL(std::string("1 star 0 pound minus"), text(say_digits("1*0#-x ", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("letters/a letters/b 7 letters/dot letters/at letters/space"),
                             text(say_letters("aB7.@ ", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("uppercase letters/a lowercase letters/b 1"),
                             text(say_letters("Ab1", "en", true)));
        CPPUNIT_ASSERT_EQUAL(std::string("phonetic/a_p phonetic/z_p 8 phonetic/9_p"), text(say_phonetic("aZ89", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("letters/ue letters/b"), text(say_letters("\xc3\xbc"
                                                                                   "b\xff\xc3",
                                                                                   "de")));
        CPPUNIT_ASSERT(say_letters(std::string(10'000, 'a'), "en").size() < 1000);
    }
    void times() {
        const auto time = at(1'767'225'600 + 14 * 3600 + 5 * 60 + 9);  // 2026-01-01 14:05:09 UTC, a Thursday
        const auto say = [&](const char* format, const char* language = "en") {
            return text(say_time(time, "", format, language));
        };
        CPPUNIT_ASSERT_EQUAL(std::string("day-4 mon-0 h-1 2 thousand 20 6 at 2 oh 5 p-m"), say("ABdY 'digits/at' IMp"));
        CPPUNIT_ASSERT_EQUAL(std::string("14 oh 5 9"), say("HMS"));
        CPPUNIT_ASSERT_EQUAL(say("HM"), say("R"));
        CPPUNIT_ASSERT_EQUAL(say("HMS"), say("T"));
        CPPUNIT_ASSERT_EQUAL(say("ABdIp"), say("a b e l P"));
        CPPUNIT_ASSERT_EQUAL(std::string("14 oclock 5"), say("HM", "fr"));
        CPPUNIT_ASSERT_EQUAL(std::string("12 oclock a-m"), text(say_time(at(1'767'225'600), "UTC", "IMp", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("19 90 9"), text(say_time(at(946'684'799), "", "Y", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("19 oh 1"), text(say_time(at(-2'177'452'800), "", "Y", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("2 thousand"), text(say_time(at(946'684'800), "", "Y", "en")));
    }
    void today_and_yesterday() {
        const ManualClock clock;  // 2026-01-01 00:00 UTC
        const auto now = wall_now();
        CPPUNIT_ASSERT_EQUAL(std::string("today"), text(say_time(now, "", "Q", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string(""), text(say_time(now, "", "q", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("yesterday"), text(say_time(now - std::chrono::seconds(1), "", "q", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("day-1"), text(say_time(now - std::chrono::hours(72), "", "q", "en")));
        CPPUNIT_ASSERT_EQUAL(std::string("day-1 mon-11 20 h-9 2 thousand 20 5"),
                             text(say_time(now - std::chrono::hours(72), "", "Q", "en")));
    }
    void wrong_time_formats_are_refused() {
        CPPUNIT_ASSERT(say_time(at(0), "", "A'open", "en").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(say_time(at(0), "", "X", "en").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(!say_time(at(0), "Mars/Base", "A", "en"));
        CPPUNIT_ASSERT(say_time(at(0), "", "", "en")->empty());
    }
    void the_language_files_have_no_mistakes() {
        const DiskFiles files;
        const auto all = files.expand(JF_SOURCE_DIR "/sounds/say/*.conf");
        CPPUNIT_ASSERT(all.size() >= 6);
        for (const std::string& path : all) {
            Diagnostics findings;
            read_say_language(parse_config(path, files, {}, findings), findings);
            CPPUNIT_ASSERT_MESSAGE(findings.to_string(), findings.empty());
        }
    }
    void mistakes_in_rules_are_named_with_their_line() {
        const char* wrong[] = {"[number]\nx = digits/1\n",
                               "[number]\n5-2 = digits/1\n",
                               "[number]\n1 = digits/{n\n",
                               "[number]\n1 = [n\n",
                               "[number]\n1 = [n+]\n",
                               "[number]\n1 = [(n]\n",
                               "[number]\n1 = when n: a\n",
                               "[number]\n1 = when n=1 a\n",
                               "[number]\n1 = [m]\n",
                               "[time]\nwhenever = a\n",
                               "[general]\nplus = a\n",
                               "\n[numbers]\n1 = a\n",
                               "[number]\n1 = {((((((((((((((((((n))))))))))))))))))}\n"};
        for (const char* rules : wrong) {
            const auto read = add_say_language("zz", rules);
            CPPUNIT_ASSERT_MESSAGE(rules, !read);
            CPPUNIT_ASSERT_MESSAGE(read.error().text, read.error().text.find("zz.conf:2") != std::string::npos);
        }
    }
    void rules_that_call_themselves_end() {
        CPPUNIT_ASSERT(add_say_language("zz", "[number]\n0-9 = [n]\n10-19 = a [n] [n]\n20-99 = a{n/0}b{n%0}\n"));
        CPPUNIT_ASSERT(say_number(5, "zz").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(say_number(15, "zz").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT_EQUAL(std::string("a0b0"), text(say_number(20, "zz")));
    }
    void without_rules_digits_are_said() {
        load_say_languages({"/nonexistent"}, "en");
        check("en", 42, "4 2");
        check("en", -7, "minus 7");
        CPPUNIT_ASSERT_EQUAL(std::string("1 2"), text(say_digits("12", "en")));
        CPPUNIT_ASSERT(!say_time(at(0), "", "A", "en"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SayTest);
