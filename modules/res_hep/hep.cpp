// Packets of the Homer Encapsulation Protocol, version 3 (HEP3/EEP).
#include "modules/res_hep/hep.hpp"

#include <netinet/in.h>

namespace jackfield::hep {
namespace {

// Chunk types of vendor 0.
enum class Chunk : std::uint16_t {
    family = 1,
    protocol = 2,
    source_v4 = 3,
    destination_v4 = 4,
    source_v6 = 5,
    destination_v6 = 6,
    source_port = 7,
    destination_port = 8,
    seconds = 9,
    microseconds = 10,
    kind = 11,
    agent = 12,
    password = 14,
    payload = 15,
    correlation = 17,
};

void put(std::string& packet, std::uint32_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) packet += static_cast<char>(value >> shift & 0xff);
}

void chunk(std::string& packet, Chunk type, std::string_view bytes) {
    put(packet, 0, 2);
    put(packet, static_cast<std::uint16_t>(type), 2);
    put(packet, static_cast<std::uint32_t>(bytes.size() + 6), 2);
    packet += bytes;
}

void chunk(std::string& packet, Chunk type, std::uint32_t value, int bytes) {
    std::string text;
    put(text, value, bytes);
    chunk(packet, type, text);
}

void address_chunk(std::string& packet, const SocketAddress& address, Chunk v4, Chunk v6) {
    if (address.is_v6()) {
        const auto* raw = reinterpret_cast<const sockaddr_in6*>(address.raw());
        chunk(packet, v6, {reinterpret_cast<const char*>(&raw->sin6_addr), 16});
    } else {
        const auto* raw = reinterpret_cast<const sockaddr_in*>(address.raw());
        chunk(packet, v4, {reinterpret_cast<const char*>(&raw->sin_addr), 4});
    }
}

}  // namespace

std::string encode(const Capture& capture) {
    std::string packet = "HEP3";
    put(packet, 0, 2);
    chunk(packet, Chunk::family, capture.source.is_v6() ? 10 : 2, 1);  // AF_INET6 and AF_INET as the protocol numbers them
    chunk(packet, Chunk::protocol, capture.stream ? IPPROTO_TCP : IPPROTO_UDP, 1);
    address_chunk(packet, capture.source, Chunk::source_v4, Chunk::source_v6);
    address_chunk(packet, capture.destination, Chunk::destination_v4, Chunk::destination_v6);
    chunk(packet, Chunk::source_port, capture.source.port(), 2);
    chunk(packet, Chunk::destination_port, capture.destination.port(), 2);
    const auto since = capture.time.time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    chunk(packet, Chunk::seconds, static_cast<std::uint32_t>(whole.count()), 4);
    chunk(packet, Chunk::microseconds, static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(since - whole).count()), 4);
    chunk(packet, Chunk::kind, static_cast<std::uint8_t>(capture.kind), 1);
    chunk(packet, Chunk::agent, capture.agent, 4);
    if (!capture.password.empty()) chunk(packet, Chunk::password, capture.password.substr(0, 256));
    if (!capture.correlation.empty()) chunk(packet, Chunk::correlation, capture.correlation.substr(0, 256));
    chunk(packet, Chunk::payload, capture.payload.substr(0, most_payload));
    std::string length;
    put(length, static_cast<std::uint32_t>(packet.size()), 2);
    return packet.replace(4, 2, length);
}

}  // namespace jackfield::hep
