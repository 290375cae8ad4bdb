// Outside programs: posix_spawn, a pidfd to await the end, and reaping of those that nobody awaits any more.
#include "core/runtime/process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot to say so itself
}

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/runtime/descriptor.hpp"
#include "core/runtime/loop_private.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 2s;  // between SIGTERM and SIGKILL

// What posix_spawn takes, built from the options and given back.
class SpawnPlan {
  public:
    SpawnPlan() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    Result<void> prepare(const ProcessOptions& options) {
        JF_TRY(prepare_descriptors(options.child_descriptors));
        if (!options.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions_, options.directory.c_str());
        // A group of its own, so that a shell's children end with it; and the signals as they are by default.
        // And no real-time priority, which -p gives to this process.
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETSCHEDULER);
        const sched_param normal{};
        posix_spawnattr_setschedpolicy(&attributes_, SCHED_OTHER);
        posix_spawnattr_setschedparam(&attributes_, &normal);
        posix_spawnattr_setpgroup(&attributes_, 0);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        for (const auto& argument : options.arguments) arguments_.push_back(const_cast<char*>(argument.c_str()));
        arguments_.push_back(nullptr);
        prepare_environment(options.environment);
        return {};
    }

    // The error number, 0 when it runs.
    int spawn(pid_t& pid) {
        return posix_spawnp(&pid, arguments_[0], &actions_, &attributes_, arguments_.data(), environment_.data());
    }

  private:
    // First copies above all targets, so that no dup2() in the child overwrites the source of a later one.
    Result<void> prepare_descriptors(const std::vector<int>& wanted) {
        const int count = std::max(static_cast<int>(wanted.size()), 3);
        for (int target = 0; target < count; ++target) {
            const int source = target < static_cast<int>(wanted.size()) ? wanted[static_cast<std::size_t>(target)] : -1;
            if (source < 0) {
                posix_spawn_file_actions_addopen(&actions_, target, "/dev/null", O_RDWR, 0);
                continue;
            }
            Descriptor copy(fcntl(source, F_DUPFD_CLOEXEC, count));
            if (!copy) return system_failure(fmt::format("descriptor {} for a program", source));
            posix_spawn_file_actions_adddup2(&actions_, copy.get(), target);
            copies_.push_back(std::move(copy));
        }
        posix_spawn_file_actions_addclosefrom_np(&actions_, count);
        return {};
    }

    void prepare_environment(const std::vector<std::string>& added) {
        const auto replaced = [&](std::string_view entry) {
            const auto name = entry.substr(0, entry.find('=') + 1);
            return std::any_of(added.begin(), added.end(), [&](const auto& text) { return text.starts_with(name); });
        };
        for (char** entry = environ; *entry; ++entry)
            if (!replaced(*entry)) environment_.push_back(*entry);
        for (const auto& entry : added) environment_.push_back(const_cast<char*>(entry.c_str()));
        environment_.push_back(nullptr);
    }

    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
    std::vector<Descriptor> copies_;
    std::vector<char*> arguments_, environment_;
};

// A running child; outlives its Process until it is reaped.
class Child : public std::enable_shared_from_this<Child> {
  public:
    Child(pid_t number, Descriptor handle)
        : pid(number), handle_(std::move(handle)), watch_(handle_.get(), [this] { reap(WNOHANG); }) {
        watch_.want_read(true);
    }
    // Only when the loop ends before the child does.
    ~Child() {
        if (exited.is_set()) return;
        if (!free_) signal(SIGKILL);
        reap(free_ ? WNOHANG : 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void signal(int number) const {
        if (exited.is_set()) return;
        if (kill(-pid, number) != 0) pidfd_send_signal(handle_.get(), number, nullptr, 0);
    }

    // Nobody waits for it any more: ends it, unless it was set free, and reaps it in the background.
    void end_in_background() {
        ControlLoop* loop = ControlLoop::instance();
        if (exited.is_set() || !loop) return;
        loop->internals().lingering.push_back(shared_from_this());
        if (free_) return;
        signal(SIGTERM);
        kill_timer_.start(kPatience);
    }

    void signal_alone(int number) const {
        if (!exited.is_set()) pidfd_send_signal(handle_.get(), number, nullptr, 0);
    }
    void set_free() { free_ = true; }

    const pid_t pid;
    Latch exited;
    int exit_code = 0;

  private:
    void reap(int flags) {
        siginfo_t status{};
        // Not by the pidfd: the reactor has made it non-blocking. The number is ours until this has reaped it.
        if (waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | flags) != 0) {
            if (errno == EINTR) return;
            exit_code = 255;  // somebody else reaped it; its code is lost
        } else if (status.si_pid == 0) {
            return;
        } else {
            exit_code = status.si_code == CLD_EXITED ? status.si_status : 128 + status.si_status;
        }
        watch_.want_read(false);
        kill_timer_.stop();
        exited.set();
        const auto self = weak_from_this().lock();  // none while it is being destroyed
        if (ControlLoop* loop = ControlLoop::instance(); loop && self) std::erase(loop->internals().lingering, self);
    }

    bool free_ = false;  // to go on without us
    Descriptor handle_;
    DescriptorWatch watch_;
    Timer kill_timer_{[this] { signal(SIGKILL); }};
};

}  // namespace

struct Process::Private {
    std::shared_ptr<Child> child;
};

Process::Process(std::unique_ptr<Private> made) : private_(std::move(made)) {}
Process::~Process() { private_->child->end_in_background(); }

Result<std::unique_ptr<Process>> Process::start(ProcessOptions options) {
    if (options.arguments.empty()) return fail(ErrorCode::invalid, "no program to start");
    SpawnPlan plan;
    JF_TRY(plan.prepare(options));
    pid_t pid = 0;
    if (const int error = plan.spawn(pid); error != 0) {
        if (error == ENOENT) return fail(ErrorCode::not_found, "there is no program {}", options.arguments[0]);
        return system_failure(options.arguments[0], error);
    }
    Descriptor handle(pidfd_open(pid, 0));
    if (!handle) {
        auto failure = system_failure("pidfd_open");
        kill(-pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        return failure;
    }
    auto made = std::make_unique<Private>();
    made->child = std::make_shared<Child>(pid, std::move(handle));
    return std::unique_ptr<Process>(new Process(std::move(made)));
}

pid_t Process::pid() const { return private_->child->pid; }
void Process::signal(int number) { private_->child->signal(number); }
void Process::signal_alone(int number) { private_->child->signal_alone(number); }
void Process::let_go() { private_->child->set_free(); }

Result<int> Process::wait(Timeout timeout) {
    const auto child = private_->child;
    JF_TRY(child->exited.wait(timeout));
    return child->exit_code;
}

namespace {

// Collects what comes through a pipe up to a limit, and reads on beyond it so that the writer is never stopped.
class Collector {
  public:
    Collector(Descriptor pipe, std::size_t limit)
        : limit_(limit), pipe_(std::move(pipe)), watch_(pipe_.get(), [this] { read_some(); }) {
        watch_.want_read(true);
    }
    bool read_some() {
        std::array<char, 4096> buffer;
        const ssize_t n = read(pipe_.get(), buffer.data(), buffer.size());
        if (n <= 0) {
            if (n == 0 || errno != EAGAIN) watch_.want_read(false);
            return false;
        }
        text.append(buffer.data(), std::min(static_cast<std::size_t>(n), limit_ - text.size()));
        return true;
    }
    std::string text;

  private:
    std::size_t limit_;
    Descriptor pipe_;
    DescriptorWatch watch_;
};

}  // namespace

Result<Process::Output> Process::run(ProcessOptions options, Timeout timeout, std::size_t limit) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("pipe");
    Descriptor reading(ends[0]), writing(ends[1]);
    fcntl(reading.get(), F_SETFL, O_NONBLOCK);
    auto& descriptors = options.child_descriptors;
    if (descriptors.size() < 3) descriptors.resize(3, -1);
    descriptors[1] = writing.get();
    if (descriptors[2] < 0) descriptors[2] = STDERR_FILENO;
    const auto process = JF_TRY(start(std::move(options)));
    writing.reset();
    Collector collector(std::move(reading), limit);
    const int code = JF_TRY(process->wait(timeout));
    // What is still in the pipe; not to its end, which a daemon that the program left behind may hold open.
    constexpr int kLargestPipe = 1024 * 1024 / 4096;
    for (int i = 0; i < kLargestPipe && collector.read_some(); ++i) {
    }
    return Output{.exit_code = code, .text = std::move(collector.text)};
}

Result<Process::Output> Process::run_shell(const std::string& command, Timeout timeout, std::size_t limit) {
    ProcessOptions options;
    options.arguments = {"/bin/sh", "-c", command};
    return run(std::move(options), timeout, limit);
}

}  // namespace jackfield
