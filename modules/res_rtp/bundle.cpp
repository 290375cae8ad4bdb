// Streams that share one transport (RFC 8843): how what comes to its port gets to the ports of the others.
#include "modules/res_rtp/bundle.hpp"

#include <algorithm>
#include <cstring>

#include "modules/res_rtp/header_extension.hpp"

namespace jackfield::rtp {

void Crossing::arrive(MediaThread& thread, Receiver& receiver) {
    receiver_ = &receiver;
    thread_.store(&thread, std::memory_order_release);
}

void Crossing::leave() {
    thread_.store(nullptr, std::memory_order_release);
    if (Ring* const ring = ready_ring_.load(std::memory_order_acquire))
        ring->read.store(ring->written.load(std::memory_order_acquire), std::memory_order_release);
}

void Crossing::drain() {
    Ring* const ring = ready_ring_.load(std::memory_order_acquire);
    if (!ring) return;
    const std::uint32_t end = ring->written.load(std::memory_order_acquire);
    for (std::uint32_t at = ring->read.load(std::memory_order_relaxed); at != end;) {
        Ring::Slot& slot = ring->slots[at % ring->slots.size()];
        receiver_->packet(std::span(slot.bytes).first(slot.size), slot.from.raw());
        ring->read.store(++at, std::memory_order_release);
    }
}

void Crossing::pass(const MediaThread* here, std::span<std::uint8_t> packet, const SocketAddress& from) {
    const MediaThread* const there = thread_.load(std::memory_order_acquire);
    if (!there) return;
    if (there == here) return receiver_->packet(packet, from.raw());
    if (packet.size() > largest) return;
    if (!ring_) {
        ring_ = std::make_unique<Ring>();
        ready_ring_.store(ring_.get(), std::memory_order_release);
    }
    const std::uint32_t at = ring_->written.load(std::memory_order_relaxed);
    if (at - ring_->read.load(std::memory_order_acquire) == ring_->slots.size()) return;
    Ring::Slot& slot = ring_->slots[at % ring_->slots.size()];
    slot.size = packet.size();
    slot.from = from;
    std::memcpy(slot.bytes.data(), packet.data(), packet.size());
    ring_->written.store(at + 1, std::memory_order_release);
}

Crossing* Routes::find(std::span<const std::uint8_t> packet, const Header& header) const {
    for (const Route& route : all)
        if (route.crossing->has_source(header.ssrc)) return route.crossing.get();
    const Route* found = nullptr;
    std::string_view mid;
    for (const Route& route : all) {
        mid = find_extension(packet, route.mid_extension);
        if (!mid.empty()) break;
    }
    if (!mid.empty()) {
        const auto named = std::ranges::find(all, mid, &Route::mid);
        if (named != all.end()) found = &*named;
    } else {
        for (const Route& route : all) {
            if (std::ranges::find(route.types, header.payload_type) == route.types.end()) continue;
            if (found) return nullptr;
            found = &route;
        }
    }
    if (!found) return nullptr;
    found->crossing->set_source(header.ssrc);
    return found->crossing.get();
}

}  // namespace jackfield::rtp
