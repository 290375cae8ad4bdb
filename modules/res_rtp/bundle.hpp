// Streams that share one transport (RFC 8843): how what comes to its port gets to the ports of the others.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/media/media_socket.hpp"
#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {

// From the port that has the sockets, the carrier's, to the port of one other stream, which may live on another thread.
class Crossing {
  public:
    using Receiver = MediaSocket::Receiver;
    static constexpr std::size_t largest = 1500;  // of a packet that goes from thread to thread; longer ones are lost

    // The other stream's thread. leave(): what did not get there is lost.
    void arrive(MediaThread& thread, Receiver& receiver);
    void leave();
    void drain();  // what came from another thread, to the receiver; to be called often

    // The carrier's thread, which is `here`. At once where both live on it, with the next drain() where not; without a receiver,
    // or with too much waiting for it, a packet is lost.
    void pass(const MediaThread* here, std::span<std::uint8_t> packet, const SocketAddress& from);
    bool has_source(std::uint32_t ssrc) const { return source_ == ssrc; }
    void set_source(std::uint32_t ssrc) { source_ = ssrc; }

  private:
    struct Ring {  // one writer, one reader
        struct Slot {
            std::size_t size = 0;
            SocketAddress from;
            std::array<std::uint8_t, largest> bytes;
        };
        std::array<Slot, 64> slots;
        std::atomic<std::uint32_t> written{0}, read{0};
    };
    std::atomic<MediaThread*> thread_{nullptr};
    Receiver* receiver_ = nullptr;  // for a reader on thread_
    std::unique_ptr<Ring> ring_;    // made by the carrier's thread when it needs one
    std::atomic<Ring*> ready_ring_{nullptr};
    std::optional<std::uint32_t> source_;  // of the packets that came last; the carrier's thread
};

// The streams of a bundle beside the carrier's own. Immutable but for the crossings' sources.
struct Routes {
    struct Route {
        std::string mid;
        std::uint8_t mid_extension = 0;
        std::vector<std::uint8_t> types;      // payload types that the far side may send
        std::shared_ptr<Crossing> crossing;
    };
    std::vector<Route> all;

    // RFC 9143 9.2: whose a packet is by its source, the MID that it bears, or a payload type that one alone has. Null: none's. The
    // carrier's thread.
    Crossing* find(std::span<const std::uint8_t> packet, const Header& header) const;
};

}  // namespace jackfield::rtp
