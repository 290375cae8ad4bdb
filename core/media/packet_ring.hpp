// An io_uring for the packets of one media thread: receives stay armed and fill buffers that the ring was given before,
// sends are gathered and go to the kernel together with the next wait. Private to core/media; on its media thread, except
// where it says so. Raw system calls: what is used here is small, and the kernel's header is all that it takes.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/base/address.hpp"
#include "core/base/result.hpp"

namespace jackfield {

class PacketRing {
  public:
    static constexpr std::size_t largest_packet = 2000;  // received; longer ones are dropped, Ethernet has 1500

    // To be made by the thread that uses it. Errors: unsupported (kernel before 6.1, forbidden by sysctl or seccomp).
    static Result<std::unique_ptr<PacketRing>> make();
    virtual ~PacketRing() = default;  // any thread, when the one that used it has ended

    // `tag` names the request in what comes of it; 0 is nobody's.
    virtual void receive(int socket, std::uint64_t tag) = 0;          // until it is cancelled or fails
    virtual void watch(int descriptor, std::uint64_t tag) = 0;        // tells each time it becomes readable
    virtual void cancel(std::uint64_t tag) = 0;

    // Room for one packet of up to `size` bytes; it goes out with send() and is then the kernel's.
    virtual std::uint8_t* room(std::size_t size) = 0;
    // To `to`, or where the socket is connected to. Errors are losses, nobody is told. Copies the address.
    virtual void send(int socket, std::span<const std::uint8_t> bytes, const SocketAddress* to) = 0;

    // Submits what was gathered, then waits until so many completions are there or the time is over (0: does not wait).
    virtual void wait(unsigned at_least, std::chrono::nanoseconds time) = 0;

    struct Completion {
        std::uint64_t tag = 0;
        int error = 0;      // of errno; 0: fine
        bool last = false;  // the request has ended, nothing of it comes any more
        // Of a receive; valid until the completion is destroyed.
        std::span<std::uint8_t> packet;
        const sockaddr* from = nullptr;
    };
    // The oldest one; nothing when all were taken. Buffers of those taken before go back to the kernel.
    virtual std::optional<Completion> next() = 0;
    // The oldest one of that tag, ahead of others.
    virtual std::optional<Completion> next_of(std::uint64_t tag) = 0;
};

}  // namespace jackfield
