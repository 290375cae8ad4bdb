#include "core/runtime/watchdog.hpp"

#include "core/runtime/timer.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

// Holds up the control thread without a system call.
__attribute__((noinline)) void hold_up(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

}  // namespace

class WatchdogTest : public LoopTest {
    CPPUNIT_TEST_SUITE(WatchdogTest);
    CPPUNIT_TEST(reports_a_stall_with_module_fiber_and_back_trace);
    CPPUNIT_TEST(warns_about_a_long_turn_without_reporting_it);
    CPPUNIT_TEST(names_the_module_of_a_timer);
    CPPUNIT_TEST(is_silent_while_the_loop_sleeps);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reports_a_stall_with_module_fiber_and_back_trace() {
        ControlLoop loop({.report_turn = 300ms});  // no busy machine delays a turn for so long
        Gate gate("app_slow");
        bool done = false;
        CPPUNIT_ASSERT(spawn({.name = "SIP/6001-0000002a", .pass = gate.hold()}, [&] {
            hold_up(700ms);
            done = true;
        }));
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return done; }));
        const auto status = watchdog_status();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, status.reports);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, status.latest.size());
        const Stall& stall = status.latest.front();
        CPPUNIT_ASSERT_EQUAL(std::string("app_slow"), stall.module);
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/6001-0000002a"), stall.fiber);
        CPPUNIT_ASSERT(stall.length >= 700ms);
        CPPUNIT_ASSERT(!stall.back_trace.empty());
    }

    void warns_about_a_long_turn_without_reporting_it() {
        ControlLoop loop({.report_turn = 10s});
        bool done = false;
        start("slow", [&] {
            hold_up(12ms);
            done = true;
        });
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return done; }));
        const auto status = watchdog_status();
        CPPUNIT_ASSERT(status.warnings >= 1);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, status.reports);
    }

    void names_the_module_of_a_timer() {
        ControlLoop loop({.report_turn = 300ms});
        Gate gate("res_slow");
        bool done = false;
        std::optional<Timer> timer;
        {
            const RunningGate running(&gate);
            timer.emplace([&] {
                hold_up(700ms);
                done = true;
            });
        }
        timer->start(1ms);
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return done; }));
        const auto status = watchdog_status();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, status.reports);
        CPPUNIT_ASSERT_EQUAL(std::string("res_slow"), status.latest.front().module);
        CPPUNIT_ASSERT(status.latest.front().fiber.empty());
    }

    void is_silent_while_the_loop_sleeps() {
        ControlLoop loop({.warn_turn = 300ms});
        run_on_fiber(loop, [] { CPPUNIT_ASSERT(sleep_for(700ms)); });
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, watchdog_status().warnings);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(WatchdogTest);
