#include "core/base/rate_limit.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace std::chrono_literals;

class RateLimitTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RateLimitTest);
    CPPUNIT_TEST(allows_the_first_and_one_per_interval);
    CPPUNIT_TEST(limits_each_source_by_itself);
    CPPUNIT_TEST(a_flood_of_sources_costs_bounded_memory);
    CPPUNIT_TEST(the_manual_clock_stands_still_until_advanced);
    CPPUNIT_TEST_SUITE_END();

    void allows_the_first_and_one_per_interval() {
        ManualClock clock;
        RateLimit limit{1s};
        CPPUNIT_ASSERT(limit.allow(Clock::now()));
        clock.advance(999ms);
        CPPUNIT_ASSERT(!limit.allow(Clock::now()));
        CPPUNIT_ASSERT(!limit.allow(Clock::now()));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, limit.taken());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, limit.taken());
        clock.advance(1ms);
        CPPUNIT_ASSERT(limit.allow(Clock::now()));
    }
    void limits_each_source_by_itself() {
        ManualClock clock;
        KeyedRateLimit limit{1s};
        CPPUNIT_ASSERT(limit.allow("a", Clock::now()));
        CPPUNIT_ASSERT(limit.allow("b", Clock::now()));
        for (int i = 0; i < 9; ++i) {
            clock.advance(100ms);
            CPPUNIT_ASSERT(!limit.allow("a", Clock::now()));
        }
        clock.advance(100ms);
        CPPUNIT_ASSERT(limit.allow("a", Clock::now()));
        CPPUNIT_ASSERT(!limit.allow("a", Clock::now()));
        clock.advance(1h);
        CPPUNIT_ASSERT(limit.allow("a", Clock::now()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, limit.size());
    }
    void a_flood_of_sources_costs_bounded_memory() {
        ManualClock clock;
        KeyedRateLimit limit{1s, 100};
        int allowed = 0;
        for (int i = 0; i < 10000; ++i) allowed += limit.allow(std::to_string(i), Clock::now());
        CPPUNIT_ASSERT(limit.size() <= 100);
        CPPUNIT_ASSERT_EQUAL(51, allowed);  // half of the capacity, and one for all the rest
    }
    void the_manual_clock_stands_still_until_advanced() {
        {
            ManualClock clock;
            const auto before = Clock::now();
            const auto wall = wall_now();
            CPPUNIT_ASSERT(before == Clock::now());
            clock.advance(5s);
            CPPUNIT_ASSERT(Clock::now() - before == 5s);
            clock.jump_wall(-1h);
            CPPUNIT_ASSERT(wall_now() - wall == 5s - 1h);
            CPPUNIT_ASSERT(Clock::now() - before == 5s);
        }
        CPPUNIT_ASSERT(std::chrono::system_clock::now() - wall_now() < 1min);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RateLimitTest);
