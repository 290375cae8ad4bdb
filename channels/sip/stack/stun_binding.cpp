// STUN on the SIP port (RFC 5626 section 8, RFC 8489).
#include "channels/sip/stack/stun_binding.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace jackfield::sip {
namespace {

constexpr std::size_t header_size = 20, attribute_header = 4, cookie_at = 4, longest_success = 44;
constexpr std::array<char, 4> cookie{0x21, 0x12, static_cast<char>(0xa4), 0x42};
constexpr std::uint16_t binding_request = 0x0001, binding_success = 0x0101, binding_error = 0x0111;
constexpr std::uint16_t error_code = 0x0009, unknown_attributes = 0x000a, xor_mapped_address = 0x0020, first_optional = 0x8000;
// What belongs to credentials and ICE: known, and without meaning here.
constexpr std::array<std::uint16_t, 5> passed_over{0x0006, 0x0008, 0x0024, 0x0025, 0x001c};

std::uint16_t read_16(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 | static_cast<unsigned char>(bytes[at + 1]));
}

}  // namespace

bool is_stun(std::string_view datagram) {
    return datagram.size() >= header_size && static_cast<unsigned char>(datagram[0]) < 0x40 &&
           std::equal(cookie.begin(), cookie.end(), datagram.begin() + cookie_at);
}

StunAnswer answer_binding(std::string_view datagram, const SocketAddress& from) {
    StunAnswer answer;
    if (!is_stun(datagram) || read_16(datagram, 0) != binding_request || header_size + read_16(datagram, 2) != datagram.size()) return answer;
    std::array<std::uint16_t, StunAnswer::most_unknown> unknown{};
    std::size_t unknown_count = 0;
    for (std::size_t at = header_size; at < datagram.size();) {
        if (datagram.size() - at < attribute_header) return answer;
        const std::uint16_t name = read_16(datagram, at);
        const std::size_t size = (read_16(datagram, at + 2) + std::size_t{3}) & ~std::size_t{3};
        if (datagram.size() - at - attribute_header < size) return answer;
        const bool known = name >= first_optional || std::ranges::find(passed_over, name) != passed_over.end();
        if (!known && unknown_count < unknown.size()) unknown[unknown_count++] = name;
        at += attribute_header + size;
    }
    std::size_t at = header_size;
    const auto put = [&](std::size_t where, std::uint16_t value) {
        answer.bytes_[where] = static_cast<char>(value >> 8);
        answer.bytes_[where + 1] = static_cast<char>(value & 0xff);
    };
    std::ranges::copy(datagram.substr(0, header_size), answer.bytes_.begin());  // the cookie and the transaction
    if (unknown_count > 0) {
        put(0, binding_error);
        put(at, error_code);
        put(at + 2, 4);
        answer.bytes_[at + 6] = 4;
        answer.bytes_[at + 7] = 20;
        at += 8;
        // No longer than what was asked, or than a success, so that nothing is gained by asking in another's name.
        unknown_count = std::min(unknown_count, (std::max(datagram.size(), longest_success) - at - attribute_header) / 2);
        put(at, unknown_attributes);
        put(at + 2, static_cast<std::uint16_t>(unknown_count * 2));
        for (std::size_t i = 0; i < unknown_count; ++i) put(at + attribute_header + 2 * i, unknown[i]);
        at += attribute_header + ((unknown_count * 2 + 3) & ~std::size_t{3});
    } else {
        const bool v6 = from.is_v6();
        const std::size_t size = v6 ? 16 : 4;
        put(0, binding_success);
        put(at, xor_mapped_address);
        put(at + 2, static_cast<std::uint16_t>(4 + size));
        answer.bytes_[at + 5] = v6 ? 2 : 1;
        put(at + 6, static_cast<std::uint16_t>(from.port() ^ read_16(datagram, cookie_at)));
        const void* const host = v6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(from.raw())->sin6_addr)
                                    : static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(from.raw())->sin_addr);
        std::array<char, 16> plain{};
        std::memcpy(plain.data(), host, size);
        for (std::size_t i = 0; i < size; ++i) answer.bytes_[at + 8 + i] = static_cast<char>(plain[i] ^ datagram[cookie_at + i]);
        at += 8 + size;
    }
    put(2, static_cast<std::uint16_t>(at - header_size));
    answer.size_ = at;
    return answer;
}

}  // namespace jackfield::sip
