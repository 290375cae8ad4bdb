#include "core/runtime/fiber.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "core/base/clock.hpp"
#include "core/runtime/sanitizer.hpp"
#include "core/runtime/stack_trim.hpp"
#include "core/runtime/timer.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

// Uses at least 512 bytes of stack per level.
__attribute__((noinline)) int fill_stack(int depth) {
    volatile char frame[512];
    frame[0] = static_cast<char>(depth);
    return depth == 0 ? frame[0] : fill_stack(depth - 1) + frame[0];
}

__attribute__((noinline)) void wait_for_debugger(Latch& never) {
    static_cast<void>(never.wait());
    asm volatile("");  // keeps the frame: no tail call
}

[[maybe_unused]] long resident_bytes() {
    std::ifstream file("/proc/self/statm");
    long size = 0, resident = 0;
    file >> size >> resident;
    return resident * 4096;
}

#if defined(JF_TSAN)
constexpr std::size_t kManyFibers = 1500;
#elif defined(JF_ASAN)
constexpr std::size_t kManyFibers = 2000;
#else
constexpr std::size_t kManyFibers = 20000;
#endif

}  // namespace

class FiberTest : public LoopTest {
    CPPUNIT_TEST_SUITE(FiberTest);
    CPPUNIT_TEST(keeps_exceptions_apart_across_waits);
    CPPUNIT_TEST(runs_a_spawned_fiber_later_and_in_order);
    CPPUNIT_TEST(lets_nothing_else_run_between_two_waits);
    CPPUNIT_TEST(ends_only_the_fiber_that_throws);
    CPPUNIT_TEST(carries_the_call_id_over_waits);
    CPPUNIT_TEST(carries_the_running_gate_over_waits);
    CPPUNIT_TEST(holds_the_gate_of_the_module_that_spawned_it);
    CPPUNIT_TEST(parks_many_fibers_in_a_page_each);
    CPPUNIT_TEST(refuses_a_fiber_above_the_limit);
    CPPUNIT_TEST(gives_deep_stacks_back);
    CPPUNIT_TEST(a_long_wait_gives_the_stack_below_it_back);
    CPPUNIT_TEST(lists_where_each_fiber_waits);
    CPPUNIT_TEST(counts_its_waits_and_not_its_yields);
    CPPUNIT_TEST(names_the_fiber_whose_stack_overflows);
    CPPUNIT_TEST(is_found_by_the_debugger);
    CPPUNIT_TEST(shuffles_by_a_seed_that_repeats);
    CPPUNIT_TEST_SUITE_END();

  public:
    void keeps_exceptions_apart_across_waits() {
        ManualClock clock;
        ControlLoop loop;
        int kept = 0;
        for (int i = 0; i < 50; ++i)
            start("thrower", [&, i] {
                try {
                    throw i;
                } catch (int caught) {
                    CPPUNIT_ASSERT_EQUAL(i, caught);
                    try {
                        CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(1 + (i * 7) % 20)));
                        throw std::runtime_error(std::to_string(i));
                    } catch (const std::runtime_error& error) {
                        CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(1 + (i * 13) % 20)));
                        if (error.what() != std::to_string(i)) return;
                        try {
                            CPPUNIT_ASSERT(sleep_for(1ms));
                            throw;
                        } catch (const std::runtime_error& again) {
                            if (again.what() != std::to_string(i)) return;
                        }
                    }
                    try {
                        throw;
                    } catch (int outer) {
                        if (outer == i && std::uncaught_exceptions() == 0) ++kept;
                    }
                }
            });
        loop.run_until_idle();
        for (int i = 0; i < 60; ++i) {
            clock.advance(1ms);
            loop.run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(50, kept);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void runs_a_spawned_fiber_later_and_in_order() {
        ControlLoop loop;
        std::string order;
        start("parent", [&] {
            start("child", [&] { order += 'c'; });
            order += 'p';
        });
        CPPUNIT_ASSERT(order.empty());
        CPPUNIT_ASSERT(!on_fiber());
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("pc"), order);
    }

    void lets_nothing_else_run_between_two_waits() {
        ControlLoop loop;
        Queue<int> queue;
        std::string order;
        start("consumer", [&] {
            while (auto value = queue.pop()) order += static_cast<char>('0' + *value);
            order += '.';
        });
        loop.run_until_idle();
        start("producer", [&] {
            for (int i = 0; i < 3; ++i) {
                CPPUNIT_ASSERT(queue.push(i));
                order += 'p';
            }
            queue.close();
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("ppp012."), order);
    }

    void ends_only_the_fiber_that_throws() {
        ControlLoop loop;
        bool other = false;
        start("faulty", [] { throw std::runtime_error("a fault of the module"); });
        start("other", [&] { other = yield().has_value(); });
        loop.run_until_idle();
        CPPUNIT_ASSERT(other);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void carries_the_call_id_over_waits() {
        ControlLoop loop;
        int right = 0;
        for (std::uint32_t i = 1; i <= 3; ++i)
            CPPUNIT_ASSERT(spawn({.name = "call", .call_id = CallId{i}}, [&right, i] {
                for (int n = 0; n < 5; ++n) {
                    if (current_call_id() == CallId{i}) ++right;
                    CPPUNIT_ASSERT(yield());
                }
            }));
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(15, right);
        CPPUNIT_ASSERT(!current_call_id());
    }

    void carries_the_running_gate_over_waits() {
        ControlLoop loop;
        Gate first("app_first"), second("app_second");
        int right = 0;
        for (Gate* gate : {&first, &second})
            CPPUNIT_ASSERT(spawn({.name = "call", .pass = gate->hold()}, [&, gate] {
                for (int n = 0; n < 3; ++n) {
                    if (running_gate() == gate) ++right;
                    CPPUNIT_ASSERT(yield());
                }
                const RunningGate inner(&second);
                CPPUNIT_ASSERT(yield());
                if (running_gate() == &second) ++right;
            }));
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(8, right);
        CPPUNIT_ASSERT(running_gate() == nullptr);
    }

    void holds_the_gate_of_the_module_that_spawned_it() {
        ControlLoop loop;
        Gate gate("app_echo");
        Latch go;
        {
            const RunningGate running(&gate);
            start("call", [&] { CPPUNIT_ASSERT(go.wait()); });
        }
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, gate.inside());
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, gate.inside());
    }

    void parks_many_fibers_in_a_page_each() {
        ControlLoop loop;
        Latch go;
        std::size_t ended = 0;
        [[maybe_unused]] const long before = resident_bytes();
        for (std::size_t i = 0; i < kManyFibers; ++i)
            start("parked", [&] {
                if (go.wait()) ++ended;
            });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(kManyFibers, fiber_count());
#if defined(NDEBUG) && !defined(JF_ASAN) && !defined(JF_TSAN)
        const long each = (resident_bytes() - before) / static_cast<long>(kManyFibers);
        CPPUNIT_ASSERT_MESSAGE("bytes per parked fiber: " + std::to_string(each), each < 6 * 1024);
#endif
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(kManyFibers, ended);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void refuses_a_fiber_above_the_limit() {
        ControlLoop loop({.max_fibers = 3});
        Latch go;
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, fiber_limit());
        for (int i = 0; i < 3; ++i) start("parked", [&] { CPPUNIT_ASSERT(go.wait()); });
        const auto refused = spawn({.name = "one too many"}, [] {});
        CPPUNIT_ASSERT(!refused);
        CPPUNIT_ASSERT(refused.error().code == ErrorCode::limit);
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT(spawn({.name = "again"}, [] {}));
        loop.run_until_idle();
    }

    void gives_deep_stacks_back() {
#if !defined(JF_ASAN) && !defined(JF_TSAN)
        ControlLoop loop;
        Latch go;
        const long before = resident_bytes();
        for (int i = 0; i < 200; ++i)
            start("deep", [&] {
                fill_stack(300);  // 150 KiB at least
                CPPUNIT_ASSERT(go.wait());
            });
        loop.run_until_idle();
        CPPUNIT_ASSERT(resident_bytes() - before > 200 * 150 * 1024);
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT(resident_bytes() - before < 200 * 24 * 1024);
#endif
    }

    void a_long_wait_gives_the_stack_below_it_back() {
#if !defined(JF_ASAN) && !defined(JF_TSAN)
        ManualClock clock;
        ControlLoop loop;
        Latch go;
        int sum = 0;
        const long before = resident_bytes();
        for (int i = 0; i < 200; ++i)
            start("deep", [&] {
                sum += fill_stack(300);
                const StackTrim trim;
                CPPUNIT_ASSERT(go.wait());
                sum += fill_stack(30);  // what was given back can be used again
            });
        loop.run_until_idle();
        CPPUNIT_ASSERT(resident_bytes() - before > 200 * 150 * 1024);
        clock.advance(2s);
        loop.run_until_idle();
        CPPUNIT_ASSERT(resident_bytes() - before < 200 * 24 * 1024);
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT(sum != 0);
#endif
    }

    void lists_where_each_fiber_waits() {
        ControlLoop loop;
        Latch go;
        CPPUNIT_ASSERT(spawn({.name = "SIP/6001-0000002a", .call_id = CallId{7}}, [&] { CPPUNIT_ASSERT(go.wait()); }));
        const auto line = std::to_string(__LINE__ - 1);
        loop.run_until_idle();
        const auto list = list_fibers();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, list.size());
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/6001-0000002a"), list[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("core"), list[0].module);
        CPPUNIT_ASSERT(list[0].waits_at.ends_with("fiber_test.cpp:" + line));
        CPPUNIT_ASSERT(list[0].call_id == CallId{7});
        go.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT(list_fibers().empty());
    }

    void counts_its_waits_and_not_its_yields() {
        ManualClock clock;
        ControlLoop loop;
        std::uint64_t before = 1, after = 0;
        start("counted", [&] {
            CPPUNIT_ASSERT(yield());
            before = fiber_waits();
            CPPUNIT_ASSERT(sleep_for(5ms));
            CPPUNIT_ASSERT(yield());
            after = fiber_waits();
        });
        loop.run_until_idle();
        clock.advance(5ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, before);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, after);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, fiber_waits());
    }

    void names_the_fiber_whose_stack_overflows() {
        if (is_child()) {
            ControlLoop loop;
            Gate gate("app_deep");
            CPPUNIT_ASSERT(
                spawn({.name = "SIP/6001-1", .call_id = CallId{42}, .pass = gate.hold()}, [] { fill_stack(1 << 20); }));
            loop.run_until_idle();
            return;
        }
        const auto run = run_as_child("names_the_fiber_whose_stack_overflows");
        CPPUNIT_ASSERT(run.status != 0);
        CPPUNIT_ASSERT_MESSAGE(
            run.output, run.output.find("stack overflow: fiber \"SIP/6001-1\", call C-0000002a, module app_deep") !=
                            std::string::npos);
    }

    // gdb looks at a child process that waits with a parked fiber; left out where there is no gdb.
    void is_found_by_the_debugger() {
        if (is_child()) {
            ControlLoop loop;
            Latch never;
            Gate gate("app_parked");
            CPPUNIT_ASSERT(spawn({.name = "SIP/6001-1", .pass = gate.hold()}, [&] { wait_for_debugger(never); }));
            loop.run_until_idle();
            std::abort();  // gdb runs the program and stops here
        }
        if (system("gdb --version >/dev/null 2>&1") != 0) return;
        const std::string script = std::string(JF_SOURCE_DIR) + "/contrib/gdb/fibers.py";
        FILE* gdb =
            popen(("JACKFIELD_TEST_CHILD=1 gdb -batch -nx -iex 'set debuginfod enabled off' -ex run -x '" + script +
                   "' -ex fibers --args /proc/" + std::to_string(getpid()) + "/exe is_found_by_the_debugger 2>&1")
                      .c_str(),
                  "r");
        std::string output;
        for (int byte; (byte = fgetc(gdb)) != EOF;) output += static_cast<char>(byte);
        pclose(gdb);
        CPPUNIT_ASSERT_MESSAGE(output,
                               output.find("\"SIP/6001-1\" module app_parked: waiting at") != std::string::npos);
        const auto trace = output.find("\"SIP/6001-1\"");
        CPPUNIT_ASSERT_MESSAGE(output, output.find("wait_for_debugger", trace) != std::string::npos);
    }

    void shuffles_by_a_seed_that_repeats() {
        const auto order = [](std::uint64_t seed) {
            ControlLoop loop({.shuffle = true, .shuffle_seed = seed});
            std::string text;
            for (char name = 'a'; name <= 'z'; ++name)
                start("letter", [&text, name] {
                    text += name;
                    CPPUNIT_ASSERT(yield());
                    text += name;
                });
            loop.run_until_idle();
            return text;
        };
        const auto first = order(11);
        CPPUNIT_ASSERT_EQUAL(std::size_t{52}, first.size());
        CPPUNIT_ASSERT(first != order(12));
        CPPUNIT_ASSERT_EQUAL(first, order(11));

        ControlLoop loop({.shuffle = true, .shuffle_seed = 5});
        std::string text;
        Latch ready;
        ready.set();
        start("waiter", [&] {
            CPPUNIT_ASSERT(ready.wait());  // passes through the loop although it is ready
            text += 'w';
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("w"), text);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FiberTest);
