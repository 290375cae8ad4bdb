// What comes to a media port and is no media, on its way to the control thread.
#include "modules/res_rtp/packet_inbox.hpp"

#include "core/runtime/control.hpp"

namespace jackfield::rtp {

PacketInbox::~PacketInbox() {
    for (Packet* packet = first_.load(std::memory_order_acquire); packet;) delete std::exchange(packet, packet->next);
}

void PacketInbox::put(unsigned component, const SocketAddress& from, std::span<const std::uint8_t> bytes, std::uint64_t now_ns) {
    constexpr std::uint64_t second = 1'000'000'000;
    if (now_ns / second != second_) {
        second_ = now_ns / second;
        in_second_ = 0;
    }
    if (bytes.empty() || bytes.size() > largest || ++in_second_ > most_per_second || waiting_.load(std::memory_order_relaxed) >= most_waiting) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    waiting_.fetch_add(1, std::memory_order_relaxed);
    auto* const packet = new Packet{component, from, {bytes.begin(), bytes.end()}, nullptr};
    Packet* before = first_.load(std::memory_order_relaxed);
    do packet->next = before;
    while (!first_.compare_exchange_weak(before, packet, std::memory_order_release, std::memory_order_relaxed));
    if (!before) post([self = shared_from_this()] { self->deliver(); });
}

void PacketInbox::deliver() {
    const RunningGate running(pass_.gate());
    Packet* newest = first_.exchange(nullptr, std::memory_order_acquire);
    Packet* oldest = nullptr;
    while (newest) {
        Packet* const packet = std::exchange(newest, newest->next);
        packet->next = std::exchange(oldest, packet);
    }
    while (oldest) {
        const std::unique_ptr<Packet> packet(std::exchange(oldest, oldest->next));
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        if (const Receiver receiver = receiver_) receiver(*packet);
    }
}

}  // namespace jackfield::rtp
