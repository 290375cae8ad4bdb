#include "core/media/media_thread.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "core/media/frame.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

struct ThreadJob final : MediaCommand {
    ThreadJob(std::function<void(MediaLoop&)> its_work, std::function<bool()> its_condition = {})
        : work(std::move(its_work)), condition(std::move(its_condition)) {}
    bool ready(const MediaLoop&) const override { return !condition || condition(); }
    void run(MediaLoop& loop) override { work(loop); }
    std::function<void(MediaLoop&)> work;
    std::function<bool()> condition;
};

// Counts up to a number that a test waits for.
class Count {
  public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++value_;
        changed_.notify_all();
    }
    bool reaches(int value) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return value_ >= value; });
    }
    int value() {
        const std::lock_guard lock(mutex_);
        return value_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int value_ = 0;
};

struct Ticker final : MediaThread::Ticked {
    std::function<void(std::uint64_t)> action;
    void tick(std::uint64_t now) override { action(now); }
};

struct ThreadReader final : Pollable {
    std::function<void()> action;
    void readable() override { action(); }
};

}  // namespace

class MediaThreadTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MediaThreadTest);
    CPPUNIT_TEST(runs_commands_in_order_and_gives_them_back);
    CPPUNIT_TEST(a_command_that_waits_holds_back_those_behind_it);
    CPPUNIT_TEST(ticks_do_not_drift);
    CPPUNIT_TEST(a_member_may_leave_and_others_come_during_a_tick);
    CPPUNIT_TEST(many_long_intervals_are_spread);
    CPPUNIT_TEST(a_removed_descriptor_is_not_read_in_the_same_turn);
    CPPUNIT_TEST(frame_buffers_go_back_to_the_thread_that_took_them);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override { control_ = std::make_unique<ControlLoop>(); }
    void tearDown() override { control_.reset(); }  // takes back what the threads returned

    static void order(MediaLoop& loop, std::function<void(MediaLoop&)> work, std::function<bool()> condition = {}) {
        loop.submit(std::make_unique<ThreadJob>(std::move(work), std::move(condition)));
    }

    void runs_commands_in_order_and_gives_them_back() {
        MediaLoop loop(0);
        loop.start();
        std::string seen;
        auto carried = std::make_shared<int>(1);
        for (char letter = 'a'; letter <= 'j'; ++letter) {
            order(loop, [&seen, letter, carried](MediaLoop&) { seen += letter; });
            if (letter % 3 == 0) loop.flush();
        }
        CPPUNIT_ASSERT_EQUAL(11l, carried.use_count());
        loop.stop();
        CPPUNIT_ASSERT_EQUAL(std::string("abcdefghij"), seen);
        CPPUNIT_ASSERT_EQUAL(11l, carried.use_count());  // destroyed on this thread, not on that one
    }
    void a_command_that_waits_holds_back_those_behind_it() {
        MediaLoop loop(0);
        loop.start();
        std::atomic<bool> open{false};
        Count before, after;
        order(loop, [&](MediaLoop&) { before.add(); });
        order(
            loop, [&](MediaLoop&) { after.add(); }, [&] { return open.load(); });
        order(loop, [&](MediaLoop&) { after.add(); });
        loop.flush();
        CPPUNIT_ASSERT(before.reaches(1));
        CPPUNIT_ASSERT_EQUAL(0, after.value());
        open = true;
        loop.wake();
        CPPUNIT_ASSERT(after.reaches(2));
    }
    void ticks_do_not_drift() {
        MediaLoop loop(0);
        loop.start();
        Count ticks;
        std::uint64_t last = 0;
        Ticker ticker;
        ticker.action = [&](std::uint64_t now) {
            last = now;
            ticks.add();
        };
        const auto begin = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
        order(loop, [&](MediaLoop& its) { its.add_ticked(ticker, 5ms); });
        loop.flush();
        CPPUNIT_ASSERT(ticks.reaches(101));
        order(loop, [&](MediaLoop& its) { its.remove_ticked(ticker); });
        loop.stop();
        // 100 intervals: a timer that is set anew each time would have lost up to a millisecond with each. A machine
        // that is held up skips ticks and takes longer, never shorter.
        const auto expected = static_cast<std::uint64_t>(ticks.value() - 1) * 5'000'000;
        CPPUNIT_ASSERT(last - begin + 10'000'000 > expected);
    }
    void a_member_may_leave_and_others_come_during_a_tick() {
        MediaLoop loop(0);
        loop.start();
        Count kept, joined;
        Ticker one, two, three;
        three.action = [&](std::uint64_t) { joined.add(); };
        two.action = [&](std::uint64_t) { kept.add(); };
        std::atomic<int> left{0};
        one.action = [&](std::uint64_t) {
            ++left;
            loop.remove_ticked(one);
            loop.add_ticked(three, 2ms);
        };
        order(loop, [&](MediaLoop& its) {
            its.add_ticked(one, 2ms);
            its.add_ticked(two, 2ms);
        });
        loop.flush();
        CPPUNIT_ASSERT(kept.reaches(5) && joined.reaches(5));
        CPPUNIT_ASSERT_EQUAL(1, left.load());
        order(loop, [&](MediaLoop& its) {
            its.remove_ticked(two);
            its.remove_ticked(three);
        });
        loop.stop();
    }
    void many_long_intervals_are_spread() {
        MediaLoop loop(0);
        loop.start();
        std::vector<Ticker> tickers(1000);
        std::uint64_t last = 0;
        int together = 0, most = 0;
        Count ticks;
        for (auto& ticker : tickers)
            ticker.action = [&](std::uint64_t now) {
                together = now == last ? together + 1 : 1;
                last = now;
                most = std::max(most, together);
                ticks.add();
            };
        order(loop, [&](MediaLoop& its) {
            for (auto& ticker : tickers) its.add_ticked(ticker, 500ms);
        });
        loop.flush();
        CPPUNIT_ASSERT(ticks.reaches(1000));
        order(loop, [&](MediaLoop& its) {
            for (auto& ticker : tickers) its.remove_ticked(ticker);
        });
        loop.stop();
        CPPUNIT_ASSERT(most < 500);
    }
    void a_removed_descriptor_is_not_read_in_the_same_turn() {
        MediaLoop loop(0);
        const int first = eventfd(1, EFD_NONBLOCK), second = eventfd(1, EFD_NONBLOCK);
        int reads = 0;
        ThreadReader one, two;
        Count read;
        // Whichever comes first takes both away.
        one.action = two.action = [&] {
            ++reads;
            loop.remove(first);
            loop.remove(second);
            read.add();
        };
        order(loop, [&](MediaLoop& its) { CPPUNIT_ASSERT(its.add(first, one) && its.add(second, two)); });
        loop.flush();
        loop.start();
        CPPUNIT_ASSERT(read.reaches(1));
        loop.stop();
        CPPUNIT_ASSERT_EQUAL(1, reads);
        close(first);
        close(second);
    }
    void frame_buffers_go_back_to_the_thread_that_took_them() {
        std::uint8_t* block = nullptr;
        FrameBuffer taken;
        block = taken.data();
        std::thread([other = std::move(taken)] {}).join();
        // The pool gives it out again, once it has used up what it had.
        std::vector<FrameBuffer> more;
        bool seen = false;
        for (int i = 0; i < 10'000 && !seen; ++i) seen = more.emplace_back().data() == block;
        CPPUNIT_ASSERT(seen);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4096}, more.back().bytes().size());
    }

  private:
    std::unique_ptr<ControlLoop> control_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(MediaThreadTest);
