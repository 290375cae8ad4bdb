// The loop of one media thread.
#include "core/media/media_thread.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

namespace jackfield {
namespace {

MediaCommand* reversed(MediaCommand* list, MediaCommand* MediaCommand::*next) {
    MediaCommand* turned = nullptr;
    while (list) {
        MediaCommand* const following = list->*next;
        list->*next = turned;
        turned = list;
        list = following;
    }
    return turned;
}

}  // namespace

// Outlives the loop when it is still queued on the control thread.
struct MediaLoop::Returned final : Posted {
    std::atomic<MediaCommand*> list{nullptr};  // newest first
    std::atomic<bool> pending{false};
    bool orphan = false;  // control thread

    // Media thread: hands over commands linked oldest first.
    void give(MediaCommand* first) {
        while (first) {
            MediaCommand* const next = first->next_;
            first->next_ = list.load(std::memory_order_relaxed);
            while (!list.compare_exchange_weak(first->next_, first, std::memory_order_release,
                                               std::memory_order_relaxed)) {
            }
            first = next;
        }
        pending.store(true, std::memory_order_relaxed);
        post();
    }
    void finish_all() {
        MediaCommand* command = reversed(list.exchange(nullptr, std::memory_order_acquire), &MediaCommand::next_);
        while (command) {
            const std::unique_ptr<MediaCommand> done(command);
            command = command->next_;
            done->finished();
        }
    }
    void posted() override {
        pending.store(false, std::memory_order_relaxed);
        finish_all();
        if (orphan) delete this;
    }
};

std::uint64_t MediaLoop::steady_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

MediaLoop::MediaLoop(unsigned index) : index_(index), next_tick_(never), scratch_(64 * 1024), outgoing_(MediaSocket::largest_packet), returned_(new Returned) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    // Edge-triggered, so that the counter never has to be read.
    epoll_event event{EPOLLIN | EPOLLET, {.ptr = nullptr}};
    if (epoll_ < 0 || wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
        const int error = errno;
        delete returned_;
        throw std::system_error(error, std::system_category(), "a media thread gets no descriptors");
    }
    now_ = steady_ns();
}

MediaLoop::~MediaLoop() {
    stop();
    close(epoll_);
    close(wake_);
    returned_->finish_all();
    if (returned_->pending.load(std::memory_order_relaxed))
        returned_->orphan = true;
    else
        delete returned_;
}

void MediaLoop::submit(std::unique_ptr<MediaCommand> command) {
    MediaCommand* const added = command.release();
    added->next_ = gathered_;
    if (!gathered_) gathered_end_ = added;
    gathered_ = added;
}

void MediaLoop::flush() {
    if (!gathered_) return;
    gathered_end_->next_ = inbox_.load(std::memory_order_relaxed);
    while (!inbox_.compare_exchange_weak(gathered_end_->next_, gathered_, std::memory_order_seq_cst,
                                         std::memory_order_relaxed)) {
    }
    gathered_ = gathered_end_ = nullptr;
    if (sleeping_.exchange(false, std::memory_order_seq_cst)) eventfd_write(wake_, 1);
}

void MediaLoop::wake() {
    poked_.store(true, std::memory_order_seq_cst);
    if (sleeping_.exchange(false, std::memory_order_seq_cst)) eventfd_write(wake_, 1);
}

void MediaLoop::start() {
    thread_ = std::thread([this] { run(); });
    const std::string name = "media/" + std::to_string(index_);
    pthread_setname_np(thread_.native_handle(), name.c_str());
}

void MediaLoop::stop() {
    flush();
    stopping_.store(true, std::memory_order_seq_cst);
    wake();
    if (thread_.joinable()) thread_.join();
}

bool MediaLoop::add(int descriptor, Pollable& pollable) {
    epoll_event event{EPOLLIN, {.ptr = &pollable}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
    if (by_descriptor_.size() <= static_cast<std::size_t>(descriptor)) by_descriptor_.resize(descriptor + 64);
    by_descriptor_[descriptor] = &pollable;
    return true;
}

void MediaLoop::remove(int descriptor) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
    Pollable* const pollable = std::exchange(by_descriptor_.at(descriptor), nullptr);
    // Events that were fetched in this turn must not reach it any more. Another descriptor of the same object that is
    // dropped along with it is reported again in the next turn.
    for (int i = event_position_; i < event_count_; ++i)
        if (events_[i].data.ptr == pollable) events_[i].data.ptr = nullptr;
}

MediaLoop::TickGroup& MediaLoop::group_for(std::uint64_t interval) {
    constexpr std::size_t crowd = 64;  // so many may tick at once before the next phase is opened
    constexpr std::size_t phases = 16;
    TickGroup* emptiest = nullptr;
    std::size_t found = 0;
    for (const auto& group : groups_)
        if (group->interval == interval) {
            ++found;
            if (!emptiest || group->members.size() < emptiest->members.size()) emptiest = group.get();
        }
    if (!emptiest || (emptiest->members.size() >= crowd && found < phases)) {
        const std::uint64_t first = emptiest ? emptiest->next + interval * found / phases : now_ + interval;
        emptiest = groups_.emplace_back(std::make_unique<TickGroup>(TickGroup{interval, first, {}})).get();
    } else if (emptiest->members.empty()) {
        emptiest->next = now_ + interval;
    }
    next_tick_ = std::min(next_tick_, emptiest->next);
    return *emptiest;
}

void MediaLoop::add_ticked(Ticked& ticked, std::chrono::milliseconds interval) {
    remove_ticked(ticked);
    TickGroup& group = group_for(static_cast<std::uint64_t>(std::max<std::int64_t>(1, interval.count())) * 1'000'000);
    places_[&ticked] = {&group, group.members.size()};
    group.members.push_back(&ticked);
}

void MediaLoop::remove_ticked(Ticked& ticked) {
    const auto found = places_.find(&ticked);
    if (found == places_.end()) return;
    const auto [group, position] = found->second;
    places_.erase(found);
    if (group->ticking) {
        group->members[position] = nullptr;
        group->holes = true;
        return;
    }
    if (Ticked* const moved = group->members.back(); moved != &ticked) {
        group->members[position] = moved;
        places_[moved].position = position;
    }
    group->members.pop_back();
}

void MediaLoop::tick(TickGroup& group) {
    // A thread that was held up makes good for some ticks; after a long stop it starts anew.
    constexpr unsigned most = 5;
    group.ticking = true;
    for (unsigned done = 0; group.next <= now_; ++done) {
        if (done == most) {
            group.next = now_ + group.interval;
            break;
        }
        group.next += group.interval;
        const std::size_t count = group.members.size();  // who comes meanwhile waits for the next tick
        for (std::size_t i = 0; i < count; ++i)
            if (Ticked* const member = group.members[i]) member->tick(now_);
    }
    group.ticking = false;
    if (!group.holes) return;
    group.holes = false;
    std::erase(group.members, nullptr);
    for (std::size_t i = 0; i < group.members.size(); ++i) places_[group.members[i]].position = i;
}

void MediaLoop::take_commands() {
    poked_.store(false, std::memory_order_seq_cst);
    MediaCommand* taken = inbox_.exchange(nullptr, std::memory_order_acquire);
    if (!taken) return;
    MediaCommand* const newest = taken;
    *last_ = reversed(taken, &MediaCommand::next_);
    last_ = &newest->next_;
}

int MediaLoop::run_commands() {
    MediaCommand* const done = first_;
    MediaCommand** end = &first_;
    int count = 0;
    for (; *end && (*end)->ready(*this); ++count) {
        (*end)->run(*this);
        end = &(*end)->next_;
    }
    if (count == 0) return 0;
    first_ = std::exchange(*end, nullptr);
    if (!first_) last_ = &first_;
    returned_->give(done);
    return count;
}

int MediaLoop::turn_of_epoll(std::uint64_t timeout_ns) {
    const int timeout = timeout_ns == never ? -1 : static_cast<int>((timeout_ns + 999'999) / 1'000'000);
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout);
    sleeping_.store(false, std::memory_order_relaxed);
    now_ = steady_ns();
    if (count > 0) dispatch(count);
    return std::max(count, 0);
}

void MediaLoop::dispatch(int count) {
    event_count_ = count;
    for (event_position_ = 0; event_position_ < event_count_;) {
        void* const pollable = events_[event_position_++].data.ptr;
        if (pollable) static_cast<Pollable*>(pollable)->readable();
    }
    event_count_ = 0;
}

// When packets or commands come densely, waking for each of them costs more than serving it, and a command's wake is paid
// by the control thread. The thread then rests for up to a millisecond between two looks, so that one wake serves all that
// came meanwhile.
void MediaLoop::gather(int count) {
    constexpr std::uint64_t window = 20'000'000;
    constexpr int dense = 40;  // events in a window: two for each rest
    window_events_ += count;
    if (now_ - window_start_ >= window) {
        dense_ = window_events_ >= dense && now_ - window_start_ < 2 * window;
        window_start_ = now_;
        window_events_ = 0;
    }
    resting_ = dense_ && count > 0;
    if (!resting_ || ring_) return;  // the ring's own wait is the rest
    const std::uint64_t until = std::min(now_ + rest_ns, next_tick_);
    const timespec when{static_cast<time_t>(until / 1'000'000'000), static_cast<long>(until % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
    now_ = until;
}

std::uint64_t MediaLoop::timeout_ns() const {
    if (next_tick_ == never) return never;
    return next_tick_ <= now_ ? 0 : std::min<std::uint64_t>(next_tick_ - now_, 60'000'000'000);
}

void MediaLoop::tick_groups() {
    next_tick_ = never;
    for (std::size_t i = 0; i < groups_.size(); ++i) {  // by position: a tick may open a group
        TickGroup& group = *groups_[i];
        if (group.members.empty()) continue;
        if (group.next <= now_) tick(group);
        if (!group.members.empty()) next_tick_ = std::min(next_tick_, group.next);
    }
}

void MediaLoop::run() {
    for (;;) {
        take_commands();
        const int commands = run_commands();
        std::uint64_t timeout = timeout_ns();
        sleeping_.store(!resting_, std::memory_order_seq_cst);  // who rests looks by itself soon
        if (resting_ && !ring_) timeout = 0;                    // it has rested
        if (inbox_.load(std::memory_order_seq_cst) || poked_.load(std::memory_order_seq_cst)) {
            timeout = 0;
        } else if (stopping_.load(std::memory_order_seq_cst)) {
            if (!first_) break;
            timeout = 10'000'000;  // what the first command waits for comes from a thread that still runs
        }
        const int count = ring_ ? turn_of_ring(timeout) : turn_of_epoll(timeout);
        if (now_ >= next_tick_) tick_groups();
        gather(count + commands);
    }
}

}  // namespace jackfield
