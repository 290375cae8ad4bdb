// The event loop of the load generator.
#include "tests/bench/load/loop.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace bench {

Loop::Loop() : poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // the usual 50 us are as long as what is measured
}

Loop::~Loop() { ::close(poll_); }

void Loop::add(UdpSocket& socket, std::function<void()> readable) { add_source(socket.descriptor(), {std::move(readable), &socket}); }

void Loop::add(int descriptor, std::function<void()> readable) { add_source(descriptor, {std::move(readable), nullptr}); }

void Loop::add_source(int descriptor, Source source) {
    sources_.push_back(std::make_unique<Source>(std::move(source)));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = sources_.back().get()}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event);
}

std::size_t Loop::timer_kind(Run run) {
    kinds_.push_back(std::move(run));
    return kinds_.size() - 1;
}

void Loop::at(Time when, std::size_t kind, std::uint64_t number) { timers_.push({when, static_cast<std::uint32_t>(kind), number}); }

void Loop::run() {
    while (!stopped_) {
        wait();
        run_timers();
        for (const auto& source : sources_)
            if (source->socket) source->socket->flush();
    }
}

void Loop::wait() {
    std::array<epoll_event, 64> events;
    auto patience = std::chrono::nanoseconds(std::chrono::milliseconds(100));
    if (!timers_.empty())
        patience = std::clamp<std::chrono::nanoseconds>(timers_.top().when - std::chrono::steady_clock::now(), {}, patience);
    const timespec timeout{.tv_sec = 0, .tv_nsec = patience.count()};
    const int count = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) static_cast<Source*>(events[static_cast<std::size_t>(i)].data.ptr)->readable();
}

void Loop::run_timers() {
    const Time now = std::chrono::steady_clock::now();
    // Those set meanwhile for a moment before `now` run too, so a late schedule catches up.
    while (!timers_.empty() && timers_.top().when <= now && !stopped_) {
        const Entry entry = timers_.top();
        timers_.pop();
        latest_ = std::max(latest_, std::chrono::nanoseconds(now - entry.when));
        kinds_[entry.kind](entry.number);
    }
}

}  // namespace bench
