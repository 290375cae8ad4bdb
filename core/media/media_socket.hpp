// A UDP socket as a port on a media thread has it: what comes is handed over packet by packet, what goes is written in
// place. How packets are moved (a system call for each after epoll, or an io_uring in batches) is the thread's business.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/base/address.hpp"
#include "core/media/port.hpp"

namespace jackfield {

class MediaLoop;

// Which way packets of sockets go that are attached from now on; `automatic` is io_uring where the kernel has it. Any
// thread. io_uring that can't be had is epoll, with a warning when it was asked for.
enum class PacketTransport : std::uint8_t { epoll, io_uring, automatic };
void set_packet_transport(PacketTransport transport);
// What threads found out: "epoll", "io_uring", or why there is no io_uring. Control thread.
std::string packet_transport_in_use();

// Media thread, except construction. Does not own the descriptor.
class MediaSocket final : Pollable {
  public:
    class Receiver {
      public:
        // Both are valid until it returns; the bytes may be overwritten, as by a cipher.
        virtual void packet(std::span<std::uint8_t> bytes, const sockaddr* from) = 0;

      protected:
        ~Receiver() = default;
    };
    static constexpr std::size_t largest_packet = 4096 + 64 + 160;  // to be sent: a frame, headers, what encryption adds

    explicit MediaSocket(Receiver& receiver) : receiver_(receiver) {}
    MediaSocket(const MediaSocket&) = delete;
    MediaSocket& operator=(const MediaSocket&) = delete;

    // No packet is handed over any more when detach() has returned, and nothing in the kernel holds the socket; what came
    // before is handed over within.
    void attach(MediaThread& thread, int descriptor);
    void detach();
    // The same for packets that go by a socket which another one is attached to: nothing is handed over here.
    void attach_to_send(MediaThread& thread, int descriptor);

    // Room for one packet; send() sends the first `size` bytes of it, to `to` or where the socket is connected to. While
    // attached. Errors count as loss.
    std::uint8_t* outgoing();
    void send(std::size_t size, const SocketAddress* to);

  private:
    friend class MediaLoop;
    void readable() override;

    Receiver& receiver_;
    MediaLoop* loop_ = nullptr;
    int descriptor_ = -1;
    bool only_sends_ = false;
    std::uint64_t tag_ = 0;  // in the thread's ring; 0: by epoll
    std::uint8_t* outgoing_ = nullptr;
};

}  // namespace jackfield
