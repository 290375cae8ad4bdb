#include "core/runtime/control.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "core/runtime/loop_private.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

struct Counter final : Posted {
    void posted() override {
        ++runs;
        seen = value.load(std::memory_order_relaxed);
        if (again-- > 0) post();
    }
    std::atomic<std::uint64_t> value{0};
    std::uint64_t seen = 0, runs = 0;
    int again = 0;
};

}  // namespace

class ControlTest : public LoopTest {
    CPPUNIT_TEST_SUITE(ControlTest);
    CPPUNIT_TEST(runs_what_other_threads_post_in_their_order);
    CPPUNIT_TEST(coalesces_a_node_that_is_queued_already);
    CPPUNIT_TEST(never_misses_the_last_post_of_several_threads);
    CPPUNIT_TEST(queues_a_node_again_that_posts_itself);
    CPPUNIT_TEST(flushes_once_per_turn);
    CPPUNIT_TEST(flushes_again_what_a_flush_puts_off);
    CPPUNIT_TEST(stops_from_another_thread);
    CPPUNIT_TEST(knows_its_thread);
    CPPUNIT_TEST(survives_an_exception_of_a_posted_function);
    CPPUNIT_TEST(serves_many_in_one_turn_when_they_come_densely);
    CPPUNIT_TEST(sleeps_as_before_when_dense_work_has_ended);
    CPPUNIT_TEST_SUITE_END();

  public:
    void runs_what_other_threads_post_in_their_order() {
        ControlLoop loop;
        std::vector<int> order;
        std::thread other([&] {
            for (int i = 0; i < 1000; ++i) post([&order, i] { order.push_back(i); });
        });
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return order.size() == 1000; }));
        other.join();
        for (int i = 0; i < 1000; ++i) CPPUNIT_ASSERT_EQUAL(i, order[static_cast<std::size_t>(i)]);
    }

    void coalesces_a_node_that_is_queued_already() {
        ControlLoop loop;
        Counter counter;
        for (int i = 0; i < 10; ++i) counter.post();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, counter.runs);
        counter.post();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, counter.runs);
    }

    void never_misses_the_last_post_of_several_threads() {
        ControlLoop loop;
        constexpr std::uint64_t kPosts = 20'000;
        constexpr std::size_t kThreads = 4;
        std::vector<Counter> counters(kThreads);
        std::vector<std::thread> threads;
        for (auto& counter : counters)
            threads.emplace_back([&counter] {
                for (std::uint64_t i = 1; i <= kPosts; ++i) {
                    counter.value.store(i, std::memory_order_relaxed);
                    counter.post();
                }
            });
        CPPUNIT_ASSERT(loop.run_for(60s, [&] {
            return std::all_of(counters.begin(), counters.end(), [](auto& counter) { return counter.seen == kPosts; });
        }));
        for (auto& thread : threads) thread.join();
        loop.run_until_idle();
        for (const auto& counter : counters) CPPUNIT_ASSERT(counter.runs <= kPosts);
    }

    void queues_a_node_again_that_posts_itself() {
        ControlLoop loop;
        Counter counter;
        counter.again = 3;
        counter.post();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, counter.runs);
    }

    void flushes_once_per_turn() {
        ControlLoop loop;
        int flushes = 0, commands = 0;
        bool wanted = false;
        const auto command = [&] {
            ++commands;
            if (!std::exchange(wanted, true))
                at_end_of_turn([&] {
                    wanted = false;
                    ++flushes;
                });
        };
        start("calls", [&] {
            for (int i = 0; i < 10; ++i) command();
            CPPUNIT_ASSERT_EQUAL(0, flushes);
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(10, commands);
        CPPUNIT_ASSERT_EQUAL(1, flushes);
    }

    void flushes_again_what_a_flush_puts_off() {
        ControlLoop loop;
        int depth = 0;
        std::function<void()> flush = [&] {
            if (++depth < 3) at_end_of_turn([&] { flush(); });
        };
        at_end_of_turn([&] { flush(); });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(3, depth);
    }

    void stops_from_another_thread() {
        ControlLoop loop;
        std::thread other([&] { loop.stop(); });
        loop.run();
        other.join();
        CPPUNIT_ASSERT(!loop.internals().stopping.load());
    }

    void knows_its_thread() {
        CPPUNIT_ASSERT(!on_control_thread());
        ControlLoop loop;
        CPPUNIT_ASSERT(on_control_thread());
        bool elsewhere = true;
        std::thread([&] { elsewhere = on_control_thread(); }).join();
        CPPUNIT_ASSERT(!elsewhere);
        CPPUNIT_ASSERT(ControlLoop::instance() == &loop);
    }

    // A job every 100 us that works for 50 us. Whoever wakes for each of them takes about as many turns as there are jobs.
    void serves_many_in_one_turn_when_they_come_densely() {
        ControlLoop loop;
        constexpr int jobs = 3000;
        int served = 0, turns = 0;
        bool flush = false;
        std::thread other([&] {
            auto due = std::chrono::steady_clock::now();
            for (int i = 0; i < jobs; ++i) {
                std::this_thread::sleep_until(due += 100us);
                post([&] {
                    const auto end = std::chrono::steady_clock::now() + 50us;
                    while (std::chrono::steady_clock::now() < end) continue;
                    ++served;
                    if (std::exchange(flush, true)) return;
                    at_end_of_turn([&] {
                        ++turns;
                        flush = false;
                    });
                });
            }
        });
        CPPUNIT_ASSERT(loop.run_for(60s, [&] { return served == jobs; }));
        other.join();
        CPPUNIT_ASSERT(turns * 2 < jobs);
    }

    // A loop that goes on resting looks twice a millisecond; one that sleeps, when something comes.
    void sleeps_as_before_when_dense_work_has_ended() {
        ControlLoop loop;
        const auto work_until = std::chrono::steady_clock::now() + 50ms;
        std::move_only_function<void()> work = [&] {
            if (std::chrono::steady_clock::now() < work_until) post([&] { work(); });
        };
        work();
        CPPUNIT_ASSERT(loop.run_for(60s, [&] { return std::chrono::steady_clock::now() >= work_until; }));
        int looks = 0;
        loop.run_for(400ms, [&] { return ++looks < 0; });
        CPPUNIT_ASSERT(looks < 200);
    }

    void survives_an_exception_of_a_posted_function() {
        ControlLoop loop;
        bool later = false;
        post([] { throw 1; });
        post([&] { later = true; });
        loop.run_until_idle();
        CPPUNIT_ASSERT(later);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ControlTest);
