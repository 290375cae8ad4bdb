// The packets of one media thread through an io_uring: the sockets in it, and the turn of the loop that waits for it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "core/base/log.hpp"
#include "core/media/media_thread.hpp"

namespace jackfield {
namespace {

// The epoll descriptor, with all that is not a media socket, is one more that the ring watches.
constexpr std::uint64_t epoll_tag = 1;
constexpr std::uint32_t first_slot = 2;
constexpr unsigned most_failures = 64;
constexpr unsigned never_so_many = 4096;  // completions: a wait for them ends by its time

std::atomic<PacketTransport> wanted{PacketTransport::automatic};
std::atomic<unsigned> rings{0};

std::uint64_t tag_of(std::uint32_t slot, std::uint32_t generation) {
    return std::uint64_t{generation} << 32 | (slot + first_slot);
}

}  // namespace

void set_packet_transport(PacketTransport transport) { wanted.store(transport, std::memory_order_relaxed); }

std::string packet_transport_in_use() {
    const bool ring = wanted.load(std::memory_order_relaxed) != PacketTransport::epoll && rings.load(std::memory_order_relaxed);
    return ring ? "io_uring" : "epoll";
}

// --- sockets --------------------------------------------------------------------------------------------------------

void MediaSocket::attach(MediaThread& thread, int descriptor) {
    loop_ = static_cast<MediaLoop*>(&thread);  // there are no others
    descriptor_ = descriptor;
    only_sends_ = false;
    tag_ = loop_->add_to_ring(*this, descriptor);
    if (!tag_) loop_->add(descriptor, *this);
}

void MediaSocket::attach_to_send(MediaThread& thread, int descriptor) {
    loop_ = static_cast<MediaLoop*>(&thread);
    descriptor_ = descriptor;
    only_sends_ = true;
}

void MediaSocket::detach() {
    if (!loop_) return;
    if (tag_)
        loop_->remove_from_ring(std::exchange(tag_, 0));
    else if (!only_sends_)
        loop_->remove(descriptor_);
    loop_ = nullptr;
}

void MediaSocket::readable() {
    const auto buffer = loop_->scratch();
    sockaddr_storage from;
    socklen_t from_size = sizeof(from);
    const ssize_t size = recvfrom(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from),
                                  &from_size);
    if (size > 0) [[likely]]
        receiver_.packet(buffer.first(static_cast<std::size_t>(size)), reinterpret_cast<const sockaddr*>(&from));
}

std::uint8_t* MediaSocket::outgoing() {
    outgoing_ = tag_ ? loop_->ring().room(largest_packet) : loop_->outgoing().data();
    return outgoing_;
}

void MediaSocket::send(std::size_t size, const SocketAddress* to) {
    if (tag_) return loop_->ring().send(descriptor_, {outgoing_, size}, to);
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (to)
        sendto(descriptor_, outgoing_, size, flags, to->raw(), to->raw_size());
    else
        ::send(descriptor_, outgoing_, size, flags);
}

// --- the loop -------------------------------------------------------------------------------------------------------

bool MediaLoop::has_ring() {
    const PacketTransport transport = wanted.load(std::memory_order_relaxed);
    if (transport == PacketTransport::epoll) return false;
    if (ring_ || ring_refused_) return ring_ != nullptr;
    auto made = PacketRing::make();
    if (!made) {
        ring_refused_ = true;
        if (transport == PacketTransport::io_uring)
            log_warning("media thread {}: no io_uring ({}); packets are moved by epoll", index_, made.error().text);
        else
            log_verbose(2, "media thread {}: no io_uring ({}); packets are moved by epoll", index_, made.error().text);
        return false;
    }
    ring_ = std::move(*made);
    ring_->watch(epoll_, epoll_tag);
    rings.fetch_add(1, std::memory_order_relaxed);
    return true;
}

std::uint64_t MediaLoop::add_to_ring(MediaSocket& socket, int descriptor) {
    if (!has_ring()) return 0;
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t place = free_slots_.back();
    free_slots_.pop_back();
    RingSlot& slot = slots_[place];
    slot.socket = &socket;
    slot.failures = 0;
    const std::uint64_t tag = tag_of(place, ++slot.generation);
    ring_->receive(descriptor, tag);
    return tag;
}

MediaLoop::RingSlot* MediaLoop::slot_of(std::uint64_t tag) {
    const std::size_t place = static_cast<std::uint32_t>(tag) - first_slot;
    if (place >= slots_.size()) return nullptr;
    RingSlot& slot = slots_[place];
    return slot.socket && slot.generation == tag >> 32 ? &slot : nullptr;
}

void MediaLoop::remove_from_ring(std::uint64_t tag) {
    RingSlot* const slot = slot_of(tag);
    if (!slot) return;
    // A socket with an armed receive keeps its port and takes the packets of whoever has it next: its end is awaited.
    ring_->cancel(tag);
    bool ended = false;
    for (unsigned attempt = 0; !ended && attempt < 1000; ++attempt) {
        ring_->wait(never_so_many, std::chrono::microseconds(attempt < 10 ? 0 : 1000));
        while (const auto completion = ring_->next_of(tag)) {
            if (completion->from) slot->socket->receiver_.packet(completion->packet, completion->from);
            ended = ended || completion->last;
        }
    }
    if (!ended) log_error("media thread {}: the kernel does not give a socket back", index_);
    free_slot(*slot);
}

void MediaLoop::free_slot(RingSlot& slot) {
    slot.socket = nullptr;
    free_slots_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
}

void MediaLoop::complete(const PacketRing::Completion& completion) {
    if (completion.tag == epoll_tag) {
        epoll_ready_ = true;
        if (completion.last) ring_->watch(epoll_, epoll_tag);
        return;
    }
    RingSlot* const slot = slot_of(completion.tag);
    if (!slot) return;
    MediaSocket& socket = *slot->socket;
    if (completion.from) [[likely]] {
        slot->failures = 0;
        socket.receiver_.packet(completion.packet, completion.from);
    }
    if (!completion.last) return;
    // All buffers were taken, or an ICMP message came: it goes on. Who gets nothing but errors is polled from now on.
    if (++slot->failures < most_failures) return ring_->receive(socket.descriptor_, completion.tag);
    free_slot(*slot);
    socket.tag_ = 0;
    add(socket.descriptor_, socket);
}

int MediaLoop::turn_of_ring(std::uint64_t timeout_ns) {
    const bool rests = resting_ && timeout_ns > 0 && !epoll_ready_;
    if (rests) timeout_ns = std::min(timeout_ns, rest_ns);
    if (epoll_ready_) timeout_ns = 0;
    constexpr std::uint64_t longest = 60'000'000'000;
    ring_->wait(rests ? never_so_many : 1, std::chrono::nanoseconds(std::min(timeout_ns, longest)));
    sleeping_.store(false, std::memory_order_relaxed);
    now_ = steady_ns();
    int count = 0;
    for (; const auto completion = ring_->next(); ++count) complete(*completion);
    if (!epoll_ready_) return count;
    const int polled = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
    epoll_ready_ = polled > 0;  // levels are told once only
    if (polled > 0) dispatch(polled);
    return count + std::max(polled, 0);
}

}  // namespace jackfield
