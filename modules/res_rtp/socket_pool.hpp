// Pairs of bound UDP sockets for RTP and RTCP, made once and used again (RFC 3550 11: even port, and the next).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::rtp {

class SocketPool;

struct SocketPair {
    int rtp = -1, rtcp = -1;  // -1: none (close_rtcp)
    SocketAddress local;  // of RTP
    int dscp = 0;
    SocketPair* next = nullptr;  // while it is on its way back
};
// RTCP's socket goes, because it is multiplexed with RTP (RFC 5761), and comes again; false: its port can't be had. Any
// thread that has the pair.
void close_rtcp(SocketPair& pair);
bool open_rtcp(SocketPair& pair, bool checksums);

// A connected socket takes packets from everybody again.
void disconnect(int descriptor);

// Gives the pair, connected to nobody, back to its pool; on any thread. Without a pool: it is somebody else's.
struct ReturnPair {
    SocketPool* pool = nullptr;
    void operator()(SocketPair* pair) const;
};
using OwnedPair = std::unique_ptr<SocketPair, ReturnPair>;

// Control thread, except give_back(). Outlives the pairs.
class SocketPool {
  public:
    SocketPool();
    ~SocketPool();
    SocketPool(const SocketPool&) = delete;
    SocketPool& operator=(const SocketPool&) = delete;

    void set_range(std::uint16_t first, std::uint16_t last, bool checksums);
    // An even port of the range on `host` (its port does not count). Nothing that was sent to the pair before is left
    // in it. Errors: limit (range or descriptors used up), failed (the address is not ours).
    Result<OwnedPair> take(const SocketAddress& host, int dscp);
    void give_back(SocketPair* pair);  // any thread
    struct Usage {
        std::size_t in_use = 0, idle = 0;  // pairs
        std::size_t idle_descriptors = 0;
    };
    Usage usage();
    // Closes half of the pairs that nobody needed since the last call. Runs by itself every ten seconds: the peak of a
    // busy hour does not keep its descriptors and kernel memory for ever, and the next one finds most of them.
    void shrink();

  private:
    struct Host {
        std::deque<std::uint16_t> free_ports;  // in random order, taken from the end
        std::deque<SocketPair*> idle;          // the longest unused first
        std::size_t least_idle = 0;            // since shrink() looked last
    };
    void absorb();
    SocketPair* take_idle(Host& host);
    Host& host_for(const SocketAddress& host);
    void fill(Host& host) const;
    Result<SocketPair*> bind_new(Host& host, const SocketAddress& address);
    bool in_range(std::uint16_t port) const { return port >= first_ && port < last_; }
    void dispose(SocketPair* pair);

    std::uint16_t first_ = 10000, last_ = 20000;
    bool checksums_ = true;
    std::size_t in_use_ = 0;
    Timer shrink_timer_;
    std::unordered_map<SocketAddress, Host, SocketAddressHash> hosts_;
    std::atomic<SocketPair*> returned_{nullptr};
};

}  // namespace jackfield::rtp
