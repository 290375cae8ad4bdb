#include "core/config/text_diff.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

class TextDiffTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TextDiffTest);
    CPPUNIT_TEST(equal_texts_differ_in_nothing);
    CPPUNIT_TEST(shows_a_changed_line_with_its_context);
    CPPUNIT_TEST(shows_a_text_that_came_or_went);
    CPPUNIT_TEST(far_changes_are_hunks_of_their_own);
    CPPUNIT_TEST_SUITE_END();

    void equal_texts_differ_in_nothing() { CPPUNIT_ASSERT_EQUAL(std::string(), text_diff("a\n", "a\n", "x", "y")); }
    void shows_a_changed_line_with_its_context() {
        CPPUNIT_ASSERT_EQUAL(std::string("--- x\n+++ y\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"),
                             text_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "x", "y"));
    }
    void shows_a_text_that_came_or_went() {
        CPPUNIT_ASSERT_EQUAL(std::string("--- x\n+++ y\n@@ -0,0 +1,2 @@\n+a\n+b\n"), text_diff("", "a\nb\n", "x", "y"));
        CPPUNIT_ASSERT_EQUAL(std::string("--- x\n+++ y\n@@ -1,1 +0,0 @@\n-a\n"), text_diff("a\n", "", "x", "y"));
    }
    void far_changes_are_hunks_of_their_own() {
        std::string before, after;
        for (int i = 1; i <= 30; ++i) {
            before += std::to_string(i) + '\n';
            after += (i == 2 || i == 29 ? "x" : std::to_string(i)) + '\n';
        }
        const std::string diff = text_diff(before, after, "x", "y");
        CPPUNIT_ASSERT(diff.find("@@ -1,5 +1,5 @@") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(diff, diff.find("@@ -26,5 +26,5 @@") != std::string::npos);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TextDiffTest);
