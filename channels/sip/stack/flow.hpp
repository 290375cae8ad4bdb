// Where SIP messages come from and go to, as a value; what carries them implements FlowSender. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/address.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

// A UDP socket and a remote address, or one connection. The number may belong to something that is gone.
struct Flow {
    std::uint32_t transport = 0;
    bool reliable = false;  // TCP, TLS, WebSocket: no retransmissions
    SocketAddress remote;

    bool operator==(const Flow&) const = default;
};

class FlowSender {
  public:
    // Sends one whole message, or queues it; never waits. Errors: closed (the connection is gone), failed, limit. What was
    // queued and could not be sent is told to TransactionLayer::unsent().
    virtual Result<void> send(const Flow& to, std::string_view message) = 0;

  protected:
    ~FlowSender() = default;
};

}  // namespace jackfield::sip
