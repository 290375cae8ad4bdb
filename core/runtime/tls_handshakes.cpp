// TLS handshakes on I/O threads of their own.
#include "core/runtime/tls_handshakes.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "core/base/log.hpp"
#include "core/runtime/loop_private.hpp"

namespace jackfield {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;  // I/O threads keep real time; Clock is the control thread's

namespace {

constexpr unsigned kThreads = 2;
constexpr auto kLookAtDeadlines = 100ms;

}  // namespace

struct TlsHandshakes::Job final : Posted {
    void posted() override {
        const std::unique_ptr<Job> self(this);
        if (answer) {
            done(Secured{std::move(descriptor), std::move(session)});
        } else {
            done(std::unexpected(std::move(answer).error()));
        }
    }
    Descriptor descriptor;
    std::unique_ptr<TlsSession> session;
    std::shared_ptr<const TlsContext> context;
    std::string name;
    SteadyClock::time_point deadline;
    Done done;
    Result<void> answer;
    std::list<std::unique_ptr<Job>>::iterator place;
};

// One I/O thread: its jobs, oldest first, and the descriptors that they wait for.
class TlsHandshakes::Worker {
  public:
    Worker(unsigned number, std::size_t most) : most_(most) {
        watch(wake_up_.get(), EPOLLIN, nullptr);
        thread_ = std::thread([this] { work(); });
        pthread_setname_np(thread_.native_handle(), ("tls " + std::to_string(number)).c_str());
    }
    ~Worker() {
        ending_.store(true);
        wake();
        thread_.join();
    }

    bool submit(std::unique_ptr<Job>& job) {
        {
            const std::lock_guard lock(mutex_);
            if (arrived_.size() >= most_) return false;
            arrived_.push_back(std::move(job));
        }
        wake();
        return true;
    }

  private:
    void wake() const {
        constexpr std::uint64_t one = 1;
        if (::write(wake_up_.get(), &one, sizeof(one)) < 0) return;  // full: the thread wakes up as well
    }
    void watch(int descriptor, std::uint32_t events, Job* job, int operation = EPOLL_CTL_ADD) const {
        epoll_event event{.events = events, .data = {.ptr = job}};
        epoll_ctl(epoll_.get(), operation, descriptor, &event);
    }
    void work();
    void take_arrived();
    void go_on(Job& job, int operation);
    void finish(Job& job, Result<void> answer);
    void end_late();

    Descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
    Descriptor wake_up_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::size_t most_;
    std::list<std::unique_ptr<Job>> jobs_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Job>> arrived_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

void TlsHandshakes::Worker::work() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const sched_param normal{};  // -p gives real-time priority to control and media only
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &normal);
    setpriority(PRIO_PROCESS, 0, 5);  // Linux: this thread's. A storm of handshakes leaves the cores to calls
    auto next_look = SteadyClock::now() + kLookAtDeadlines;
    std::array<epoll_event, 64> events;
    while (!ending_.load()) {
        const int patience = jobs_.empty() ? -1 : static_cast<int>(kLookAtDeadlines / 1ms);
        const int count = epoll_wait(epoll_.get(), events.data(), events.size(), patience);
        bool woken = false;
        for (int i = 0; i < count && !ending_.load(); ++i) {
            auto* const job = static_cast<Job*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (job) go_on(*job, EPOLL_CTL_MOD);
            woken |= job == nullptr;
        }
        if (woken) take_arrived();  // now: what gives way to them has no event left in this batch
        if (SteadyClock::now() < next_look) continue;
        end_late();
        next_look = SteadyClock::now() + kLookAtDeadlines;
    }
}

void TlsHandshakes::Worker::take_arrived() {
    std::uint64_t count = 0;
    if (::read(wake_up_.get(), &count, sizeof(count)) < 0) return;
    std::vector<std::unique_ptr<Job>> arrived;
    {
        const std::lock_guard lock(mutex_);
        arrived.swap(arrived_);
    }
    for (auto& job : arrived) {
        if (jobs_.size() >= most_) finish(*jobs_.front(), fail(ErrorCode::limit, "too many TLS handshakes are under way"));
        jobs_.push_back(std::move(job));
        Job& added = *jobs_.back();
        added.place = std::prev(jobs_.end());
        added.session = std::make_unique<TlsSession>(std::move(added.context), added.descriptor.get(), added.name);
        go_on(added, EPOLL_CTL_ADD);
    }
}

void TlsHandshakes::Worker::go_on(Job& job, int operation) {
    switch (job.session->handshake()) {
        case TlsSession::Progress::done: return finish(job, {});
        case TlsSession::Progress::failed: return finish(job, fail(ErrorCode::failed, "TLS handshake: {}", job.session->error()));
        case TlsSession::Progress::wants_read: return watch(job.descriptor.get(), EPOLLIN | EPOLLRDHUP, &job, operation);
        case TlsSession::Progress::wants_write: return watch(job.descriptor.get(), EPOLLOUT, &job, operation);
    }
}

void TlsHandshakes::Worker::finish(Job& job, Result<void> answer) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, job.descriptor.get(), nullptr);
    Job* const finished = job.place->release();
    jobs_.erase(finished->place);
    finished->answer = std::move(answer);
    finished->post();
}

void TlsHandshakes::Worker::end_late() {
    const auto now = SteadyClock::now();
    for (auto at = jobs_.begin(); at != jobs_.end();) {
        Job& job = **at++;
        if (job.deadline <= now) finish(job, fail(ErrorCode::timeout, "the TLS handshake took too long"));
    }
}

TlsHandshakes::TlsHandshakes(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>(i, kMost / threads));
}
TlsHandshakes::~TlsHandshakes() = default;

TlsHandshakes& TlsHandshakes::of_the_loop() {
    std::shared_ptr<void>& made = ControlLoop::instance()->internals().tls_handshakes;
    if (!made) made = std::make_shared<TlsHandshakes>(kThreads);
    return *static_cast<TlsHandshakes*>(made.get());
}

void TlsHandshakes::start(Descriptor descriptor, std::shared_ptr<const TlsContext> context, const std::string& name,
                          std::chrono::nanoseconds timeout, Done done) {
    auto job = std::make_unique<Job>();
    job->descriptor = std::move(descriptor);
    job->context = std::move(context);
    job->name = name;
    job->deadline = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout);
    job->done = std::move(done);
    if (workers_[next_++ % workers_.size()]->submit(job)) return;
    job->answer = fail(ErrorCode::limit, "too many TLS handshakes are under way");
    job.release()->post();
}

}  // namespace jackfield
