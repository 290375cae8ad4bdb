#include "core/runtime/wait.hpp"

#include <sys/wait.h>

#include <csignal>
#include <memory>

#include "core/base/clock.hpp"
#include "core/runtime/timer.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

class WaitTest : public LoopTest {
    CPPUNIT_TEST_SUITE(WaitTest);
    CPPUNIT_TEST(loses_no_event_that_came_in_one_batch);
    CPPUNIT_TEST(keeps_what_came_before_anybody_waited);
    CPPUNIT_TEST(prefers_the_first_of_the_ready_ones);
    CPPUNIT_TEST(ends_by_time_and_not_before);
    CPPUNIT_TEST(prefers_what_is_ready_to_a_timeout_at_once);
    CPPUNIT_TEST(unwinds_every_frame_on_interruption);
    CPPUNIT_TEST(fails_each_later_wait_until_the_reset);
    CPPUNIT_TEST(lets_interruption_win_over_a_ready_queue);
    CPPUNIT_TEST(keeps_the_first_reason_unless_it_is_hangup);
    CPPUNIT_TEST(shields_from_the_scopes_outside_only);
    CPPUNIT_TEST(passes_through_the_loop_when_a_wait_fails_at_once);
    CPPUNIT_TEST(kills_a_fiber_that_ignores_hangup);
    CPPUNIT_TEST(counts_failed_waits_also_between_shielded_ones);
    CPPUNIT_TEST(forgets_failed_waits_after_a_good_one);
    CPPUNIT_TEST(goes_on_with_the_rest_when_a_waitable_is_destroyed);
    CPPUNIT_TEST(lets_others_run_when_a_wait_is_always_ready);
    CPPUNIT_TEST(wakes_one_of_two_consumers_per_value);
    CPPUNIT_TEST(refuses_a_wait_where_nothing_may_wait);
    CPPUNIT_TEST(drains_a_closed_queue_first);
    CPPUNIT_TEST(waits_for_more_things_than_fit_the_stack_array);
    CPPUNIT_TEST_SUITE_END();

  public:
    // Rule 3: a 180 and a 200 that come in one batch are both seen.
    void loses_no_event_that_came_in_one_batch() {
        ControlLoop loop;
        Queue<int> answers;
        std::vector<int> seen;
        start("dial", [&] {
            while (seen.size() < 200) seen.push_back(*answers.pop());
        });
        loop.run_until_idle();
        for (int i = 0; i < 100; ++i) {
            CPPUNIT_ASSERT(answers.push(180));
            CPPUNIT_ASSERT(answers.push(200));
        }
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{200}, seen.size());
        for (std::size_t i = 0; i < 200; ++i) CPPUNIT_ASSERT_EQUAL(i % 2 == 0 ? 180 : 200, seen[i]);
    }

    void keeps_what_came_before_anybody_waited() {
        ControlLoop loop;
        Queue<char> digits;
        std::string got;
        CPPUNIT_ASSERT(digits.push('7'));
        start("reader", [&] { got = *digits.pop(); });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("7"), got);
    }

    void prefers_the_first_of_the_ready_ones() {
        ControlLoop loop;
        Queue<int> first, second;
        Latch third;
        std::vector<std::size_t> order;
        start("selector", [&] {
            for (int i = 0; i < 3; ++i) {
                order.push_back(*select({&first, &second, &third}));
                static_cast<void>(order.back() == 0 ? first.try_pop() : second.try_pop());
            }
        });
        loop.run_until_idle();
        third.set();
        CPPUNIT_ASSERT(second.push(1));
        CPPUNIT_ASSERT(first.push(1));
        loop.run_until_idle();
        CPPUNIT_ASSERT((order == std::vector<std::size_t>{0, 1, 2}));
    }

    void ends_by_time_and_not_before() {
        ManualClock clock;
        ControlLoop loop;
        Latch never;
        std::optional<ErrorCode> ended;
        start("waiter", [&] { ended = never.wait(20ms).error().code; });
        loop.run_until_idle();
        clock.advance(19ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(!ended);
        clock.advance(1ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(ended == ErrorCode::timeout);
    }

    void prefers_what_is_ready_to_a_timeout_at_once() {
        ControlLoop loop;
        Latch set, unset;
        set.set();
        bool got = false;
        std::optional<ErrorCode> failed;
        start("waiter", [&] {
            got = set.wait(0ms).has_value();
            failed = unset.wait(0ms).error().code;
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(got);
        CPPUNIT_ASSERT(failed == ErrorCode::timeout);
    }

    void unwinds_every_frame_on_interruption() {
        ControlLoop loop;
        struct Counter {
            int& count;
            ~Counter() { ++count; }
        };
        std::vector<std::unique_ptr<Interrupter>> channels;
        Latch never;
        int unwound = 0, hung_up = 0;
        for (int i = 0; i < 1000; ++i) {
            channels.push_back(std::make_unique<Interrupter>());
            start("call", [&, channel = channels.back().get()] {
                const InterruptScope scope(*channel);
                const auto application = [&]() -> Result<void> {
                    const Counter counter{unwound};
                    JF_TRY(never.wait());
                    return {};
                };
                const auto result = application();
                if (result.error().code == ErrorCode::hangup) ++hung_up;
            });
        }
        loop.run_until_idle();
        for (const auto& channel : channels) channel->interrupt(ErrorCode::hangup);
        CPPUNIT_ASSERT_EQUAL(0, unwound);  // woken fibers run later
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(1000, unwound);
        CPPUNIT_ASSERT_EQUAL(1000, hung_up);
    }

    void fails_each_later_wait_until_the_reset() {
        ControlLoop loop;
        Interrupter channel;
        int failed = 0;
        bool good = false;
        channel.interrupt(ErrorCode::redirected);
        start("call", [&] {
            const InterruptScope scope(channel);
            for (int i = 0; i < 3; ++i)
                if (sleep_for(0ms).error().code == ErrorCode::redirected) ++failed;
            channel.reset();
            good = yield().has_value();
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(3, failed);
        CPPUNIT_ASSERT(good);
    }

    void lets_interruption_win_over_a_ready_queue() {
        ControlLoop loop;
        Interrupter channel;
        Queue<int> queue;
        std::optional<ErrorCode> ended;
        start("call", [&] {
            const InterruptScope scope(channel);
            ended = queue.pop().error().code;
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(queue.push(1));
        channel.interrupt(ErrorCode::hangup);
        loop.run_until_idle();
        CPPUNIT_ASSERT(ended == ErrorCode::hangup);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, queue.size());
    }

    void keeps_the_first_reason_unless_it_is_hangup() {
        Interrupter channel;
        channel.interrupt(ErrorCode::redirected);
        channel.interrupt(ErrorCode::taken);
        CPPUNIT_ASSERT(channel.reason() == ErrorCode::redirected);
        channel.interrupt(ErrorCode::hangup);
        channel.interrupt(ErrorCode::redirected);
        CPPUNIT_ASSERT(channel.reason() == ErrorCode::hangup);
        channel.reset();
        CPPUNIT_ASSERT(!channel.ready());
    }

    void shields_from_the_scopes_outside_only() {
        ManualClock clock;
        ControlLoop loop;
        Interrupter channel, inner;
        channel.interrupt(ErrorCode::hangup);
        bool slept = false;
        std::optional<ErrorCode> inside, after;
        start("h", [&] {
            const InterruptScope scope(channel);
            {
                const Shield shield;
                slept = sleep_for(5ms).has_value();
                inner.interrupt(ErrorCode::cancelled);
                const InterruptScope inner_scope(inner);
                inside = yield().error().code;
            }
            after = yield().error().code;
        });
        loop.run_until_idle();
        clock.advance(5ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(slept);
        CPPUNIT_ASSERT(inside == ErrorCode::cancelled);
        CPPUNIT_ASSERT(after == ErrorCode::hangup);
    }

    // Rule 4: a module that retries a failed wait can't keep others from running.
    void passes_through_the_loop_when_a_wait_fails_at_once() {
        ControlLoop loop;
        Interrupter channel;
        channel.interrupt(ErrorCode::hangup);
        std::string order;
        start("deaf", [&] {
            const InterruptScope scope(channel);
            for (int i = 0; i < 3; ++i) {
                order += 'd';
                CPPUNIT_ASSERT(!sleep_for(1s));
            }
        });
        start("other", [&] {
            for (int i = 0; i < 3; ++i) {
                order += 'o';
                CPPUNIT_ASSERT(yield());
            }
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, order.size());
        for (std::size_t round = 0; round < 6; round += 2)  // both run once per round, in either order
            CPPUNIT_ASSERT_MESSAGE(order, order[round] != order[round + 1]);
    }

    void kills_a_fiber_that_ignores_hangup() {
        ControlLoop loop;
        Gate gate("app_deaf");
        Interrupter channel;
        Latch never;
        int waits = 0, unwound = 0;
        struct Counter {
            int& count;
            ~Counter() { ++count; }
        };
        CPPUNIT_ASSERT(spawn({.name = "deaf", .pass = gate.hold()}, [&] {
            const InterruptScope scope(channel);
            const Counter counter{unwound};
            for (;;) {
                ++waits;
                static_cast<void>(never.wait());
            }
        }));
        loop.run_until_idle();
        channel.interrupt(ErrorCode::hangup);
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(100, waits);
        CPPUNIT_ASSERT_EQUAL(1, unwound);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, gate.inside());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void counts_failed_waits_also_between_shielded_ones() {
        ControlLoop loop;
        Interrupter channel;
        channel.interrupt(ErrorCode::hangup);
        int waits = 0;
        start("deaf", [&] {
            const InterruptScope scope(channel);
            for (;;) {
                ++waits;
                static_cast<void>(yield());
                const Shield shield;
                CPPUNIT_ASSERT(yield());
            }
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(100, waits);
    }

    void forgets_failed_waits_after_a_good_one() {
        ControlLoop loop;
        Interrupter channel;
        int rounds = 0;
        start("redirected often", [&] {
            const InterruptScope scope(channel);
            for (; rounds < 300; ++rounds) {
                channel.interrupt(ErrorCode::redirected);
                CPPUNIT_ASSERT(!yield());
                channel.reset();
                CPPUNIT_ASSERT(yield());
            }
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(300, rounds);
    }

    void goes_on_with_the_rest_when_a_waitable_is_destroyed() {
        ControlLoop loop;
        auto gone = std::make_unique<Latch>();
        auto gone_too = std::make_unique<Latch>();
        Latch stays;
        std::optional<std::size_t> position;
        std::optional<ErrorCode> nothing_left;
        start("waiter", [&] { position = *select({gone.get(), &stays}); });
        start("lonely", [&] { nothing_left = select({gone_too.get()}).error().code; });
        loop.run_until_idle();
        gone.reset();
        gone_too.reset();
        loop.run_until_idle();
        CPPUNIT_ASSERT(!position);
        CPPUNIT_ASSERT(nothing_left == ErrorCode::closed);
        stays.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, *position);
    }

    void lets_others_run_when_a_wait_is_always_ready() {
        ControlLoop loop;
        Latch set;
        set.set();
        bool other = false;
        int rounds = 0;
        start("greedy", [&] {
            while (!other && rounds < 100'000) {
                CPPUNIT_ASSERT(set.wait());
                ++rounds;
            }
        });
        start("other", [&] { other = true; });
        loop.run_until_idle();
        CPPUNIT_ASSERT(other);
        CPPUNIT_ASSERT(rounds < 1000);
    }

    void wakes_one_of_two_consumers_per_value() {
        ControlLoop loop;
        Queue<int> queue;
        int got = 0;
        for (int i = 0; i < 2; ++i)
            start("consumer", [&] {
                while (queue.pop()) ++got;
            });
        loop.run_until_idle();
        for (int i = 0; i < 5; ++i) {
            CPPUNIT_ASSERT(queue.push(i));
            loop.run_until_idle();
            CPPUNIT_ASSERT_EQUAL(i + 1, got);
        }
        queue.close();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void refuses_a_wait_where_nothing_may_wait() {
        const auto wait_under_guard = [] {
            ControlLoop loop;
            std::optional<ErrorCode> refused;
            start("guarded", [&] {
                const NoWait guard;
                refused = yield().error().code;
            });
            loop.run_until_idle();
            return refused;
        };
#ifdef NDEBUG
        CPPUNIT_ASSERT(wait_under_guard() == ErrorCode::invalid);
        ControlLoop loop;
        CPPUNIT_ASSERT(sleep_for(1ms).error().code == ErrorCode::invalid);  // not on a fiber
#else
        if (is_child()) {
            static_cast<void>(wait_under_guard());
            return;
        }
        const auto run = run_as_child("refuses_a_wait_where_nothing_may_wait");
        CPPUNIT_ASSERT(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGABRT);
        CPPUNIT_ASSERT(run.output.find("under a NoWait guard") != std::string::npos);
#endif
    }

    void drains_a_closed_queue_first() {
        ControlLoop loop;
        Queue<int> queue(2);
        CPPUNIT_ASSERT(queue.push(1));
        CPPUNIT_ASSERT(queue.push(2));
        CPPUNIT_ASSERT(!queue.push(3));
        queue.close();
        CPPUNIT_ASSERT(!queue.push(4));
        int sum = 0;
        std::optional<ErrorCode> end;
        start("reader", [&] {
            for (;;) {
                auto value = queue.pop();
                if (!value) {
                    end = value.error().code;
                    return;
                }
                sum += *value;
            }
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(3, sum);
        CPPUNIT_ASSERT(end == ErrorCode::closed);
    }

    void waits_for_more_things_than_fit_the_stack_array() {
        ControlLoop loop;
        std::vector<std::unique_ptr<Latch>> legs;
        std::vector<Waitable*> list;
        for (int i = 0; i < 40; ++i) {
            legs.push_back(std::make_unique<Latch>());
            list.push_back(legs.back().get());
        }
        std::optional<std::size_t> position;
        start("dial all", [&] { position = *select(list); });
        loop.run_until_idle();
        legs[33]->set();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{33}, *position);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(WaitTest);
