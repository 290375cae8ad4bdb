// The loop of one media thread: descriptors, ticks, and commands from the control thread. Private to core/media.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/media/media_socket.hpp"
#include "core/media/packet_ring.hpp"
#include "core/media/port.hpp"
#include "core/runtime/control.hpp"

namespace jackfield {

inline constexpr std::uint64_t ns_per_ms = 1'000'000;  // media threads count in nanoseconds

class MediaLoop;

// Something that control wants done on a media thread. Commands of one thread run in the order of submission. After it
// has run, a command goes back to the control thread, so that what it carries is made and destroyed there.
class MediaCommand {
  public:
    virtual ~MediaCommand() = default;
    // False: this command, and all after it, wait for something that is on its way from another media thread. Orders
    // never form a circle, because control submits them one after the other for all threads.
    virtual bool ready(const MediaLoop& loop) const { return (void)loop, true; }
    virtual void run(MediaLoop& loop) = 0;
    virtual void finished() {}  // control thread, just before it is destroyed

  private:
    friend class MediaLoop;
    MediaCommand* next_ = nullptr;
};

class MediaLoop final : public MediaThread {
  public:
    explicit MediaLoop(unsigned index);
    ~MediaLoop();  // stops; commands that have not run are run first
    MediaLoop(const MediaLoop&) = delete;
    MediaLoop& operator=(const MediaLoop&) = delete;

    // Control thread. Nothing reaches the thread before flush(), which the engine calls once per turn.
    void submit(std::unique_ptr<MediaCommand> command);
    void flush();
    void start();
    void stop();

    void wake();  // any thread: look at the commands again

    // Media thread.
    bool add(int descriptor, Pollable& pollable) override;
    void remove(int descriptor) override;
    std::uint64_t now_ns() const override { return now_; }
    std::span<std::uint8_t> scratch() override { return scratch_; }
    void add_ticked(Ticked& ticked, std::chrono::milliseconds interval) override;
    void remove_ticked(Ticked& ticked) override;
    unsigned index() const override { return index_; }

    // Packets of sockets through an io_uring (media_thread_ring.cpp). 0: there is none, the socket is to be polled.
    std::uint64_t add_to_ring(MediaSocket& socket, int descriptor);
    // Not from within a packet that came by the ring.
    void remove_from_ring(std::uint64_t tag);
    PacketRing& ring() { return *ring_; }
    std::span<std::uint8_t> outgoing() { return outgoing_; }  // of sockets that are polled

  private:
    // Members that tick together. Long intervals are spread over phases, so that not everybody works at once.
    struct TickGroup {
        std::uint64_t interval, next;
        std::vector<Ticked*> members;  // null: removed while the group was ticking
        bool ticking = false, holes = false;
    };
    struct TickPlace {
        TickGroup* group;
        std::size_t position;
    };
    struct Returned;  // commands on their way back
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
    static constexpr std::uint64_t rest_ns = 1'000'000;
    static std::uint64_t steady_ns();

    void run();
    void take_commands();
    int run_commands();  // how many
    int turn_of_epoll(std::uint64_t timeout_ns);  // waits, then serves what came; returns how much that was
    int turn_of_ring(std::uint64_t timeout_ns);
    bool has_ring();
    void complete(const PacketRing::Completion& completion);
    void dispatch(int count);
    void gather(int count);
    void tick(TickGroup& group);
    void tick_groups();
    TickGroup& group_for(std::uint64_t interval);
    std::uint64_t timeout_ns() const;

    const unsigned index_;
    int epoll_ = -1, wake_ = -1;
    std::uint64_t now_ = 0, next_tick_;
    std::uint64_t window_start_ = 0;  // of the count that tells whether packets come densely
    int window_events_ = 0;
    bool dense_ = false;
    std::array<epoll_event, 256> events_;
    int event_position_ = 0, event_count_ = 0;
    std::vector<Pollable*> by_descriptor_;
    std::vector<std::unique_ptr<TickGroup>> groups_;
    std::unordered_map<Ticked*, TickPlace> places_;
    MediaCommand *first_ = nullptr, **last_ = &first_;  // taken from the inbox, oldest first
    std::vector<std::uint8_t> scratch_, outgoing_;

    struct RingSlot {
        MediaSocket* socket = nullptr;
        std::uint32_t generation = 0;  // what comes late of a removed socket is told from its successor's
        unsigned failures = 0;         // since the last packet
    };
    RingSlot* slot_of(std::uint64_t tag);
    void free_slot(RingSlot& slot);
    std::unique_ptr<PacketRing> ring_;
    bool ring_refused_ = false;
    bool epoll_ready_ = false;  // the ring told so
    bool resting_ = false;      // packets come densely: the next wait is for many
    std::vector<RingSlot> slots_;
    std::vector<std::uint32_t> free_slots_;

    MediaCommand *gathered_ = nullptr, *gathered_end_ = nullptr;  // control thread; newest first
    Returned* returned_;
    std::thread thread_;

    alignas(64) std::atomic<MediaCommand*> inbox_{nullptr};  // newest first
    std::atomic<bool> sleeping_{false}, poked_{false}, stopping_{false};
};

}  // namespace jackfield
