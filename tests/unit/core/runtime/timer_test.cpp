#include "core/runtime/timer.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "core/runtime/loop_private.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

class TimerTest : public LoopTest {
    CPPUNIT_TEST_SUITE(TimerTest);
    CPPUNIT_TEST(fires_at_its_millisecond_and_never_early);
    CPPUNIT_TEST(fires_within_a_millisecond_over_every_level);
    CPPUNIT_TEST(fires_when_the_clock_jumps_far);
    CPPUNIT_TEST(is_silent_once_stopped_or_destroyed);
    CPPUNIT_TEST(may_be_destroyed_from_its_own_function);
    CPPUNIT_TEST(may_destroy_another_that_is_due_now);
    CPPUNIT_TEST(may_restart_itself);
    CPPUNIT_TEST(restarts_from_the_present);
    CPPUNIT_TEST(serves_others_although_one_restarts_without_delay);
    CPPUNIT_TEST(survives_an_exception_of_its_function);
    CPPUNIT_TEST(runs_under_the_gate_of_its_maker);
    CPPUNIT_TEST(holds_half_a_million);
    CPPUNIT_TEST(wakes_a_sleeping_loop_in_time);
    CPPUNIT_TEST(waits_beyond_the_horizon);
    CPPUNIT_TEST(stops_with_its_loop);
    CPPUNIT_TEST_SUITE_END();

  public:
    void fires_at_its_millisecond_and_never_early() {
        ManualClock clock;
        ControlLoop loop;
        bool fired = false;
        Timer timer([&] { fired = true; });
        timer.start(1500us);
        CPPUNIT_ASSERT(timer.running());
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!fired);
        clock.advance(499us);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!fired);
        clock.advance(501us);
        loop.run_until_idle();
        CPPUNIT_ASSERT(fired);
        CPPUNIT_ASSERT(!timer.running());
    }

    void fires_within_a_millisecond_over_every_level() {
        ManualClock clock;
        ControlLoop loop;
        clock.advance(12'345'678us);
        loop.run_until_idle();
        std::mt19937_64 random(1);
        struct Entry {
            std::unique_ptr<Timer> timer;
            Instant wanted;
            std::optional<Instant> fired;
        };
        std::vector<Entry> entries(3000);
        for (auto& entry : entries) {
            const auto bits = random() % 31;  // up to 12 days
            const std::chrono::microseconds after((random() % (std::uint64_t{1} << bits)) * 1000 + random() % 1000);
            entry.timer = std::make_unique<Timer>([&entry] { entry.fired = Clock::now(); });
            entry.timer->start(after);
            entry.wanted = Clock::now() + after;
        }
        TimerWheel& wheel = loop.internals().wheel;
        int wake_ups = 0;
        while (const auto next = wheel.next()) {
            ++wake_ups;
            clock.advance(std::max<std::chrono::nanoseconds>(*next - Clock::now(), 0ns));
            loop.run_until_idle();
        }
        for (const auto& entry : entries) {
            CPPUNIT_ASSERT(entry.fired);
            CPPUNIT_ASSERT(*entry.fired >= entry.wanted);
            CPPUNIT_ASSERT(*entry.fired - entry.wanted < 1ms);
        }
        CPPUNIT_ASSERT(wake_ups < 5 * 3000);
    }

    void fires_when_the_clock_jumps_far() {
        ManualClock clock;
        ControlLoop loop;
        std::string order;
        Timer late([&] { order += 'l'; }), early([&] { order += 'e'; });
        late.start(40h);
        early.start(3s);
        clock.advance(100h);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("el"), order);
    }

    void is_silent_once_stopped_or_destroyed() {
        ManualClock clock;
        ControlLoop loop;
        int fired = 0;
        Timer stopped([&] { ++fired; });
        stopped.start(1ms);
        {
            Timer destroyed([&] { ++fired; });
            destroyed.start(1ms);
        }
        stopped.stop();
        clock.advance(1s);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(0, fired);
    }

    void may_be_destroyed_from_its_own_function() {
        ManualClock clock;
        ControlLoop loop;
        std::unique_ptr<Timer> timer;
        std::string text = "a text that is long enough for the heap";
        std::string seen;
        timer = std::make_unique<Timer>([&timer, &seen, text] {
            timer.reset();
            seen = text;  // the captures live until the function returns
        });
        timer->start(1ms);
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(text, seen);
        CPPUNIT_ASSERT(!timer);
    }

    void may_destroy_another_that_is_due_now() {
        ManualClock clock;
        ControlLoop loop;
        int fired = 0;
        std::vector<std::unique_ptr<Timer>> timers(3);
        for (std::size_t i = 0; i < 3; ++i) {
            timers[i] = std::make_unique<Timer>([&, i] {
                ++fired;
                for (std::size_t other = 0; other < 3; ++other)
                    if (other != i) timers[other].reset();
            });
            timers[i]->start(1ms);
        }
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(1, fired);
    }

    void may_restart_itself() {
        ManualClock clock;
        ControlLoop loop;
        int fired = 0;
        std::optional<Timer> timer;
        timer.emplace([&] {
            if (++fired < 5) timer->start(20ms);
        });
        timer->start(20ms);
        for (int i = 0; i < 200; ++i) {
            clock.advance(1ms);
            loop.run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(5, fired);
    }

    void restarts_from_the_present() {
        ManualClock clock;
        ControlLoop loop;
        bool fired = false;
        Timer timer([&] { fired = true; });
        timer.start(10ms);
        clock.advance(9ms);
        timer.start(10ms);
        clock.advance(9ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!fired);
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(fired);
    }

    void serves_others_although_one_restarts_without_delay() {
        ManualClock clock;
        ControlLoop loop;
        int rounds = 0;
        bool fiber_ran = false;
        std::optional<Timer> busy;
        busy.emplace([&] {
            if (++rounds < 1000 && !fiber_ran) busy->start(0ms);
        });
        busy->start(0ms);
        start("other", [&] {
            CPPUNIT_ASSERT(yield());
            fiber_ran = true;
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(fiber_ran);
        CPPUNIT_ASSERT(rounds < 10);
    }

    void survives_an_exception_of_its_function() {
        ManualClock clock;
        ControlLoop loop;
        int fired = 0;
        Timer timer([&] {
            ++fired;
            throw 1;
        });
        for (int i = 0; i < 2; ++i) {
            timer.start(1ms);
            clock.advance(1ms);
            loop.run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(2, fired);
    }

    void runs_under_the_gate_of_its_maker() {
        ManualClock clock;
        ControlLoop loop;
        Gate gate("app_timer");
        Gate* seen = nullptr;
        std::optional<Timer> timer;
        {
            const RunningGate running(&gate);
            timer.emplace([&] { seen = running_gate(); });
        }
        timer->start(1ms);
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(seen == &gate);
        CPPUNIT_ASSERT(running_gate() == nullptr);
    }

    void holds_half_a_million() {
        ManualClock clock;
        ControlLoop loop;
        std::size_t fired = 0;
        std::vector<std::unique_ptr<Timer>> timers;
        std::mt19937_64 random(2);
        for (int i = 0; i < 500'000; ++i) {
            timers.push_back(std::make_unique<Timer>([&] { ++fired; }));
            timers.back()->start(std::chrono::milliseconds(1 + random() % 32'000));
        }
        for (std::size_t i = 0; i < timers.size(); i += 2) timers[i]->stop();
        for (int i = 0; i < 32; ++i) {
            clock.advance(1s);
            loop.run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{250'000}, fired);
    }

    void wakes_a_sleeping_loop_in_time() {
        ControlLoop loop;
        std::vector<std::chrono::nanoseconds> late;
        run_on_fiber(loop, [&] {
            for (int i = 0; i < 30; ++i) {
                const auto before = std::chrono::steady_clock::now();
                CPPUNIT_ASSERT(sleep_for(3ms));
                late.push_back(std::chrono::steady_clock::now() - before - 3ms);
            }
        });
        std::sort(late.begin(), late.end());
        CPPUNIT_ASSERT(late.front() >= 0ns);
        CPPUNIT_ASSERT(late[late.size() / 5] < 5ms);  // the machine may be busy
    }

    void waits_beyond_the_horizon() {
        ManualClock clock;
        ControlLoop loop;
        bool fired = false;
        Timer timer([&] { fired = true; });
        timer.start(24h * 100);
        clock.advance(24h * 99);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!fired);
        clock.advance(24h);
        loop.run_until_idle();
        CPPUNIT_ASSERT(fired);
    }

    void stops_with_its_loop() {
        ManualClock clock;
        std::optional<Timer> near, far;
        int fired = 0;
        {
            ControlLoop loop;
            near.emplace([&] { ++fired; });
            far.emplace([&] { ++fired; });
            near->start(5ms);
            far->start(5h);
        }
        CPPUNIT_ASSERT(!near->running());
        CPPUNIT_ASSERT(!far->running());
        ControlLoop loop;
        near.reset();
        far->start(1ms);
        clock.advance(10h);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(1, fired);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TimerTest);
