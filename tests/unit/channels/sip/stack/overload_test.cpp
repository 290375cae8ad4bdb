// OverloadGate: bursts pass, standing queues do not, the important kind is turned away last.
#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/overload.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;
using Kind = OverloadGate::Kind;

class OverloadTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OverloadTest);
    CPPUNIT_TEST(a_burst_passes);
    CPPUNIT_TEST(a_standing_queue_is_turned_away_until_half_empty);
    CPPUNIT_TEST(a_relieved_overload_comes_back_at_once);
    CPPUNIT_TEST(what_is_hopelessly_old_is_turned_away_at_once);
    CPPUNIT_TEST(calls_are_turned_away_last);
    CPPUNIT_TEST_SUITE_END();

    Instant start_ = Clock::now();
    OverloadGate gate_;

    void close_for_calls() {
        for (auto at = 0ms; at <= 200ms; at += 10ms) (void)gate_.admit(Kind::call, 150ms, start_ + at);
    }

    void a_burst_passes() {
        for (auto at = 0ms; at < 190ms; at += 10ms) CPPUNIT_ASSERT(gate_.admit(Kind::call, 150ms, start_ + at));
        CPPUNIT_ASSERT(gate_.admit(Kind::call, 1ms, start_ + 200ms));
        for (auto at = 210ms; at < 400ms; at += 10ms) CPPUNIT_ASSERT(gate_.admit(Kind::call, 150ms, start_ + at));
    }
    void a_standing_queue_is_turned_away_until_half_empty() {
        close_for_calls();
        CPPUNIT_ASSERT(!gate_.admit(Kind::call, 150ms, start_ + 210ms));
        CPPUNIT_ASSERT(!gate_.admit(Kind::call, 60ms, start_ + 220ms));
        CPPUNIT_ASSERT(gate_.admit(Kind::call, 40ms, start_ + 230ms));
    }
    void a_relieved_overload_comes_back_at_once() {
        close_for_calls();
        CPPUNIT_ASSERT(gate_.admit(Kind::call, 10ms, start_ + 300ms));
        CPPUNIT_ASSERT(!gate_.admit(Kind::call, 110ms, start_ + 400ms));
        CPPUNIT_ASSERT(gate_.admit(Kind::call, 10ms, start_ + 500ms));
        CPPUNIT_ASSERT(gate_.admit(Kind::call, 110ms, start_ + 3s));
    }
    void what_is_hopelessly_old_is_turned_away_at_once() { CPPUNIT_ASSERT(!gate_.admit(Kind::call, 2s, start_)); }
    void calls_are_turned_away_last() {
        bool call = true, registration = true, other = true;
        for (auto at = 0ms; at <= 300ms; at += 10ms) {
            call = gate_.admit(Kind::call, 80ms, start_ + at);
            registration = gate_.admit(Kind::registration, 80ms, start_ + at);
            other = gate_.admit(Kind::other, 50ms, start_ + at);
        }
        CPPUNIT_ASSERT(call);
        CPPUNIT_ASSERT(!registration);
        CPPUNIT_ASSERT(!other);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OverloadTest);
