#include "core/base/generation.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <thread>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

using namespace jackfield;

class GenerationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GenerationTest);
    CPPUNIT_TEST(tokens_begin_with_the_process_generation);
    CPPUNIT_TEST(unique_ids_are_epoch_dot_counter);
    CPPUNIT_TEST(no_two_threads_get_the_same_token);
    CPPUNIT_TEST(random_numbers_stay_below_their_limit);
    CPPUNIT_TEST(every_error_code_has_a_word);
    CPPUNIT_TEST_SUITE_END();

    void tokens_begin_with_the_process_generation() {
        CPPUNIT_ASSERT_EQUAL(std::size_t{8}, process_generation().size());
        const auto token = protocol_token(12);
        CPPUNIT_ASSERT_EQUAL(std::size_t{20}, token.size());
        CPPUNIT_ASSERT(token.starts_with(process_generation()));
        CPPUNIT_ASSERT_EQUAL(std::string(process_generation()), std::string(generation_of("z9hG4bK" + token)));
        CPPUNIT_ASSERT(generation_of("short").empty());
        CPPUNIT_ASSERT(generation_of("ABC-DEF-GHI-JKL").empty());
    }
    void unique_ids_are_epoch_dot_counter() {
        const ManualClock clock;
        const auto first = new_unique_id(), second = new_unique_id();
        CPPUNIT_ASSERT(first.starts_with("1767225600."));
        CPPUNIT_ASSERT(first != second);
        set_system_name("pbx1");
        CPPUNIT_ASSERT(new_unique_id().starts_with("pbx1-1767225600."));
        set_system_name("");
        CPPUNIT_ASSERT_EQUAL(std::size_t{8}, new_channel_suffix().size());
        CPPUNIT_ASSERT(new_channel_suffix() != new_channel_suffix());
    }
    void no_two_threads_get_the_same_token() {
        std::set<std::string> tokens, others;
        std::thread other([&] { for (int i = 0; i < 1000; ++i) others.insert(protocol_token()); });
        for (int i = 0; i < 1000; ++i) tokens.insert(protocol_token());
        other.join();
        tokens.merge(others);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2000}, tokens.size());
    }
    void random_numbers_stay_below_their_limit() {
        std::set<std::uint64_t> seen;
        for (int i = 0; i < 1000; ++i) seen.insert(random_number(7));
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, seen.size());
        CPPUNIT_ASSERT(*seen.rbegin() < 7);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, random_number(0));
        CPPUNIT_ASSERT(random_hex(9).find_first_not_of("0123456789abcdef") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::size_t{9}, random_alnum(9).size());
    }
    void every_error_code_has_a_word() {
        std::set<std::string_view> words;
        for (int code = 0; code <= static_cast<int>(ErrorCode::limit); ++code) {
            const auto word = to_string(static_cast<ErrorCode>(code));
            CPPUNIT_ASSERT(word != "unknown");
            CPPUNIT_ASSERT(words.insert(word).second);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GenerationTest);
