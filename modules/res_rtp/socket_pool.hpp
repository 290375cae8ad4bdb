// Pairs of bound UDP sockets for RTP and RTCP, made once and used again (RFC 3550 11: even port, and the next).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "core/base/address.hpp"
#include "core/base/result.hpp"

namespace jackfield::rtp {

class SocketPool;

struct SocketPair {
    int rtp = -1, rtcp = -1;
    SocketAddress local;  // of RTP
    int dscp = 0;
    SocketPair* next = nullptr;  // while it is on its way back
};
// Gives the pair back to its pool; on any thread.
struct ReturnPair {
    SocketPool* pool = nullptr;
    void operator()(SocketPair* pair) const;
};
using OwnedPair = std::unique_ptr<SocketPair, ReturnPair>;

// Control thread, except give_back(). Outlives the pairs.
class SocketPool {
  public:
    SocketPool() = default;
    ~SocketPool();
    SocketPool(const SocketPool&) = delete;
    SocketPool& operator=(const SocketPool&) = delete;

    void set_range(std::uint16_t first, std::uint16_t last, bool checksums);
    // An even port of the range on `host` (its port does not count). Nothing that was sent to the pair before is left
    // in it. Errors: limit (range or descriptors used up), failed (the address is not ours).
    Result<OwnedPair> take(const SocketAddress& host, int dscp);
    void give_back(SocketPair* pair);  // any thread
    std::size_t idle() const;          // for tests

  private:
    struct Host {
        std::deque<std::uint16_t> free_ports;  // in random order, taken from the end
        std::deque<SocketPair*> idle;          // the longest unused first
    };
    void absorb();
    Host& host_for(const SocketAddress& host);
    void fill(Host& host) const;
    Result<SocketPair*> bind_new(Host& host, const SocketAddress& address);
    bool in_range(std::uint16_t port) const { return port >= first_ && port < last_; }
    void dispose(SocketPair* pair);

    std::uint16_t first_ = 10000, last_ = 20000;
    bool checksums_ = true;
    std::unordered_map<SocketAddress, Host, SocketAddressHash> hosts_;
    std::atomic<SocketPair*> returned_{nullptr};
};

}  // namespace jackfield::rtp
