// Ring: order over growth and wrap-around, and that every element is destroyed once.
#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include "core/base/ring.hpp"

using namespace jackfield;

class RingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RingTest);
    CPPUNIT_TEST(keeps_order_over_growth_and_wrap);
    CPPUNIT_TEST(destroys_what_it_holds);
    CPPUNIT_TEST_SUITE_END();

    void keeps_order_over_growth_and_wrap() {
        Ring<int> ring;
        CPPUNIT_ASSERT(ring.empty());
        int pushed = 0, popped = 0;
        for (int turn = 0; turn < 100; ++turn) {
            for (int i = 0; i < 3; ++i) ring.push_back(pushed++);
            for (int i = 0; i < 2; ++i) {
                CPPUNIT_ASSERT_EQUAL(popped++, ring.front());
                ring.pop_front();
            }
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, ring.size());
        CPPUNIT_ASSERT_EQUAL(pushed - 1, ring.back());
        ring.pop_back();
        CPPUNIT_ASSERT_EQUAL(pushed - 2, ring.back());
        ring.clear();
        CPPUNIT_ASSERT(ring.empty());
        ring.push_back(7);
        CPPUNIT_ASSERT_EQUAL(7, ring.front());
    }

    void destroys_what_it_holds() {
        const auto counted = std::make_shared<int>(1);
        {
            Ring<std::shared_ptr<int>> ring;
            for (int i = 0; i < 10; ++i) ring.push_back(counted);
            ring.pop_front();
            CPPUNIT_ASSERT_EQUAL(10L, counted.use_count());
        }
        CPPUNIT_ASSERT_EQUAL(1L, counted.use_count());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RingTest);
