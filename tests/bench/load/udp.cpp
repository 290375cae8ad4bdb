// UDP sockets with batched reads and writes.
#include "tests/bench/load/udp.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/sock_diag.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t batch = 64, largest_datagram = 4096, batches_a_turn = 8;
constexpr int buffer_bytes = 16 << 20;

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "jackfield_load: {}\n", why);
    std::exit(2);
}

// One set of buffers for all sockets: the program has one thread.
struct Reception {
    std::array<std::array<char, largest_datagram>, batch> data;
    std::array<std::array<char, 64>, batch> control;
    std::array<sockaddr_in, batch> from;
    std::array<iovec, batch> pieces;
    std::array<mmsghdr, batch> messages;
};

WallTime stamp_of(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec stamp{};
        std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
        return std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
    }
    return {};
}

}  // namespace

sockaddr_in parse_address(std::string_view text, std::uint16_t port_if_none) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    const auto colon = text.find(':');
    const int port = colon == text.npos ? port_if_none : std::atoi(std::string(text.substr(colon + 1)).c_str());
    made.sin_port = htons(static_cast<std::uint16_t>(port));
    if (port < 1 || port > 65535 || inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &made.sin_addr) != 1)
        give_up(fmt::format("'{}' is no IPv4 address with a port; write it like 127.0.0.1:5060", text));
    return made;
}

std::string host_text(const sockaddr_in& address) {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    return text.data();
}

std::string address_text(const sockaddr_in& address) { return fmt::format("{}:{}", host_text(address), ntohs(address.sin_port)); }

std::uint64_t address_key(const sockaddr_in& address) {
    return (static_cast<std::uint64_t>(address.sin_addr.s_addr) << 16) | address.sin_port;
}

WallTime wall_time() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

UdpSocket::UdpSocket(const sockaddr_in& local, bool stamped) : local_(local) {
    descriptor_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0 || ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&local_), sizeof local_) != 0)
        give_up(fmt::format("can't bind {}: {}", address_text(local_), std::strerror(errno)));
    for (const auto& [forced, asked] : {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)})
        if (::setsockopt(descriptor_, SOL_SOCKET, forced, &buffer_bytes, sizeof buffer_bytes) != 0)
            ::setsockopt(descriptor_, SOL_SOCKET, asked, &buffer_bytes, sizeof buffer_bytes);
    const int on = stamped;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), local_(other.local_), text_(std::move(other.text_)),
      queued_(std::move(other.queued_)), send_errors_(other.send_errors_) {}

UdpSocket::~UdpSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void UdpSocket::receive(const std::function<void(const Datagram&)>& take) {
    static Reception in;
    for (std::size_t turn = 0; turn < batches_a_turn; ++turn) {
        for (std::size_t i = 0; i < batch; ++i) {
            in.pieces[i] = {in.data[i].data(), largest_datagram};
            in.messages[i].msg_hdr = {.msg_name = &in.from[i], .msg_namelen = sizeof in.from[i], .msg_iov = &in.pieces[i], .msg_iovlen = 1,
                                      .msg_control = in.control[i].data(), .msg_controllen = in.control[i].size()};
        }
        const int count = ::recvmmsg(descriptor_, in.messages.data(), batch, 0, nullptr);
        if (count <= 0) return;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
            take({std::span(in.data[i].data(), in.messages[i].msg_len), in.from[i], stamp_of(in.messages[i].msg_hdr)});
        if (static_cast<std::size_t>(count) < batch) return;
    }
}

void UdpSocket::queue(const sockaddr_in& to, std::string_view text) {
    queued_.push_back({to, text_.size(), text.size()});
    text_ += text;
}

void UdpSocket::flush() {
    std::array<mmsghdr, batch> messages;
    std::array<iovec, batch> pieces;
    for (std::size_t done = 0; done < queued_.size();) {
        std::size_t count = 0;
        for (; count < batch && done + count < queued_.size(); ++count) {
            Queued& one = queued_[done + count];
            pieces[count] = {text_.data() + one.begin, one.size};
            messages[count] = {};
            messages[count].msg_hdr = {.msg_name = &one.to, .msg_namelen = sizeof one.to, .msg_iov = &pieces[count], .msg_iovlen = 1};
        }
        send(std::span(messages.data(), count));
        done += count;
    }
    queued_.clear();
    text_.clear();
}

std::size_t UdpSocket::send(std::span<mmsghdr> messages) {
    std::size_t done = 0, taken = 0;
    while (done < messages.size()) {
        const int count = ::sendmmsg(descriptor_, messages.data() + done, static_cast<unsigned>(messages.size() - done), 0);
        if (count <= 0) {  // the first of the rest could not be sent; an ICMP error of an earlier one is told here too
            ++send_errors_;
            ++done;
            continue;
        }
        done += static_cast<std::size_t>(count);
        taken += static_cast<std::size_t>(count);
    }
    return taken;
}

std::uint64_t UdpSocket::dropped() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
    socklen_t size = sizeof numbers;
    if (::getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, numbers.data(), &size) != 0) return 0;
    return numbers[SK_MEMINFO_DROPS];
}

}  // namespace bench
