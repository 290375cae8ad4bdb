#include "core/runtime/offload.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "core/runtime/fiber.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

class OffloadTest : public LoopTest {
    CPPUNIT_TEST_SUITE(OffloadTest);
    CPPUNIT_TEST(returns_what_the_job_returned);
    CPPUNIT_TEST(passes_failures_and_exceptions_on);
    CPPUNIT_TEST(lets_the_loop_go_on_meanwhile);
    CPPUNIT_TEST(stays_until_the_job_has_ended_although_hung_up);
    CPPUNIT_TEST(leaves_a_detached_job_when_hung_up_and_holds_its_gate);
    CPPUNIT_TEST(refuses_when_the_queue_is_full);
    CPPUNIT_TEST(starves_only_the_users_of_a_hung_lane);
    CPPUNIT_TEST(runs_all_jobs_before_a_lane_ends);
    CPPUNIT_TEST(carries_call_and_gate_to_the_pool);
    CPPUNIT_TEST(takes_nothing_once_the_loop_ends);
    CPPUNIT_TEST(frees_in_the_pool_and_holds_the_gate_meanwhile);
    CPPUNIT_TEST_SUITE_END();

  public:
    // What a last job of the pool posts runs in the loop's last turns, when the pool is gone.
    void takes_nothing_once_the_loop_ends() {
        const auto kept = std::make_shared<int>(1);
        bool ran = false, taken = true;
        std::binary_semaphore go(0);
        std::jthread later;
        {
            ControlLoop loop;
            CPPUNIT_ASSERT(default_lane().submit([&] {
                go.acquire();
                post([&] {
                    ran = true;
                    taken = default_lane().submit([] {});
                    dispose(kept);
                });
            }));
            later = std::jthread([&] {
                std::this_thread::sleep_for(20ms);  // so that the loop is in its destructor; earlier only tests less
                go.release();
            });
        }
        CPPUNIT_ASSERT(ran);
        CPPUNIT_ASSERT(!taken);
        CPPUNIT_ASSERT_EQUAL(1L, kept.use_count());
    }

    void frees_in_the_pool_and_holds_the_gate_meanwhile() {
        ControlLoop loop;
        Gate gate("res_test");
        std::binary_semaphore go(0);
        std::atomic<std::uint64_t> inside{0};
        struct Slow {
            std::function<void()> at_end;
            ~Slow() { at_end(); }
        };
        {
            const RunningGate running(&gate);
            dispose(std::make_unique<Slow>([&] {
                go.acquire();
                inside = gate.inside();
            }));
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, gate.inside());
        go.release();
        // The pool tells nobody that it is done, so that the loop has to look.
        for (int turn = 0; turn < 4000 && gate.inside(); ++turn) loop.run_for(5ms, [] { return false; });
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, gate.inside());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, inside.load());
    }

    void returns_what_the_job_returned() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const auto here = std::this_thread::get_id();
            std::thread::id there;
            const Result<int> answer = offload([&] {
                there = std::this_thread::get_id();
                return 42;
            });
            CPPUNIT_ASSERT_EQUAL(42, answer.value());
            CPPUNIT_ASSERT(here != there);
            const Result<void> nothing = offload([] {});
            CPPUNIT_ASSERT(nothing);
            Lane lane("db");
            const Result<std::string> text = offload_detached(lane, [] { return std::string("row"); });
            CPPUNIT_ASSERT_EQUAL(std::string("row"), text.value());
        });
    }

    void passes_failures_and_exceptions_on() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const Result<int> failed = offload([]() -> Result<int> { return fail(ErrorCode::not_found, "no row"); });
            CPPUNIT_ASSERT(failed.error().code == ErrorCode::not_found);
            const Result<int> thrown = offload([]() -> int { throw std::runtime_error("disk full"); });
            CPPUNIT_ASSERT(thrown.error().code == ErrorCode::failed);
            CPPUNIT_ASSERT(thrown.error().text.find("disk full") != std::string::npos);
            const Result<int> detached =
                offload_detached(default_lane(), []() -> int { throw std::runtime_error("disk full"); });
            CPPUNIT_ASSERT(detached.error().text.find("disk full") != std::string::npos);
        });
    }

    void lets_the_loop_go_on_meanwhile() {
        ControlLoop loop;
        std::binary_semaphore go(0);
        bool waited = false, other_ran = false;
        start("blocked", [&] { waited = offload([&] { go.acquire(); }).has_value(); });
        start("other", [&] { other_ran = yield().has_value(); });
        loop.run_until_idle();
        CPPUNIT_ASSERT(other_ran);
        CPPUNIT_ASSERT(!waited);
        go.release();
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return waited; }));
    }

    // A [&] job writes into the frame of its fiber: the frame must be there until the job has ended.
    void stays_until_the_job_has_ended_although_hung_up() {
        ControlLoop loop;
        Interrupter channel;
        std::binary_semaphore go(0);
        std::optional<int> row;
        std::optional<ErrorCode> next;
        start("call", [&] {
            const InterruptScope scope(channel);
            int local = 0;
            CPPUNIT_ASSERT(offload([&] {
                go.acquire();
                local = 7;
            }));
            row = local;
            next = yield().error().code;
        });
        loop.run_until_idle();
        channel.interrupt(ErrorCode::hangup);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!row);
        go.release();
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return next.has_value(); }));
        CPPUNIT_ASSERT_EQUAL(7, *row);
        CPPUNIT_ASSERT(*next == ErrorCode::hangup);
    }

    void leaves_a_detached_job_when_hung_up_and_holds_its_gate() {
        ControlLoop loop;
        Lane lane("slow");
        Gate gate("func_odbc");
        Interrupter channel;
        auto go = std::make_shared<std::binary_semaphore>(0);
        std::optional<ErrorCode> ended;
        CPPUNIT_ASSERT(spawn({.name = "call", .pass = gate.hold()}, [&] {
            const InterruptScope scope(channel);
            ended = offload_detached(lane, [go] { go->acquire(); }).error().code;
        }));
        loop.run_until_idle();
        channel.interrupt(ErrorCode::hangup);
        loop.run_until_idle();
        CPPUNIT_ASSERT(ended == ErrorCode::hangup);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, gate.inside());
        go->release();
        // The pool tells nobody that it is done, so that the loop has to look.
        for (int turn = 0; turn < 4000 && gate.inside(); ++turn) loop.run_for(5ms, [] { return false; });
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, gate.inside());
    }

    void refuses_when_the_queue_is_full() {
        ControlLoop loop;
        std::binary_semaphore go(0), running(0);
        Lane lane("db", 1, 2);
        CPPUNIT_ASSERT(lane.submit([&] {
            running.release();
            go.acquire();
        }));
        running.acquire();
        CPPUNIT_ASSERT(lane.submit([] {}));
        CPPUNIT_ASSERT(lane.submit([] {}));
        CPPUNIT_ASSERT(!lane.submit([] {}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, lane.queued());
        std::optional<ErrorCode> attached, detached;
        start("call", [&] {
            attached = offload(lane, [] {}).error().code;
            detached = offload_detached(lane, [] {}).error().code;
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(attached == ErrorCode::limit);
        CPPUNIT_ASSERT(detached == ErrorCode::limit);
        go.release();
    }

    void starves_only_the_users_of_a_hung_lane() {
        ControlLoop loop;
        std::binary_semaphore go(0);
        Lane hung("hung"), good("good");
        CPPUNIT_ASSERT(hung.submit([&] { go.acquire(); }));
        bool waiting = true;
        start("unlucky", [&] {
            CPPUNIT_ASSERT(offload(hung, [] {}));
            waiting = false;
        });
        run_on_fiber(loop, [&] { CPPUNIT_ASSERT_EQUAL(1, offload(good, [] { return 1; }).value()); });
        CPPUNIT_ASSERT(waiting);
        go.release();
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return !waiting; }));
    }

    void runs_all_jobs_before_a_lane_ends() {
        std::atomic<int> ran{0};
        {
            Lane lane("short", 2);
            for (int i = 0; i < 100; ++i) CPPUNIT_ASSERT(lane.submit([&] { ++ran; }));
        }
        CPPUNIT_ASSERT_EQUAL(100, ran.load());
    }

    void carries_call_and_gate_to_the_pool() {
        ControlLoop loop;
        Gate gate("func_odbc");
        bool right = false, done = false;
        CPPUNIT_ASSERT(spawn({.name = "call", .call_id = CallId{9}, .pass = gate.hold()}, [&] {
            CPPUNIT_ASSERT(offload([&] { right = running_gate() == &gate && current_call_id() == CallId{9}; }));
            done = true;
        }));
        CPPUNIT_ASSERT(loop.run_for(20s, [&] { return done; }));
        CPPUNIT_ASSERT(right);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OffloadTest);
