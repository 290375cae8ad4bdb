// Lanes: bounded queues with threads of their own, and the waits for their jobs.
#include "core/runtime/offload.hpp"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/log.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/loop_private.hpp"

namespace jackfield {

struct Lane::Private {
    std::string name;
    std::size_t limit;
    mutable std::mutex mutex;
    std::condition_variable wanted;
    std::deque<std::move_only_function<void()>> jobs;
    bool ending = false;
    std::vector<std::thread> threads;

    void work();
};

// Serves until the lane ends and its queue is empty: a fiber may wait for each job.
void Lane::Private::work() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const sched_param normal{};  // -p gives real-time priority to control and media, not to what may take its time
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &normal);
    for (;;) {
        std::move_only_function<void()> job;
        {
            std::unique_lock lock(mutex);
            wanted.wait(lock, [this] { return ending || !jobs.empty(); });
            if (jobs.empty()) return;
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        try {
            job();
        } catch (...) {
            log_stray_exception("job of lane", name, running_gate());
        }
    }
}

Lane::Lane(std::string name, unsigned threads, std::size_t queue_limit) : private_(std::make_unique<Private>()) {
    private_->name = std::move(name);
    private_->limit = queue_limit;
    const std::string thread_name = ("lane " + private_->name).substr(0, 15);
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        private_->threads.emplace_back([lane = private_.get()] { lane->work(); });
        pthread_setname_np(private_->threads.back().native_handle(), thread_name.c_str());
    }
}

Lane::~Lane() {
    {
        const std::lock_guard lock(private_->mutex);
        private_->ending = true;
    }
    private_->wanted.notify_all();
    for (auto& thread : private_->threads) thread.join();
}

const std::string& Lane::name() const { return private_->name; }

std::size_t Lane::queued() const {
    const std::lock_guard lock(private_->mutex);
    return private_->jobs.size();
}

bool Lane::submit(std::move_only_function<void()> job) {
    {
        const std::lock_guard lock(private_->mutex);
        if (private_->ending || private_->jobs.size() >= private_->limit) return false;
        private_->jobs.push_back(std::move(job));
    }
    private_->wanted.notify_one();
    return true;
}

Lane& default_lane() { return ControlLoop::instance()->internals().default_lane(); }

namespace detail {
namespace {

// Runs a job on a lane's thread as if it were where it was ordered; the text of an exception, if it threw.
std::optional<std::string> run_job(std::move_only_function<void()>& job, Gate* gate, CallId call) {
    const RunningGate running(gate);
    set_current_call_id(call);
    std::optional<std::string> thrown;
    try {
        job();
    } catch (const std::exception& error) {
        thrown = error.what();
    } catch (...) {
        thrown = "unknown";
    }
    set_current_call_id({});
    return thrown;
}

std::unexpected<Error> lane_full(const Lane& lane) {
    return fail(ErrorCode::limit, "the queue of lane {} is full", lane.name());
}

// A job whose fiber stays until it has run: lives on the fiber's stack.
struct AttachedJob final : Posted {
    void posted() override { done.set(); }
    Latch done;
    std::optional<std::string> thrown;
};

// A job that may outlive its fiber; the control thread gives it back.
struct DetachedJob final : Posted, std::enable_shared_from_this<DetachedJob> {
    void posted() override {
        done.set();
        const auto last = std::move(self);
    }
    std::move_only_function<void()> job;
    std::optional<std::string> thrown;
    Gate::Pass pass;
    Latch done;
    std::shared_ptr<DetachedJob> self;  // while the pool or the loop has it
};

}  // namespace

void dispose_in_pool(std::move_only_function<void()> owner) {
    if (!on_control_thread()) return;
    Gate* const gate = running_gate();
    (void)default_lane().submit([owner = std::move(owner), pass = gate ? gate->hold() : Gate::Pass()]() mutable {
        owner = nullptr;  // here, and so before the pass is given back
    });
}

Result<void> offload_job(Lane& lane, std::move_only_function<void()> job, std::source_location where) {
    JF_TRY(check_may_wait(where));
    AttachedJob state;
    const bool taken = lane.submit([&state, &job, gate = running_gate(), call = current_call_id()] {
        state.thrown = run_job(job, gate, call);
        state.post();
    });
    if (!taken) return lane_full(lane);
    const Shield shield;
    while (!state.done.is_set()) JF_TRY(state.done.wait({}, where));
    if (state.thrown) return fail(ErrorCode::failed, "the job ended by an exception: {}", *state.thrown);
    return {};
}

Result<void> offload_detached_job(Lane& lane, std::move_only_function<void()> job, std::source_location where) {
    JF_TRY(check_may_wait(where));
    auto state = std::make_shared<DetachedJob>();
    state->job = std::move(job);
    if (Gate* gate = running_gate()) state->pass = gate->hold();
    state->self = state;
    const bool taken = lane.submit([state = state.get(), call = current_call_id()] {
        state->thrown = run_job(state->job, state->pass.gate(), call);
        state->job = nullptr;  // the module's code ends here, before its pass goes
        state->post();
    });
    if (!taken) {
        state->self = nullptr;
        return lane_full(lane);
    }
    JF_TRY(state->done.wait({}, where));
    if (state->thrown) return fail(ErrorCode::failed, "the job ended by an exception: {}", *state->thrown);
    return {};
}

}  // namespace detail
}  // namespace jackfield
