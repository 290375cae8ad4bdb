// UDP sockets with batched reads and writes (recvmmsg, sendmmsg), and IPv4 addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using Time = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::nanoseconds;  // since the epoch of the system clock, which stamps what arrives

/// "127.0.0.1:5060" or "127.0.0.1"; ends the program with a message when it is neither.
sockaddr_in parse_address(std::string_view text, std::uint16_t port_if_none);
/// The address without and with its port.
std::string host_text(const sockaddr_in& address);
std::string address_text(const sockaddr_in& address);
/// Address and port as one number, for look-ups.
std::uint64_t address_key(const sockaddr_in& address);
/// The system clock, as stamps in payloads and of the kernel have it.
WallTime wall_time();

struct Datagram {
    std::span<char> data;
    sockaddr_in from;
    WallTime arrived;  // by the kernel; 0 unless the socket was opened with stamps
};

/// A bound socket with buffers of 16 MiB (as far as the system lets us), non-blocking. Single-threaded like all here.
class UdpSocket {
  public:
    /// `stamped`: the kernel tells when each datagram arrived. Ends the program when the address can't be bound.
    explicit UdpSocket(const sockaddr_in& local, bool stamped = false);
    UdpSocket(UdpSocket&& other) noexcept;
    UdpSocket(const UdpSocket&) = delete;
    ~UdpSocket();

    int descriptor() const { return descriptor_; }
    const sockaddr_in& local() const { return local_; }

    /// Hands over what waits, at most some hundred datagrams; the rest is for the next turn.
    void receive(const std::function<void(const Datagram&)>& take);
    /// Copies the text; flush() sends it.
    void queue(const sockaddr_in& to, std::string_view text);
    void flush();
    /// Sends ready-made messages at once; returns how many the kernel took.
    std::size_t send(std::span<mmsghdr> messages);

    /// Datagrams that the kernel threw away because we did not read them in time.
    std::uint64_t dropped() const;
    std::uint64_t send_errors() const { return send_errors_; }

  private:
    struct Queued {
        sockaddr_in to;
        std::size_t begin, size;
    };
    int descriptor_ = -1;
    sockaddr_in local_{};
    std::string text_;
    std::vector<Queued> queued_;
    std::uint64_t send_errors_ = 0;
};

}  // namespace bench
