// The control loop: its turns, its sleep, and what other threads hand to it.
#include "core/runtime/control.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/loop_private.hpp"
#include "core/runtime/overflow.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr auto rest = 500us;  // of a loop that has much to do, between two looks

std::atomic<ControlLoop*> the_loop{nullptr};
std::atomic<pthread_t> control_thread{};

// Nodes that other threads handed over, newest first. It exists for the life of the process, so that a thread that
// posts while the loop ends touches nothing that is gone.
struct Inbox {
    std::atomic<Posted*> newest{nullptr};
    std::atomic<bool> sleeping{false};  // the loop sleeps or is about to: whoever clears it wakes it
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    void wake() {
        if (sleeping.exchange(false)) write_event();
    }
    void write_event() const {
        constexpr std::uint64_t one = 1;
        if (write(event, &one, sizeof(one)) < 0) return;  // full: the loop wakes up as well
    }
    void read_event() const {
        std::uint64_t count = 0;
        if (read(event, &count, sizeof(count)) < 0) return;  // empty: somebody else's wake-up
    }
};
Inbox& inbox() {
    static Inbox instance;
    return instance;
}

// A function on its way to the control thread.
class PostedJob final : public Posted {
  public:
    explicit PostedJob(std::move_only_function<void()> job) : job_(std::move(job)), gate_(running_gate()) {}

  private:
    void posted() override {
        const std::unique_ptr<PostedJob> self(this);
        call_guarded("posted function", gate_, job_);
    }
    std::move_only_function<void()> job_;
    Gate* gate_;
};

RuntimeSettings with_environment(RuntimeSettings settings) {
    if (const char* seed = std::getenv("JACKFIELD_SHUFFLE"); seed && !settings.shuffle) {
        settings.shuffle = true;
        settings.shuffle_seed = parse_number<std::uint64_t>(seed).value_or(0);
    }
    if (settings.shuffle) {
        if (settings.shuffle_seed == 0)
            settings.shuffle_seed =
                static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
        log_notice("fibers run in random order: JACKFIELD_SHUFFLE={} repeats this run", settings.shuffle_seed);
    }
    return settings;
}

}  // namespace

bool on_control_thread() {
    return the_loop.load(std::memory_order_acquire) &&
           pthread_equal(control_thread.load(std::memory_order_relaxed), pthread_self());
}

void post(std::move_only_function<void()> job) { (new PostedJob(std::move(job)))->post(); }

void at_end_of_turn(std::move_only_function<void()> job) {
    if (ControlLoop* loop = ControlLoop::instance()) loop->internals().end_of_turn.push_back(std::move(job));
}

void Posted::post() {
    // The exchange orders what the caller wrote before against posted(), also when the node is queued already.
    if (queued_.exchange(true, std::memory_order_acq_rel)) return;
    Inbox& box = inbox();
    Posted* newest = box.newest.load(std::memory_order_relaxed);
    do {
        next_ = newest;
    } while (!box.newest.compare_exchange_weak(newest, this));
    box.wake();
}

ControlLoop::Private::Private(const RuntimeSettings& wanted)
    : settings(with_environment(wanted)),
      watchdog(settings),
      reactor(watchdog),
      wheel(Clock::now()),
      fibers(settings) {}

ControlLoop::Private::~Private() = default;

void ControlLoop::Private::serve_inbox() {
    Posted* node = inbox().newest.exchange(nullptr);
    Posted* oldest = nullptr;
    while (node) {
        Posted* older = std::exchange(node->next_, oldest);
        oldest = std::exchange(node, older);
    }
    while (oldest) {
        Posted* present = std::exchange(oldest, oldest->next_);
        present->queued_.exchange(false, std::memory_order_acq_rel);  // from here on it may be posted again
        present->posted();
    }
}

void ControlLoop::Private::turn() {
    watchdog.begin_turn();
    serve_inbox();
    wheel.advance(Clock::now());
    fibers.run_batch();
    ending.swap(end_of_turn);
    for (auto& job : ending) call_guarded("end of turn", nullptr, job);
    ending.clear();
    watchdog.end_turn();
}

bool ControlLoop::Private::busy() const {
    return fibers.runnable() || !end_of_turn.empty() || wheel.due() ||
           inbox().newest.load(std::memory_order_relaxed) != nullptr;
}

// When messages come densely, waking for each of them costs as much as serving it: the sleep, the wake, the system calls of
// one turn, and caches that others filled meanwhile. A loop that was at work for a third of the time or more therefore rests
// for a moment between two looks, so that one turn serves all that came, and nobody has to wake it. With less
// work, it wakes at once again.
bool ControlLoop::Private::dense() {
    constexpr auto window = 10ms;
    const auto now = std::chrono::steady_clock::now();
    if (const auto passed = now - window_begin_; passed >= window) {
        // Served in batches the same work takes less: where it began, it would end at once.
        dense_ = passed < 2 * window && watchdog.worked() - worked_before_ > passed / (dense_ ? 6 : 3);
        window_begin_ = now;
        worked_before_ = watchdog.worked();
    }
    return dense_;
}

void ControlLoop::Private::step(std::optional<std::chrono::nanoseconds> limit) {
    if (busy()) {
        reactor.poll();
    } else if (dense()) {
        if (!reactor.poll()) {
            watchdog.end_turn();  // the rest is no work: it would make the loop dense for ever
            std::this_thread::sleep_for(rest);
        }
    } else {
        Inbox& box = inbox();
        box.sleeping.store(true);
        if (box.newest.load() == nullptr && !stopping.load()) {
            if (const auto next = wheel.next()) {
                const auto until = std::max<std::chrono::nanoseconds>(*next - Clock::now(), 0ns);
                limit = limit ? std::min(*limit, until) : until;
            }
            reactor.wait(limit);
        }
        box.sleeping.store(false);
    }
    turn();
}

Lane& ControlLoop::Private::default_lane() {
    std::call_once(lane_made_, [this] { lane_ = std::make_unique<Lane>("default", settings.pool_threads); });
    return *lane_;
}

void ControlLoop::Private::end_background_work() {
    resolver.reset();
    tls_handshakes.reset();
    std::exchange(lingering, {}).clear();
    // Joins the threads; what they posted is served by the last turns, and may ask for the lane once more: for one that
    // takes nothing.
    std::call_once(lane_made_, [] {});
    lane_.reset();
    lane_ = std::make_unique<Lane>("default", 0, 0);
}

ControlLoop::ControlLoop(RuntimeSettings settings) {
    if (the_loop.load()) std::abort();  // a second loop in one process: a fault of the program itself
    control_thread.store(pthread_self());
    install_overflow_handler();
    private_ = std::make_unique<Private>(settings);
    the_loop.store(this, std::memory_order_release);
    private_->wake_up = std::make_unique<DescriptorWatch>(inbox().event, [] { inbox().read_event(); });
    private_->wake_up->want_read(true);
}

ControlLoop::~ControlLoop() {
    control_thread.store(pthread_self());
    run_until_idle();
    private_->end_background_work();
    private_->wake_up.reset();
    run_until_idle();
    the_loop.store(nullptr);
    private_.reset();
}

void ControlLoop::run() {
    control_thread.store(pthread_self());
    install_overflow_handler();
    private_->watchdog.start();
    while (!private_->stopping.load()) private_->step();
    private_->stopping.store(false);
}

void ControlLoop::run_until_idle() {
    bool handled = true;
    while (handled || private_->busy()) {
        handled = private_->reactor.poll();
        private_->turn();
    }
}

bool ControlLoop::run_for(std::chrono::milliseconds limit, const std::function<bool()>& until) {
    private_->watchdog.start();
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!until()) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= 0ns) return false;
        private_->step(left);
    }
    return true;
}

void ControlLoop::stop() {
    private_->stopping.store(true);
    inbox().write_event();
}

const RuntimeSettings& ControlLoop::settings() const { return private_->settings; }
ControlLoop* ControlLoop::instance() { return the_loop.load(std::memory_order_acquire); }

}  // namespace jackfield
