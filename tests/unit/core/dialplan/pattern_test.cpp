// Patterns of extensions: what they match and in which order they are tried.
#include "core/dialplan/pattern.hpp"

#include <cppunit/extensions/HelperMacros.h>

namespace jackfield {
namespace {

struct PatternCase {
    const char *pattern, *number;
    // Whether it matches, can match, could match more.
    bool match, can, more;
};

class PatternTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PatternTest);
    CPPUNIT_TEST(matches_names);
    CPPUNIT_TEST(matches_patterns);
    CPPUNIT_TEST(leaves_dashes_out);
    CPPUNIT_TEST(tries_specific_patterns_first);
    CPPUNIT_TEST(knows_patterns_that_mean_the_same);
    CPPUNIT_TEST(refuses_malformed_patterns);
    CPPUNIT_TEST_SUITE_END();

    static Pattern parse(std::string_view text) {
        auto pattern = Pattern::parse(text);
        CPPUNIT_ASSERT_MESSAGE(std::string(text), pattern.has_value());
        return *pattern;
    }
    static void check(std::initializer_list<PatternCase> cases) {
        for (const PatternCase& entry : cases) {
            const Pattern pattern = parse(entry.pattern);
            const std::string what = std::string(entry.pattern) + " and " + entry.number;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, entry.match, pattern.matches(entry.number));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, entry.can, pattern.matches(entry.number, MatchMode::can_match));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, entry.more, pattern.matches(entry.number, MatchMode::match_more));
        }
    }

    void matches_names() {
        check({{"100", "100", true, true, false},
               {"100", "10", false, true, true},
               {"100", "1000", false, false, false},
               {"100", "101", false, false, false},
               {"100", "", false, true, true},
               {"s", "s", true, true, false},
               {"Alice", "alice", false, false, false},
               {"*98", "*98", true, true, false},
               {"XZN", "XZN", true, true, false},
               {"XZN", "123", false, false, false},
               {"1.", "1.", true, true, false},
               {"1.", "12", false, false, false}});
    }
    void matches_patterns() {
        check({{"_X", "0", true, true, false},
               {"_X", "9", true, true, false},
               {"_X", "a", false, false, false},
               {"_X", "", false, true, true},
               {"_Z", "0", false, false, false},
               {"_Z", "1", true, true, false},
               {"_N", "1", false, false, false},
               {"_N", "2", true, true, false},
               {"_x", "5", true, true, false},
               {"_z", "5", true, true, false},
               {"_n", "5", true, true, false},
               {"_NXX", "212", true, true, false},
               {"_NXX", "21", false, true, true},
               {"_NXX", "2123", false, false, false},
               {"_NXX", "112", false, false, false},
               {"_1[2-4]", "13", true, true, false},
               {"_1[2-4]", "15", false, false, false},
               {"_[135]", "3", true, true, false},
               {"_[135]", "4", false, false, false},
               {"_[1-35-7]", "6", true, true, false},
               {"_[1-35-7]", "4", false, false, false},
               {"_[a-c]", "b", true, true, false},
               {"_[A-Za-z]", "q", true, true, false},
               {"_[1,5]", "5", true, true, false},
               {"_[*#]", "#", true, true, false},
               {"_[2-]", "2", true, true, false},
               {"_[]5", "5", true, true, false},
               {"_1.", "1", false, true, true},
               {"_1.", "12", true, true, true},
               {"_1.", "123456", true, true, true},
               {"_1.", "2", false, false, false},
               {"_.", "s", true, true, true},
               {"_.", "", false, true, true},
               {"_1!", "1", true, true, false},
               {"_1!", "12", true, true, false},
               {"_1!", "", false, true, true},
               {"_1!", "2", false, false, false},
               {"_!", "", true, true, false},
               {"_X.", "5", false, true, true},
               {"_X.", "i", false, false, false},
               {"_*XX", "*12", true, true, false},
               {"_+X.", "+49", true, true, true},
               {"_9NXXNXXXXXX", "92125551212", true, true, false},
               {"_9NXXNXXXXXX", "9212555121", false, true, true},
               {"_9011.", "9011", false, true, true},
               {"_9011.", "901144", true, true, true},
               {"_abc", "abc", true, true, false},
               {"_1.5", "19", true, true, true},
               {"_0X[5-7]Z", "0961", true, true, false}});
    }
    void leaves_dashes_out() {
        check({{"_555-1212", "5551212", true, true, false},
               {"_NXX-XXXX", "555-1212", true, true, false},
               {"_NXX-XXXX", "5551212", true, true, false},
               {"555-1212", "5551212", true, true, false},
               {"5551212", "555-1212", true, true, false},
               {"_X-X-", "1-2-", true, true, false}});
    }
    void tries_specific_patterns_first() {
        // Each comes before the next.
        const char* ordered[] = {"0",        "100",  "1000", "200",     "a",    "_100", "_10[1-2]", "_10[3-4]",
                                 "_10[1-5]", "_10N", "_10Z", "_10X",    "_10.", "_10!", "_10",      "_1N",
                                 "_1X",      "_1.",  "_1!",  "_[1-2]0", "_N00", "_NXX", "_ZXX",     "_XXX",
                                 "_X.",      "_X!",  "_X",   "_.",      "_!"};
        for (std::size_t i = 0; i < std::size(ordered); ++i)
            for (std::size_t j = 0; j < std::size(ordered); ++j) {
                const auto order = parse(ordered[i]) <=> parse(ordered[j]);
                const std::string what = std::string(ordered[i]) + " and " + ordered[j];
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, i < j, order < 0);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, i == j, order == 0);
            }
    }
    void knows_patterns_that_mean_the_same() {
        CPPUNIT_ASSERT(parse("_X") == parse("_[0-9]"));
        CPPUNIT_ASSERT(parse("_N") == parse("_[98765432]"));
        CPPUNIT_ASSERT(parse("_[5]") == parse("_5"));
        CPPUNIT_ASSERT(parse("_NXX-XXXX") == parse("_NXXXXXX"));
        CPPUNIT_ASSERT(parse("_z") == parse("_Z"));
        CPPUNIT_ASSERT(!(parse("5") == parse("_5")));
        CPPUNIT_ASSERT(!(parse("x") == parse("X")));
    }
    void refuses_malformed_patterns() {
        CPPUNIT_ASSERT(Pattern::parse("_1[2-4").error().text.find("_1[2-4") != std::string::npos);
        CPPUNIT_ASSERT(!Pattern::parse("_"));
        CPPUNIT_ASSERT(!Pattern::parse("_-"));
        CPPUNIT_ASSERT(!Pattern::parse("_[]"));
        CPPUNIT_ASSERT(Pattern::parse(std::string(300, '1')).error().code == ErrorCode::limit);
        CPPUNIT_ASSERT(Pattern::parse("").has_value());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PatternTest);

}  // namespace
}  // namespace jackfield
