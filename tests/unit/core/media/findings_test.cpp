#include "core/media/findings.hpp"

#include <thread>
#include <vector>

#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class FindingsTest : public MediaTest {
    CPPUNIT_TEST_SUITE(FindingsTest);
    CPPUNIT_TEST(come_in_order_on_the_control_thread);
    CPPUNIT_TEST(more_than_fit_are_lost_and_the_rest_comes);
    CPPUNIT_TEST(nothing_comes_after_the_end);
    CPPUNIT_TEST(may_end_themselves_and_outlive_their_maker);
    CPPUNIT_TEST_SUITE_END();

  public:
    void come_in_order_on_the_control_thread() {
        std::vector<std::uint32_t> found;
        const auto findings = Findings::make([&](std::uint32_t finding) {
            CPPUNIT_ASSERT(on_control_thread());
            found.push_back(finding);
        });
        const FindingsGuard guard(findings);
        std::jthread([&] {
            for (std::uint32_t i = 0; i < 20; ++i) {
                findings->tell(i);
                std::this_thread::yield();
            }
        }).join();
        CPPUNIT_ASSERT(wait_for([&] { return found.size() == 20; }));
        for (std::uint32_t i = 0; i < 20; ++i) CPPUNIT_ASSERT_EQUAL(i, found[i]);
    }
    void more_than_fit_are_lost_and_the_rest_comes() {
        std::vector<std::uint32_t> found;
        const auto findings = Findings::make([&](std::uint32_t finding) { found.push_back(finding); });
        const FindingsGuard guard(findings);
        for (std::uint32_t i = 0; i < 100; ++i) findings->tell(i);
        CPPUNIT_ASSERT(wait_for([&] { return found.size() == 32; }));
        findings->tell(7);
        CPPUNIT_ASSERT(wait_for([&] { return found.size() == 33; }));
        CPPUNIT_ASSERT_EQUAL(31u, found[31]);
    }
    void nothing_comes_after_the_end() {
        unsigned found = 0;
        const auto findings = Findings::make([&](std::uint32_t) { ++found; });
        findings->tell(1);
        findings->end();
        findings->tell(2);
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(0u, found);
    }
    void may_end_themselves_and_outlive_their_maker() {
        unsigned found = 0;
        std::shared_ptr<Findings> findings;
        findings = Findings::make([&](std::uint32_t) {
            ++found;
            findings->end();
        });
        findings->tell(1);
        findings->tell(2);
        CPPUNIT_ASSERT(wait_for([&] { return found == 1; }));
        findings->tell(3);
        findings.reset();  // while it is on its way
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(1u, found);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FindingsTest);
