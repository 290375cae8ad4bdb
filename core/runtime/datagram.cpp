// UDP sockets: batches of 32 by recvmmsg, with the age of each packet and the address that it came to.
#include "core/runtime/datagram.hpp"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/descriptor.hpp"
#include "core/runtime/reactor.hpp"

namespace jackfield {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kLargestPacket = 65536;

// One for the control thread: a batch is handed on before the next is read. Only the touched part is resident.
struct Batch {
    std::vector<char> bytes = std::vector<char>(kBatch * kLargestPacket);
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> parts{};
    std::array<sockaddr_in6, kBatch> senders{};  // large enough for both families
    struct alignas(cmsghdr) Control {
        std::array<char, CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
    };
    std::array<Control, kBatch> controls{};
    std::array<ReceivedDatagram, kBatch> received{};

    void prepare() {
        for (std::size_t i = 0; i < kBatch; ++i) {
            parts[i] = {bytes.data() + i * kLargestPacket, kLargestPacket};
            headers[i] = {};
            headers[i].msg_hdr.msg_name = &senders[i];
            headers[i].msg_hdr.msg_namelen = sizeof(senders[i]);
            headers[i].msg_hdr.msg_iov = &parts[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_control = controls[i].bytes.data();
            headers[i].msg_hdr.msg_controllen = controls[i].bytes.size();
        }
    }
};

std::chrono::nanoseconds to_duration(const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

template <class T>
T payload(const cmsghdr* control) {
    T value;
    std::memcpy(&value, CMSG_DATA(control), sizeof(value));
    return value;
}

void read_control(msghdr& header, std::chrono::nanoseconds now, ReceivedDatagram& packet) {
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            // The wall clock may have been set back since.
            packet.age = std::max(now - to_duration(payload<timespec>(control)), std::chrono::nanoseconds(0));
        } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_addr = payload<in_pktinfo>(control).ipi_addr;
            packet.to = SocketAddress(reinterpret_cast<const sockaddr*>(&to)).with_port(packet.to.port());
        } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
            sockaddr_in6 to{};
            to.sin6_family = AF_INET6;
            to.sin6_addr = payload<in6_pktinfo>(control).ipi6_addr;
            packet.to = SocketAddress(reinterpret_cast<const sockaddr*>(&to)).with_port(packet.to.port());
        }
    }
}

// The function of the watch: it lives there, so that a receiver may destroy its Datagram.
struct Receive {
    int descriptor;
    SocketAddress local;
    Datagram::Receiver receiver;

    void operator()() {
        static Batch& batch = *new Batch;  // for the life of the process
        batch.prepare();
        const int count = recvmmsg(descriptor, batch.headers.data(), kBatch, MSG_DONTWAIT, nullptr);
        if (count <= 0) return;  // nothing there, or an error that belongs to an earlier send
        timespec time{};
        clock_gettime(CLOCK_REALTIME, &time);
        const auto now = to_duration(time);
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            auto& packet = batch.received[i];
            packet.bytes = {batch.bytes.data() + i * kLargestPacket, batch.headers[i].msg_len};
            packet.from = SocketAddress(reinterpret_cast<const sockaddr*>(&batch.senders[i]));
            packet.to = local;
            packet.age = std::chrono::nanoseconds(0);
            read_control(batch.headers[i].msg_hdr, now, packet);
        }
        receiver(std::span(batch.received.data(), static_cast<std::size_t>(count)));
    }
};

bool set_option(int descriptor, int level, int option, int value) {
    return setsockopt(descriptor, level, option, &value, sizeof(value)) == 0;
}

// Forcing passes net.core.rmem_max and wmem_max, when we may; else the kernel gives as much as they allow.
void set_buffer(int descriptor, int forced, int option, int size) {
    if (size > 0 && !set_option(descriptor, SOL_SOCKET, forced, size)) set_option(descriptor, SOL_SOCKET, option, size);
}

Result<void> prepare(int descriptor, const SocketAddress& address, const DatagramOptions& options) {
    set_buffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
    set_buffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer);
    const bool v6 = address.is_v6();
    if (!set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1)) return system_failure("SO_TIMESTAMPNS");
    if (address.is_any() &&
        !set_option(descriptor, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1))
        return system_failure("IP_PKTINFO");
    if (options.dscp < 0 || options.dscp > 63)
        return fail(ErrorCode::invalid, "a DSCP is 0 to 63 and not {}", options.dscp);
    if (options.dscp != 0 &&
        !set_option(descriptor, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, options.dscp << 2))
        log_warning("the traffic class of {} can't be set: {}", address.to_string(),
                    std::generic_category().message(errno));
    return {};
}

Result<Descriptor> open_socket(const SocketAddress& address, const DatagramOptions& options) {
    Descriptor descriptor(socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!descriptor) return system_failure("socket");
    if (address.is_v6()) set_option(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (options.reuse_port && !set_option(descriptor.get(), SOL_SOCKET, SO_REUSEPORT, 1))
        return system_failure("SO_REUSEPORT");
    if (::bind(descriptor.get(), address.raw(), address.raw_size()) != 0) {
        const int error = errno;
        if (error == EADDRINUSE)
            return fail(ErrorCode::busy, "UDP {} is in use by another program", address.to_string());
        return system_failure(fmt::format("UDP {} can't be bound", address.to_string()), error);
    }
    return descriptor;
}

}  // namespace

struct Datagram::Private {
    struct Packet {
        std::size_t size;
        SocketAddress to;
    };
    struct Packets {
        std::vector<Packet> packets;
        std::vector<char> bytes;  // of one after the other
    };
    void flush();
    // Sends what fits into one call; how many of the packets from `first` on are done with.
    std::size_t send_some(std::size_t first, const char* data);

    Descriptor descriptor;
    SocketAddress local;
    std::optional<DescriptorWatch> watch;
    Failed failed;
    Packets waiting, going;  // for the end of the turn; being sent, while `failed` may send more
};

std::size_t Datagram::Private::send_some(std::size_t first, const char* data) {
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> parts;
    const std::size_t count = std::min(kBatch, going.packets.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
        const Packet& packet = going.packets[first + i];
        parts[i] = {const_cast<char*>(data), packet.size};
        data += packet.size;
        headers[i].msg_hdr.msg_name = const_cast<sockaddr*>(packet.to.raw());
        headers[i].msg_hdr.msg_namelen = packet.to.raw_size();
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = sendmmsg(descriptor.get(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) return static_cast<std::size_t>(sent);
    // The error is the first packet's. An error that an earlier one brought back (ICMP) is told this way too.
    const int error = errno;
    if (error == EAGAIN || error == ENOBUFS) return count;
    const Packet& packet = going.packets[first];
    if (failed)
        failed({static_cast<const char*>(parts[0].iov_base), packet.size}, packet.to,
               system_failure(fmt::format("sending to {}", packet.to.to_string()), error).error());
    return 1;
}

void Datagram::Private::flush() {
    std::swap(waiting, going);
    const char* data = going.bytes.data();
    for (std::size_t first = 0; first < going.packets.size();)
        for (std::size_t done = send_some(first, data); done > 0; --done) data += going.packets[first++].size;
    going.packets.clear();
    going.bytes.clear();
}

Datagram::Datagram(std::shared_ptr<Private> made) : private_(std::move(made)) {}
Datagram::~Datagram() {
    private_->failed = nullptr;
    private_->flush();
}

Result<std::unique_ptr<Datagram>> Datagram::bind(const SocketAddress& address, Receiver receiver,
                                                 DatagramOptions options) {
    auto made = std::make_shared<Private>();
    if (options.adopt_descriptor >= 0)
        made->descriptor = Descriptor(options.adopt_descriptor);
    else
        made->descriptor = JF_TRY(open_socket(address, options));
    sockaddr_in6 name{};
    socklen_t size = sizeof(name);
    if (getsockname(made->descriptor.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
        return system_failure("getsockname");
    made->local = SocketAddress(reinterpret_cast<const sockaddr*>(&name));
    JF_TRY(prepare(made->descriptor.get(), made->local, options));
    made->watch.emplace(made->descriptor.get(), Receive{made->descriptor.get(), made->local, std::move(receiver)});
    made->watch->want_read(true);
    return std::unique_ptr<Datagram>(new Datagram(std::move(made)));
}

Result<void> Datagram::send(std::span<const char> bytes, const SocketAddress& to) {
    if (sendto(private_->descriptor.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.raw(),
               to.raw_size()) >= 0)
        return {};
    const int error = errno;
    if (error == EAGAIN || error == ENOBUFS) return fail(ErrorCode::busy, "the kernel's send buffer is full");
    return system_failure(fmt::format("sending to {}", to.to_string()), error);
}

void Datagram::send_later(std::span<const char> bytes, const SocketAddress& to) {
    Private::Packets& waiting = private_->waiting;
    if (waiting.packets.empty())
        at_end_of_turn([weak = std::weak_ptr(private_)] {
            if (const auto own = weak.lock()) own->flush();
        });
    waiting.packets.push_back({bytes.size(), to});
    waiting.bytes.insert(waiting.bytes.end(), bytes.begin(), bytes.end());
}

void Datagram::on_failed(Failed failed) { private_->failed = std::move(failed); }

const SocketAddress& Datagram::local() const { return private_->local; }
int Datagram::descriptor() const { return private_->descriptor.get(); }

}  // namespace jackfield
