// The stack's timers.
#include "channels/sip/stack/timers.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>
#include <string>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

struct Probe {
    std::string& log;
    char name;
    StackTimer timer{this, StackTimer::calls<&Probe::expired>};
    Probe(std::string& to, char letter) : log(to), name(letter) {}
    void expired() { log += name; }
};

class TimersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TimersTest);
    CPPUNIT_TEST(expire_in_order_of_time);
    CPPUNIT_TEST(a_stopped_or_destroyed_timer_is_silent);
    CPPUNIT_TEST(a_restart_counts_from_now);
    CPPUNIT_TEST(may_restart_and_destroy_from_within);
    CPPUNIT_TEST(tells_when_it_is_wanted_next);
    CPPUNIT_TEST(many_lengths_are_never_early);
    CPPUNIT_TEST(a_clock_counts_from_now_and_hears_of_each_start);
    CPPUNIT_TEST_SUITE_END();

    const Instant start{10s};

  public:
    void expire_in_order_of_time() {
        std::string log;
        StackTimers timers(start);
        Probe a(log, 'a'), b(log, 'b'), c(log, 'c'), d(log, 'd');
        timers.start(a.timer, 300ms);
        timers.start(b.timer, 100ms);
        timers.start(c.timer, 300ms);
        timers.advance(start + 50ms);
        timers.start(d.timer, 100ms);
        timers.advance(start + 99ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), log);
        timers.advance(start + 100ms);
        CPPUNIT_ASSERT_EQUAL(std::string("b"), log);
        timers.advance(start + 1s);
        CPPUNIT_ASSERT_EQUAL(std::string("bdac"), log);
    }

    void a_clock_counts_from_now_and_hears_of_each_start() {
        struct Ticking final : StackClock {
            Instant time{20s}, wanted{};
            Instant now() override { return time; }
            void timer_started(Instant due) override { wanted = due; }
        } clock;
        std::string log;
        StackTimers timers(start, &clock);
        Probe a(log, 'a');
        timers.start(a.timer, 100ms);  // idle since `start`
        CPPUNIT_ASSERT(clock.wanted == Instant{20s} + 100ms);
        timers.advance(Instant{20s} + 99ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), log);
        timers.advance(Instant{20s} + 100ms);
        CPPUNIT_ASSERT_EQUAL(std::string("a"), log);
    }

    void a_stopped_or_destroyed_timer_is_silent() {
        std::string log;
        StackTimers timers(start);
        Probe a(log, 'a'), c(log, 'c');
        {
            Probe b(log, 'b');
            timers.start(a.timer, 1ms);
            timers.start(b.timer, 1ms);
            timers.start(c.timer, 1ms);
        }
        c.timer.stop();
        CPPUNIT_ASSERT(!c.timer.running() && a.timer.running());
        Probe d(log, 'd');
        timers.start(d.timer, 1ms);
        timers.advance(start + 1s);
        CPPUNIT_ASSERT_EQUAL(std::string("ad"), log);
    }

    void a_restart_counts_from_now() {
        std::string log;
        StackTimers timers(start);
        Probe a(log, 'a');
        timers.start(a.timer, 100ms);
        timers.advance(start + 60ms);
        timers.start(a.timer, 100ms);
        timers.advance(start + 159ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), log);
        timers.advance(start + 160ms);
        CPPUNIT_ASSERT_EQUAL(std::string("a"), log);
    }

    void may_restart_and_destroy_from_within() {
        StackTimers timers(start);
        struct Busy {
            StackTimers& timers;
            std::unique_ptr<StackTimer> victim;
            int count = 0;
            StackTimer timer{this, StackTimer::calls<&Busy::expired>};
            void expired() {
                ++count;
                victim.reset();
                timers.start(timer, 0ms);
            }
        } busy{timers, nullptr};
        busy.victim = std::make_unique<StackTimer>(nullptr, [](void*) { CPPUNIT_FAIL("destroyed timer ran"); });
        timers.start(busy.timer, 1ms);
        timers.start(*busy.victim, 1ms);
        timers.advance(start + 5ms);
        CPPUNIT_ASSERT_EQUAL(1, busy.count);
        timers.advance(start + 6ms);
        CPPUNIT_ASSERT_EQUAL(2, busy.count);
    }

    void tells_when_it_is_wanted_next() {
        std::string log;
        StackTimers timers(start);
        CPPUNIT_ASSERT(!timers.next().has_value());
        Probe a(log, 'a'), b(log, 'b');
        timers.start(a.timer, 2s);
        timers.start(b.timer, 1s);
        CPPUNIT_ASSERT(timers.next() == start + 1s);
        b.timer.stop();
        CPPUNIT_ASSERT(timers.next() == start + 2s);
    }

    void many_lengths_are_never_early() {
        std::string log;
        StackTimers timers(start);
        std::deque<Probe> probes;
        for (int i = 1; i <= 100; ++i)
            timers.start(probes.emplace_back(log, 'x').timer, std::chrono::milliseconds(101 - i));
        for (int i = 1; i <= 100; ++i) {
            timers.advance(start + std::chrono::milliseconds(i));
            CPPUNIT_ASSERT(log.size() <= std::size_t(i));
        }
        timers.advance(start + 1s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(100), log.size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TimersTest);

}  // namespace
