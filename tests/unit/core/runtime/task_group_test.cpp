#include <algorithm>

#include "core/base/clock.hpp"
#include "core/runtime/fiber.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

class TaskGroupTest : public LoopTest {
    CPPUNIT_TEST_SUITE(TaskGroupTest);
    CPPUNIT_TEST(joins_all_children);
    CPPUNIT_TEST(cancels_and_joins_when_it_leaves_scope);
    CPPUNIT_TEST(waits_for_a_shielded_child_although_the_parent_was_hung_up);
    CPPUNIT_TEST(refuses_a_child_after_the_cancel);
    CPPUNIT_TEST(counts_a_child_that_throws);
    CPPUNIT_TEST(ends_a_join_by_time);
    CPPUNIT_TEST(marks_fibers_that_wait_for_each_other);
    CPPUNIT_TEST_SUITE_END();

  public:
    void joins_all_children() {
        ManualClock clock;
        ControlLoop loop;
        int ended = 0;
        std::optional<int> at_join;
        start("parent", [&] {
            TaskGroup group("children");
            for (int i = 1; i <= 3; ++i)
                CPPUNIT_ASSERT(group.spawn("child", [&, i] {
                    CPPUNIT_ASSERT(sleep_for(std::chrono::milliseconds(i)));
                    ++ended;
                }));
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, group.running());
            CPPUNIT_ASSERT(group.join());
            at_join = ended;
        });
        loop.run_until_idle();
        for (int i = 0; i < 3; ++i) {
            CPPUNIT_ASSERT(!at_join);
            clock.advance(1ms);
            loop.run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(3, *at_join);
    }

    void cancels_and_joins_when_it_leaves_scope() {
        ControlLoop loop;
        int cancelled = 0;
        bool all_gone = false;
        start("parent", [&] {
            Latch never;
            {
                TaskGroup group("children");
                for (int i = 0; i < 5; ++i)
                    CPPUNIT_ASSERT(group.spawn("child", [&] {
                        if (never.wait().error().code == ErrorCode::cancelled) ++cancelled;
                    }));
                CPPUNIT_ASSERT(yield());
            }
            all_gone = cancelled == 5;  // and `never` is still there for them
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(all_gone);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    void waits_for_a_shielded_child_although_the_parent_was_hung_up() {
        ManualClock clock;
        ControlLoop loop;
        Interrupter channel;
        bool child_ended = false, in_order = false;
        std::optional<ErrorCode> join_error;
        start("parent", [&] {
            const InterruptScope scope(channel);
            {
                TaskGroup group("children");
                CPPUNIT_ASSERT(group.spawn("child", [&] {
                    const Shield shield;
                    CPPUNIT_ASSERT(sleep_for(10ms));
                    child_ended = true;
                }));
                join_error = group.join().error().code;
            }
            in_order = child_ended;
        });
        loop.run_until_idle();
        channel.interrupt(ErrorCode::hangup);
        loop.run_until_idle();
        CPPUNIT_ASSERT(join_error == ErrorCode::hangup);
        CPPUNIT_ASSERT(!in_order);
        clock.advance(10ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(in_order);
    }

    void refuses_a_child_after_the_cancel() {
        ControlLoop loop;
        TaskGroup group("children");
        group.cancel();
        CPPUNIT_ASSERT(group.spawn("late", [] {}).error().code == ErrorCode::cancelled);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, group.running());
    }

    void counts_a_child_that_throws() {
        ControlLoop loop;
        bool joined = false;
        start("parent", [&] {
            TaskGroup group("children");
            CPPUNIT_ASSERT(group.spawn("faulty", [] { throw 1; }));
            joined = group.join().has_value();
        });
        loop.run_until_idle();
        CPPUNIT_ASSERT(joined);
    }

    void ends_a_join_by_time() {
        ManualClock clock;
        ControlLoop loop;
        Latch go;
        std::optional<ErrorCode> ended;
        start("parent", [&] {
            TaskGroup group("children");
            CPPUNIT_ASSERT(group.spawn("child", [&] { static_cast<void>(go.wait()); }));
            ended = group.join(5ms).error().code;
        });
        loop.run_until_idle();
        clock.advance(5ms);
        loop.run_until_idle();
        CPPUNIT_ASSERT(ended == ErrorCode::timeout);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }

    static std::vector<std::string> circle_of(const std::string& name) {
        const auto fibers = list_fibers();
        const auto named = [&](const auto& matches) { return *std::ranges::find_if(fibers, matches); };
        std::vector<std::string> circle;
        for (const std::uint64_t id : named([&](const FiberSummary& fiber) { return fiber.name == name; }).circle)
            circle.push_back(named([&](const FiberSummary& fiber) { return fiber.id == id; }).name);
        return circle;
    }
    void marks_fibers_that_wait_for_each_other() {
        using Names = std::vector<std::string>;
        ManualClock clock;
        ControlLoop loop;
        Latch joined, never;
        start("parent", [&] {
            joined.set_by(fiber_id());
            TaskGroup group("children");
            CPPUNIT_ASSERT(group.spawn("waits for its parent", [&] { CPPUNIT_ASSERT(joined.wait()); }));
            CPPUNIT_ASSERT(group.spawn("waits for a while", [&] { CPPUNIT_ASSERT(!joined.wait(1h)); }));
            CPPUNIT_ASSERT(group.spawn("waits for either", [&] { CPPUNIT_ASSERT(select({&joined, &never})); }));
            CPPUNIT_ASSERT(group.spawn("sleeps", [&] { CPPUNIT_ASSERT(sleep_for(1h)); }));
            CPPUNIT_ASSERT(group.join());
        });
        start("outside", [&] { CPPUNIT_ASSERT(joined.wait()); });
        loop.run_until_idle();
        CPPUNIT_ASSERT(circle_of("parent") == (Names{"parent", "waits for its parent"}));
        CPPUNIT_ASSERT(circle_of("waits for its parent") == (Names{"waits for its parent", "parent"}));
        for (const char* name : {"waits for a while", "waits for either", "sleeps", "outside"})
            CPPUNIT_ASSERT_MESSAGE(name, circle_of(name).empty());
        clock.advance(2h);
        loop.run_until_idle();
        joined.set();
        loop.run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, fiber_count());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TaskGroupTest);
