// The watchdog: times the turns of the control thread and looks into one that lasts too long.
#include "core/runtime/watchdog.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/log.hpp"
#include "core/runtime/loop_private.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kKeptStalls = 16;

// What the signal handler finds on the stalled thread. One at a time: only the watchdog's thread asks.
struct Sample {
    std::array<void*, 48> frames;
    int count = 0;
    std::array<char, 96> fiber{}, module{};
    sem_t taken;
};
Sample sample;

int sample_signal() { return SIGRTMIN + 7; }

template <std::size_t N>
[[gnu::no_sanitize("thread")]] void copy(std::array<char, N>& into, std::string_view text) {
    const std::size_t length = std::min(text.size(), N - 1);
    for (std::size_t i = 0; i < length; ++i) into[i] = text[i];
    into[length] = '\0';
}

// On the control thread, at any instruction: no allocation, no lock. Not looked at by the thread sanitizer, for which each
// fiber is a thread, but not the handler that runs on one; sem_post() gives the sample to the watchdog.
[[gnu::no_sanitize("thread")]] void take_sample(int) {
    const int saved = errno;
    void* frames[std::tuple_size_v<decltype(sample.frames)>];
    sample.count = backtrace(frames, static_cast<int>(sample.frames.size()));
    for (int i = 0; i < sample.count; ++i) sample.frames[static_cast<unsigned>(i)] = frames[i];
    const Gate* gate = running_gate();
    copy(sample.module, gate ? std::string_view(gate->name()) : "core");
    const Fiber* fiber = fiber_scheduler ? fiber_scheduler->running() : nullptr;
    copy(sample.fiber, fiber ? std::string_view(fiber->name) : std::string_view{});
    sem_post(&sample.taken);
    errno = saved;
}

void install_handler() {
    static const bool installed = [] {
        sem_init(&sample.taken, 0, 0);
        void* warm_up[1];
        backtrace(warm_up, 1);  // loads libgcc now and not in the handler
        struct sigaction action {};
        action.sa_handler = take_sample;
        action.sa_flags = SA_RESTART | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        return sigaction(sample_signal(), &action, nullptr) == 0;
    }();
    static_cast<void>(installed);
}

// "function+0x1f (file+0x1234)": the offset in the file is what addr2line takes.
std::string describe(void* address) {
    Dl_info info{};
    if (!dladdr(address, &info) || !info.dli_fname) return fmt::format("{}", fmt::ptr(address));
    const auto offset = static_cast<char*>(address) - static_cast<char*>(info.dli_fbase);
    const char* file = std::strrchr(info.dli_fname, '/');
    file = file ? file + 1 : info.dli_fname;
    if (!info.dli_sname) return fmt::format("({}+{:#x})", file, offset);
    int status = 0;
    char* name = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
    auto text = fmt::format("{}+{:#x} ({}+{:#x})", name ? name : info.dli_sname,
                            static_cast<char*>(address) - static_cast<char*>(info.dli_saddr), file, offset);
    std::free(name);
    return text;
}

std::chrono::milliseconds in_milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

}  // namespace

Watchdog::Watchdog(const RuntimeSettings& settings)
    : warn_limit_(settings.warn_turn), report_limit_(settings.report_turn) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wanted_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Watchdog::start() {
    if (thread_.joinable()) return;
    install_handler();
    control_thread_ = pthread_self();
    thread_ = std::thread([this] { watch(); });
    pthread_setname_np(thread_.native_handle(), "watchdog");
}

void Watchdog::watch() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const auto pause = std::clamp<std::chrono::nanoseconds>(report_limit_ / 3, 1ms, 100ms);
    std::int64_t seen = 0;
    for (std::unique_lock lock(mutex_); !wanted_.wait_for(lock, pause, [this] { return ending_; });) {
        const std::int64_t started = started_.load(std::memory_order_relaxed);
        if (started == 0 || started == seen || nanoseconds_now() - started < report_limit_.count()) continue;
        seen = started;
        lock.unlock();
        report(started);
        lock.lock();
    }
}

void Watchdog::report(std::int64_t started) {
    while (sem_trywait(&sample.taken) == 0) {  // an answer that came too late last time
    }
    pthread_kill(control_thread_, sample_signal());
    bool taken = false;
    while (!taken && started_.load(std::memory_order_relaxed) == started) {
        timespec until{};
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 5'000'000;
        if (until.tv_nsec >= 1'000'000'000) {
            until.tv_nsec -= 1'000'000'000;
            ++until.tv_sec;
        }
        taken = sem_timedwait(&sample.taken, &until) == 0;
    }
    if (!taken) return;  // the turn has ended meanwhile; finish_long_turn() reports it without a trace
    Stall stall{.length = in_milliseconds(std::chrono::nanoseconds(nanoseconds_now() - started)),
                .module = sample.module.data(),
                .fiber = sample.fiber.data(),
                .back_trace = {}};
    for (int i = 0; i < sample.count; ++i)
        stall.back_trace.push_back(describe(sample.frames[static_cast<unsigned>(i)]));
    log_error("the control thread is held up for {} ms by module {}, fiber \"{}\"", stall.length.count(), stall.module,
              stall.fiber);
    for (const auto& frame : stall.back_trace) log_error("  {}", frame);
    const std::lock_guard lock(mutex_);
    keep(std::move(stall));
    reported_ = started;
}

void Watchdog::keep(Stall stall) {
    ++status_.reports;
    if (status_.latest.size() == kKeptStalls) status_.latest.erase(status_.latest.begin());
    status_.latest.push_back(std::move(stall));
}

void Watchdog::note_slow(std::string_view fiber, std::string_view module, std::chrono::nanoseconds) {
    slow_fiber_ = fiber;
    slow_module_ = module;
}

void Watchdog::finish_long_turn(std::int64_t started, std::chrono::nanoseconds length) {
    std::string fiber = std::exchange(slow_fiber_, {});
    std::string module = std::exchange(slow_module_, {});
    if (module.empty()) module = "core";
    bool log_it = true;
    {
        const std::lock_guard lock(mutex_);
        ++status_.warnings;
        if (reported_ == started && !status_.latest.empty()) {
            Stall& stall = status_.latest.back();
            stall.length = in_milliseconds(length);
            module = stall.module;
            fiber = stall.fiber;
        } else if (length >= report_limit_) {
            keep({.length = in_milliseconds(length), .module = module, .fiber = fiber, .back_trace = {}});
        } else if (started - last_warning_ < std::chrono::nanoseconds(1s).count()) {
            ++unlogged_warnings_;
            log_it = false;
        }
    }
    if (!log_it) return;
    last_warning_ = started;
    log_warning("one turn of the control thread took {} ms (module {}, fiber \"{}\"; {} more since the last warning)",
                in_milliseconds(length).count(), module, fiber, std::exchange(unlogged_warnings_, 0));
}

WatchdogStatus Watchdog::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

WatchdogStatus watchdog_status() {
    ControlLoop* loop = ControlLoop::instance();
    return loop ? loop->internals().watchdog.status() : WatchdogStatus{};
}

}  // namespace jackfield
