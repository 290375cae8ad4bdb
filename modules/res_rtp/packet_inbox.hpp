// What comes to a media port and is no media (STUN, DTLS), on its way to the control thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/address.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield::rtp {

// Bounded in number, in size and in packets per second: beyond, they are dropped as if lost on the way. Shared by the port,
// which puts packets in, and the control side, which may be gone.
class PacketInbox : public std::enable_shared_from_this<PacketInbox> {
  public:
    static constexpr std::size_t most_waiting = 64, largest = 1500;
    static constexpr unsigned most_per_second = 200;

    struct Packet {
        unsigned component;
        SocketAddress from;
        std::vector<std::uint8_t> bytes;
        Packet* next;
    };
    // `pass`: of the module whose code this is.
    explicit PacketInbox(Gate::Pass pass) : pass_(std::move(pass)) {}
    ~PacketInbox();

    // Media thread of the port. Allocates, but for rare packets only; never waits.
    void put(unsigned component, const SocketAddress& from, std::span<const std::uint8_t> bytes, std::uint64_t now_ns);
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

    // Control thread: who takes them; nothing: nobody any more.
    using Receiver = std::function<void(Packet&)>;
    void set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }

  private:
    void deliver();

    Gate::Pass pass_;
    std::atomic<Packet*> first_{nullptr};  // newest first
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::uint64_t second_ = 0;             // of the port's thread
    unsigned in_second_ = 0;
    Receiver receiver_;
};

}  // namespace jackfield::rtp
