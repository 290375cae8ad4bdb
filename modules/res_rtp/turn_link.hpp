// A TCP connection to a TURN server (RFC 8656 2.1), which looks to a media socket like a server of UDP beside it.
#pragma once

#include <functional>
#include <memory>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield::rtp {

// Control thread, packet by packet: for networks that let no UDP out, where a relay costs more than that anyway. What it can't
// pass on at once beyond 64 KiB is lost.
class TurnLink {
  public:
    // `media`: the socket that it serves, and the only one. `ready`: it is connected, or why it is not or not any more.
    static Result<std::unique_ptr<TurnLink>> open(const SocketAddress& server, const SocketAddress& media, Gate& gate,
                                                  std::function<void(const Result<void>&)> ready);
    ~TurnLink();  // closes; nothing waits
    const SocketAddress& local() const;  // where the media socket finds it

  private:
    struct Private;
    explicit TurnLink(std::shared_ptr<Private> made) : private_(std::move(made)) {}
    std::shared_ptr<Private> private_;
};

}  // namespace jackfield::rtp
