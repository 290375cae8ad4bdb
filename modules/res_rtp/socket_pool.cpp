// Pairs of bound UDP sockets for RTP and RTCP.
#include "modules/res_rtp/socket_pool.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

namespace jackfield::rtp {
namespace {

constexpr std::size_t most_idle = 512;   // pairs kept bound per address
// Sockets are rather made anew until some are there to rest: what is still under way to an old call dies down.
constexpr std::size_t resting = 16;
constexpr std::chrono::seconds shrink_interval(10);
constexpr unsigned most_attempts = 200;  // ports tried that other programs hold
constexpr unsigned most_drained = 4096;  // packets; a flood does not hold up the control thread

void drain(int descriptor) {
    char byte;
    for (unsigned i = 0; i < most_drained && (recv(descriptor, &byte, 1, MSG_DONTWAIT) >= 0 || errno == ECONNREFUSED);
         ++i) {
    }
}

// Errors: the system's number.
std::expected<int, int> bound_socket(const SocketAddress& address, bool checksums) {
    const int made = socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) return std::unexpected(errno);
    const int yes = 1;
    if (!checksums && address.family() == AF_INET) setsockopt(made, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof(yes));
    if (bind(made, address.raw(), address.raw_size()) == 0) return made;
    const int error = errno;
    close(made);
    return std::unexpected(error);
}

// Beside the RTP port. Its reports are read when there is time for it, so the kernel notes when they came.
std::expected<int, int> bound_rtcp_socket(const SocketAddress& rtp, bool checksums) {
    const auto made = bound_socket(rtp.with_port(static_cast<std::uint16_t>(rtp.port() + 1)), checksums);
    const int yes = 1;
    if (made) setsockopt(*made, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
    return made;
}

void set_dscp(int descriptor, int family, int dscp) {
    const int field = dscp << 2;
    if (family == AF_INET6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, &field, sizeof(field));
    else
        setsockopt(descriptor, IPPROTO_IP, IP_TOS, &field, sizeof(field));
}

}  // namespace

void disconnect(int descriptor) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    connect(descriptor, &nobody, sizeof(nobody));
}

void close_rtcp(SocketPair& pair) {
    if (pair.rtcp >= 0) close(std::exchange(pair.rtcp, -1));
}

bool open_rtcp(SocketPair& pair, bool checksums) {
    const auto made = bound_rtcp_socket(pair.local, checksums);
    if (!made) return false;
    pair.rtcp = *made;
    set_dscp(pair.rtcp, pair.local.family(), pair.dscp);
    return true;
}

void ReturnPair::operator()(SocketPair* pair) const {
    if (pool) pool->give_back(pair);
}

SocketPool::SocketPool()
    : shrink_timer_([this] {
          shrink();
          if (usage().idle > 0) shrink_timer_.start(shrink_interval);
      }) {}

SocketPool::~SocketPool() {
    absorb();
    for (auto& [address, host] : hosts_)
        for (SocketPair* pair : host.idle) dispose(pair);
}

void SocketPool::dispose(SocketPair* pair) {
    close(pair->rtp);
    close_rtcp(*pair);
    delete pair;
}

void SocketPool::give_back(SocketPair* pair) {
    pair->next = returned_.load(std::memory_order_relaxed);
    while (!returned_.compare_exchange_weak(pair->next, pair, std::memory_order_release, std::memory_order_relaxed)) {
    }
}

void SocketPool::absorb() {
    SocketPair* pair = returned_.exchange(nullptr, std::memory_order_acquire);
    while (pair) {
        SocketPair* const next = pair->next;
        Host& host = host_for(pair->local);
        --in_use_;
        if (in_range(pair->local.port()) && host.idle.size() < most_idle) {
            host.idle.push_back(pair);
        } else {
            if (in_range(pair->local.port())) host.free_ports.push_front(pair->local.port());
            dispose(pair);
        }
        pair = next;
    }
}

SocketPool::Usage SocketPool::usage() {
    absorb();
    Usage usage{.in_use = in_use_};
    for (const auto& [address, host] : hosts_)
        for (const SocketPair* pair : host.idle) {
            ++usage.idle;
            usage.idle_descriptors += pair->rtcp < 0 ? 1 : 2;
        }
    return usage;
}

void SocketPool::shrink() {
    absorb();
    for (auto& [address, host] : hosts_) {
        const std::size_t unneeded = host.least_idle > resting ? host.least_idle - resting : 0;
        for (std::size_t closed = 0; closed < (unneeded + 1) / 2; ++closed) {
            SocketPair* const pair = host.idle.front();
            host.idle.pop_front();
            host.free_ports.push_front(pair->local.port());
            dispose(pair);
        }
        host.least_idle = host.idle.size();
    }
}

void SocketPool::set_range(std::uint16_t first, std::uint16_t last, bool checksums) {
    if (first == first_ && last == last_ && checksums == checksums_) return;
    absorb();
    first_ = static_cast<std::uint16_t>(first + (first & 1));
    last_ = std::max<std::uint16_t>(last, static_cast<std::uint16_t>(first_ + 1));
    checksums_ = checksums;
    for (auto& [address, host] : hosts_)
        for (SocketPair* pair : host.idle) dispose(pair);
    hosts_.clear();  // pairs in use come back to a list that they may not fit any more
}

SocketPool::Host& SocketPool::host_for(const SocketAddress& address) {
    const auto [found, fresh] = hosts_.try_emplace(address.with_port(0));
    if (fresh) fill(found->second);
    return found->second;
}

// Not inlined: the generator's 10 KiB would stand on the stack of every fiber that asks for sockets.
[[gnu::noinline]] void SocketPool::fill(Host& host) const {
    for (unsigned port = first_; port + 1 <= last_; port += 2) host.free_ports.push_back(static_cast<std::uint16_t>(port));
    // A caller can't guess the next one (RFC 6056 2).
    std::shuffle(host.free_ports.begin(), host.free_ports.end(), std::mt19937(std::random_device{}()));
}

Result<SocketPair*> SocketPool::bind_new(Host& host, const SocketAddress& address) {
    for (unsigned attempt = 0; attempt < most_attempts && !host.free_ports.empty(); ++attempt) {
        const std::uint16_t port = host.free_ports.back();
        host.free_ports.pop_back();
        const auto rtp = bound_socket(address.with_port(port), checksums_);
        const auto rtcp = rtp ? bound_rtcp_socket(address.with_port(port), checksums_) : rtp;
        if (rtp && rtcp) return new SocketPair{*rtp, *rtcp, address.with_port(port)};
        if (rtp) close(*rtp);
        const int error = rtcp.error();
        host.free_ports.push_front(port);
        if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)
            return fail(ErrorCode::limit, "no socket for media: {}; raise the limit of open files",
                        std::strerror(error));
        if (error != EADDRINUSE)
            return fail(ErrorCode::failed, "no socket for media on {}: {}", address.host(), std::strerror(error));
    }
    return fail(ErrorCode::limit, "no free media port between {} and {} on {}; raise rtpend in rtp.conf", first_, last_,
                address.host());
}

// Null when there is none.
SocketPair* SocketPool::take_idle(Host& host) {
    while (!host.idle.empty()) {
        SocketPair* const pair = host.idle.front();
        host.idle.pop_front();
        host.least_idle = std::min(host.least_idle, host.idle.size());
        if (pair->rtcp < 0 && !open_rtcp(*pair, checksums_)) {  // another program has taken the port
            host.free_ports.push_front(pair->local.port());
            dispose(pair);
            continue;
        }
        drain(pair->rtp);
        drain(pair->rtcp);
        return pair;
    }
    return nullptr;
}

Result<OwnedPair> SocketPool::take(const SocketAddress& address, int dscp) {
    if (!address.valid()) return fail(ErrorCode::invalid, "a media socket needs a local address");
    absorb();
    Host& host = host_for(address);
    SocketPair* pair = host.idle.size() > resting ? take_idle(host) : nullptr;
    if (!pair) {
        auto made = bind_new(host, address);
        if (made)
            pair = *made;
        else if (!(pair = take_idle(host)))
            return std::unexpected(std::move(made).error());
    }
    if (pair->dscp != dscp) {
        set_dscp(pair->rtp, address.family(), dscp);
        set_dscp(pair->rtcp, address.family(), dscp);
        pair->dscp = dscp;
    }
    ++in_use_;
    if (!shrink_timer_.running()) shrink_timer_.start(shrink_interval);
    return OwnedPair(pair, ReturnPair{this});
}

}  // namespace jackfield::rtp
