// The event loop of the load generator: sockets, timers by absolute time, one thread.
#pragma once

#include <memory>
#include <queue>
#include <vector>

#include "tests/bench/load/udp.hpp"

namespace bench {

/// Timers can't be cancelled: what one does must look whether it is still wanted (they carry a number for that).
class Loop {
  public:
    using Run = std::function<void(std::uint64_t)>;

    Loop();
    ~Loop();
    Loop(const Loop&) = delete;

    /// `readable` is called when something waits; what it queues on the socket is sent at the end of the turn.
    void add(UdpSocket& socket, std::function<void()> readable);
    /// `readable` for any other descriptor.
    void add(int descriptor, std::function<void()> readable);
    /// Remembers a function that timers can name; it must outlive the loop's run.
    std::size_t timer_kind(Run run);
    void at(Time when, std::size_t kind, std::uint64_t number);

    void run();
    void stop() { stopped_ = true; }
    /// How late the latest of the timers ran: the generator's own weakness, not the server's.
    std::chrono::nanoseconds latest_timer() const { return latest_; }

  private:
    struct Source {
        std::function<void()> readable;
        UdpSocket* socket;
    };
    struct Entry {
        Time when;
        std::uint32_t kind;
        std::uint64_t number;
        bool operator>(const Entry& other) const { return when > other.when; }
    };

    void add_source(int descriptor, Source source);
    void wait();
    void run_timers();

    int poll_ = -1;
    bool stopped_ = false;
    std::vector<std::unique_ptr<Source>> sources_;
    std::vector<Run> kinds_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> timers_;
    std::chrono::nanoseconds latest_{};
};

}  // namespace bench
