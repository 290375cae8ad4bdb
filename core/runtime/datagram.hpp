// UDP sockets of the control thread (signalling; media has its own, core/media).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "core/base/address.hpp"
#include "core/base/result.hpp"

namespace jackfield {

struct DatagramOptions {
    int receive_buffer = 16 * 1024 * 1024;  // bytes asked of the kernel (SO_RCVBUFFORCE when allowed)
    int send_buffer = 16 * 1024 * 1024;
    int dscp = 0;                           // differentiated services code point, 0 to 63
    bool reuse_port = false;
    int adopt_descriptor = -1;              // take over this bound socket instead of making one
};

// One received packet. The bytes live until the callback returns.
struct ReceivedDatagram {
    std::span<const char> bytes;
    SocketAddress from;
    SocketAddress to;               // local address it came to; differs from the bound one on wildcard sockets
    std::chrono::nanoseconds age;   // time spent in the kernel's queue, for overload control
};

// Receives in batches on the control thread.
class Datagram {
  public:
    using Receiver = std::move_only_function<void(std::span<const ReceivedDatagram>)>;  // not on a fiber; may not wait
    static Result<std::unique_ptr<Datagram>> bind(const SocketAddress& address, Receiver receiver,
                                                  DatagramOptions options = {});
    ~Datagram();

    // Never waits. Errors: busy (the kernel's buffer is full), failed with the system's text.
    Result<void> send(std::span<const char> bytes, const SocketAddress& to);
    // Sends at the end of this turn of the loop, all packets of a turn by one system call and in their order. What can't be
    // sent is told to `failed`; while the kernel's buffer is full, packets are lost as they are on the way.
    void send_later(std::span<const char> bytes, const SocketAddress& to);
    using Failed = std::move_only_function<void(std::span<const char> bytes, const SocketAddress& to, const Error& error)>;
    void on_failed(Failed failed);
    const SocketAddress& local() const;
    int descriptor() const;

  private:
    struct Private;
    explicit Datagram(std::shared_ptr<Private> made);
    std::shared_ptr<Private> private_;
};

}  // namespace jackfield
