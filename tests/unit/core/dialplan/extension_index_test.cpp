// The index of a context's extensions, against trying every pattern one after the other.
#include "core/dialplan/extension_index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "tests/unit/thread_time.hpp"

namespace jackfield {
namespace {

class ExtensionIndexTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExtensionIndexTest);
    CPPUNIT_TEST(finds_in_the_order_of_patterns);
    CPPUNIT_TEST(agrees_with_trying_every_pattern);
    CPPUNIT_TEST(a_copy_keeps_what_it_was_copied_with);
    CPPUNIT_TEST(removes_what_was_added);
    CPPUNIT_TEST(an_exclamation_mark_ends_overlap_dialling);
    CPPUNIT_TEST(callers_come_before_everybody);
    CPPUNIT_TEST(finds_a_pattern_by_its_written_name);
    CPPUNIT_TEST(longer_numbers_than_any_extension_match_nothing);
    CPPUNIT_TEST(a_match_takes_no_longer_among_100000);
    CPPUNIT_TEST_SUITE_END();

    static Pattern parse(std::string_view text) { return Pattern::parse(text).value(); }
    static void add(ExtensionIndex& index, std::string_view text, std::uint64_t owner = 1) {
        index.edit(parse(text), {}, owner);
    }
    static std::vector<std::string> all(const ExtensionIndex& index, std::string_view number,
                                        MatchMode mode = MatchMode::match) {
        std::vector<std::string> found;
        index.find(number, mode, [&](const Extension& extension, IndexMatch kind) {
            found.push_back(extension.pattern.text() + (kind == IndexMatch::early ? " early" : ""));
            return false;
        });
        return found;
    }
    using Words = std::vector<std::string>;

    void finds_in_the_order_of_patterns() {
        ExtensionIndex index;
        for (const char* text : {"_X.", "_1XX", "100", "_10[0-4]", "_!", "_NXX", "_1!", "_100", "_Z00", "_.", "_XXX"})
            add(index, text);
        CPPUNIT_ASSERT(all(index, "100") == (Words{"100", "_100", "_10[0-4]", "_1XX", "_1! early", "_Z00", "_XXX",
                                                   "_X.", "_.", "_! early"}));
        CPPUNIT_ASSERT(all(index, "250") == (Words{"_NXX", "_XXX", "_X.", "_.", "_! early"}));
        CPPUNIT_ASSERT(all(index, "") == Words{"_! early"});
        CPPUNIT_ASSERT(all(index, "s") == (Words{"_.", "_! early"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{11}, index.size());
    }

    void agrees_with_trying_every_pattern() {
        std::mt19937 random(7);
        const auto pick = [&](std::string_view from) { return from[random() % from.size()]; };
        for (int round = 0; round < 60; ++round) {
            ExtensionIndex index;
            std::vector<Pattern> list;
            for (int i = 0; i < 60; ++i) {
                std::string text = random() % 3 ? "_" : "";
                for (std::size_t length = 1 + random() % 4, k = 0; k < length; ++k) {
                    const auto kind = random() % 6;
                    if (text.starts_with('_') && kind == 0)
                        text += random() % 2 ? "[1-3]" : "[24]";
                    else
                        text += pick(text.starts_with('_') ? "123XZN" : "1234");
                }
                if (text.starts_with('_') && random() % 4 == 0) text += pick(".!");
                const Pattern pattern = parse(text);
                index.edit(pattern, {}, 1);
                if (std::ranges::find(list, pattern) == list.end()) list.push_back(pattern);
            }
            CPPUNIT_ASSERT_EQUAL(list.size(), index.size());
            std::ranges::sort(list);
            for (int i = 0; i < 60; ++i) {
                std::string number;
                for (std::size_t length = random() % 6, k = 0; k < length; ++k) number += pick("1234");
                for (const auto mode : {MatchMode::match, MatchMode::can_match}) compare(index, list, number, mode);
            }
        }
    }
    static void compare(const ExtensionIndex& index, const std::vector<Pattern>& list, const std::string& number,
                        MatchMode mode) {
        std::vector<Pattern> expected, found;
        for (const Pattern& pattern : list)
            if (pattern.matches(number, mode)) expected.push_back(pattern);
        index.find(number, mode, [&](const Extension& extension, IndexMatch) {
            found.push_back(extension.pattern);
            return false;
        });
        CPPUNIT_ASSERT_EQUAL_MESSAGE(number, expected.size(), found.size());
        // Among names that a number begins there is no order that anybody could see.
        const auto names = std::ranges::find_if(found, &Pattern::is_pattern) - found.begin();
        std::sort(found.begin(), found.begin() + names);
        for (std::size_t i = 0; i < found.size(); ++i) CPPUNIT_ASSERT_MESSAGE(number, found[i] == expected[i]);
    }

    void a_copy_keeps_what_it_was_copied_with() {
        ExtensionIndex first;
        for (const char* text : {"100", "101", "_1X", "_1XX"}) add(first, text, 1);
        ExtensionIndex second = first;
        add(second, "102", 2);
        add(second, "10", 2);
        add(second, "_1[2-3]", 2);
        second.edit(parse("100"), {}, 2).steps.push_back({1, std::make_shared<Priority>()});
        CPPUNIT_ASSERT(second.remove(parse("101"), {}, 2));
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, first.size());
        CPPUNIT_ASSERT(first.exact(parse("101"), {}) && !first.exact(parse("102"), {}) &&
                       !first.exact(parse("_1[2-3]"), {}));
        CPPUNIT_ASSERT(first.exact(parse("100"), {})->steps.empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, second.exact(parse("100"), {})->steps.size());
        CPPUNIT_ASSERT(!second.exact(parse("101"), {}) && second.exact(parse("102"), {}) &&
                       second.exact(parse("10"), {}));
    }

    void removes_what_was_added() {
        ExtensionIndex index;
        std::vector<std::string> names;
        for (int i = 0; i < 500; ++i) names.push_back((i % 2 ? "_" : "") + std::to_string(i * 37 % 1000));
        for (const auto& name : names) add(index, name);
        std::mt19937 random(3);
        std::ranges::shuffle(names, random);
        for (std::size_t i = 0; i < names.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(names.size() - i, index.size());
            CPPUNIT_ASSERT(index.remove(parse(names[i]), {}, 1 + i % 3));
            CPPUNIT_ASSERT(!index.remove(parse(names[i]), {}, 1));
            if (i + 1 < names.size()) CPPUNIT_ASSERT(index.exact(parse(names[i + 1]), {}));
        }
        std::size_t left = 0;
        index.for_each([&](const Extension&) { ++left; });
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, left);
    }

    void an_exclamation_mark_ends_overlap_dialling() {
        ExtensionIndex index;
        for (const char* text : {"_12!", "_1234", "_5.", "_67"}) add(index, text);
        CPPUNIT_ASSERT(all(index, "12", MatchMode::match_more) == (Words{"_1234", "_12! early"}));
        CPPUNIT_ASSERT(all(index, "129", MatchMode::match_more) == Words{"_12! early"});
        CPPUNIT_ASSERT(all(index, "1", MatchMode::match_more) == (Words{"_1234", "_12!"}));
        CPPUNIT_ASSERT(all(index, "55", MatchMode::match_more) == Words{"_5."});
        CPPUNIT_ASSERT(all(index, "67", MatchMode::match_more).empty());
        CPPUNIT_ASSERT(all(index, "6", MatchMode::match_more) == Words{"_67"});
    }

    void callers_come_before_everybody() {
        ExtensionIndex index;
        index.edit(parse("100"), {}, 1);
        index.edit(parse("100"), parse("_55X"), 1);
        index.edit(parse("100"), parse("550"), 1);
        index.edit(parse("100"), parse(""), 1);
        std::vector<std::string> callers;
        index.find("100", MatchMode::match, [&](const Extension& extension, IndexMatch) {
            callers.push_back(extension.caller_id ? extension.caller_id->text() : "all");
            return false;
        });
        CPPUNIT_ASSERT(callers == (Words{"", "550", "_55X", "all"}));
        CPPUNIT_ASSERT(index.exact(parse("100"), parse("_55[0-9]")) != nullptr);
    }

    void finds_a_pattern_by_its_written_name() {
        ExtensionIndex index;
        for (const char* text : {"_NXX", "_X."}) add(index, text);
        CPPUNIT_ASSERT(all(index, "_NXX") == Words{"_NXX"});
        CPPUNIT_ASSERT(all(index, "_X.") == Words{"_X."});
        CPPUNIT_ASSERT(all(index, "_Z").empty());
    }

    void longer_numbers_than_any_extension_match_nothing() {
        ExtensionIndex index;
        add(index, "_X.");
        CPPUNIT_ASSERT(all(index, std::string(100'000, '1')).empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, all(index, std::string(256, '1')).size());
    }

    static std::chrono::nanoseconds time_of_matches(std::size_t extensions) {
        ExtensionIndex index;
        for (const char* text : {"_0.", "_00.", "_[2-5]XXX", "_*X."}) add(index, text);
        for (std::size_t i = 0; i < extensions; ++i) {
            add(index, fmt::format("{:06}", 600'000 + i));
            add(index, fmt::format("_7{:06}X", i));
        }
        return testing::least_thread_time([&] {
            for (std::size_t i = 0; i < 200; ++i) {
                const std::size_t one = i * 7919 % extensions;
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, all(index, fmt::format("{:06}", 600'000 + one)).size());
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, all(index, fmt::format("7{:06}5", one)).size());
                CPPUNIT_ASSERT(all(index, "88").empty());
            }
        });
    }
    // A scan would take 10,000 times as long; what is allowed is for the memory's caches.
    void a_match_takes_no_longer_among_100000() {
        const auto few = time_of_matches(10), many = time_of_matches(100'000);
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{} ns among 10, {} ns among 100,000", few.count(), many.count()), many < few * 10);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExtensionIndexTest);

}  // namespace
}  // namespace jackfield
