// Network addresses, as values.
#include "core/base/address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// The bytes of an address without its port, in network order.
struct Bytes {
    std::array<std::uint8_t, 16> value{};
    unsigned size = 0;
};

Bytes bytes_of(const sockaddr* address) {
    Bytes bytes;
    if (address->sa_family == AF_INET) {
        bytes.size = 4;
        std::memcpy(bytes.value.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        bytes.size = 16;
        std::memcpy(bytes.value.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    }
    return bytes;
}

bool same_bits(const Bytes& a, const Bytes& b, unsigned bits) {
    const auto whole = bits / 8;
    if (!std::equal(a.value.begin(), a.value.begin() + whole, b.value.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((a.value[whole] ^ b.value[whole]) >> (8 - rest)) == 0;
}

// inet_pton wants a terminated string; nothing longer than this is an address.
std::optional<std::array<char, 64>> terminated(std::string_view text) {
    std::array<char, 64> buffer{};
    if (text.empty() || text.size() >= buffer.size() || text.find('\0') != text.npos) return {};
    std::ranges::copy(text, buffer.begin());
    return buffer;
}

std::optional<unsigned> mask_length(const Bytes& mask) {
    unsigned bits = 0;
    while (bits < mask.size * 8 && (mask.value[bits / 8] >> (7 - bits % 8) & 1)) ++bits;
    for (unsigned i = bits; i < mask.size * 8; ++i)
        if (mask.value[i / 8] >> (7 - i % 8) & 1) return {};
    return bits;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address) {
    if (!address) return;
    if (address->sa_family == AF_INET) {
        std::memcpy(&storage_.v4, address, sizeof(sockaddr_in));
    } else if (address->sa_family == AF_INET6) {
        std::memcpy(&storage_.v6, address, sizeof(sockaddr_in6));
        if (IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr)) {
            sockaddr_in plain{};
            plain.sin_family = AF_INET;
            plain.sin_port = storage_.v6.sin6_port;
            std::memcpy(&plain.sin_addr, storage_.v6.sin6_addr.s6_addr + 12, 4);
            storage_ = {};
            storage_.v4 = plain;
        }
    }
}

Result<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t default_port) {
    const auto bad = [&] {
        return fail(ErrorCode::invalid, "\"{}\" is no IP address: write 192.0.2.1, 192.0.2.1:5060, 2001:db8::1 or "
                    "[2001:db8::1]:5060", text.substr(0, 80));
    };
    std::string_view host = text, port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return bad();
        host = text.substr(1, end - 1);
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) return bad();
        if (!rest.empty()) port = rest.substr(1), has_port = true;
        if (host.find(':') == host.npos) return bad();
    } else if (const auto colon = text.find(':'); colon != text.npos && text.find(':', colon + 1) == text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
    }
    std::uint16_t number = default_port;
    if (has_port) {
        const auto parsed = parse_number<std::uint16_t>(port);
        if (!parsed) return bad();
        number = *parsed;
    }
    const auto name = terminated(host);
    if (!name) return bad();
    sockaddr_in v4{};
    if (inet_pton(AF_INET, name->data(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(number);
        return SocketAddress(reinterpret_cast<const sockaddr*>(&v4));
    }
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET6, name->data(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(number);
        return SocketAddress(reinterpret_cast<const sockaddr*>(&v6));
    }
    return bad();
}

bool SocketAddress::is_any() const {
    const auto bytes = bytes_of(raw());
    return bytes.size > 0 && std::ranges::all_of(bytes.value, [](std::uint8_t byte) { return byte == 0; });
}

bool SocketAddress::is_loopback() const {
    if (family() == AF_INET) return bytes_of(raw()).value[0] == 127;
    return is_v6() && IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr);
}

std::uint16_t SocketAddress::port() const {
    if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
    return is_v6() ? ntohs(storage_.v6.sin6_port) : 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
    SocketAddress other = *this;
    if (family() == AF_INET) other.storage_.v4.sin_port = htons(port);
    if (is_v6()) other.storage_.v6.sin6_port = htons(port);
    return other;
}

std::string SocketAddress::host() const {
    if (!valid()) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* const bytes = is_v6() ? static_cast<const void*>(&storage_.v6.sin6_addr) : &storage_.v4.sin_addr;
    return inet_ntop(family(), bytes, text.data(), text.size()) ? text.data() : "";
}

std::string SocketAddress::to_string() const {
    if (!valid()) return {};
    return is_v6() ? fmt::format("[{}]:{}", host(), port()) : fmt::format("{}:{}", host(), port());
}

socklen_t SocketAddress::raw_size() const {
    if (family() == AF_INET) return sizeof(sockaddr_in);
    return is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr);
}

bool SocketAddress::same_host(const SocketAddress& other) const {
    if (family() != other.family()) return false;
    // fe80::1 on two interfaces is two hosts.
    if (is_v6() && storage_.v6.sin6_scope_id != other.storage_.v6.sin6_scope_id) return false;
    return bytes_of(raw()).value == bytes_of(other.raw()).value;
}

std::size_t SocketAddress::hash() const {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    const auto mix = [&](unsigned value) { hash = (hash ^ value) * 0x100000001b3; };
    const auto bytes = bytes_of(raw());
    for (unsigned i = 0; i < bytes.size; ++i) mix(bytes.value[i]);
    mix(port() & 0xff);
    mix(port() >> 8);
    return static_cast<std::size_t>(hash ^ hash >> 32);
}

Result<Subnet> Subnet::parse(std::string_view text) {
    const auto [host, mask, has_mask] = split_once(text, '/');
    const auto bad = [&] {
        return fail(ErrorCode::invalid, "\"{}\" is no network: write 192.0.2.0/24, 192.0.2.0/255.255.255.0, "
                    "2001:db8::/32 or one address", text.substr(0, 80));
    };
    const auto address = SocketAddress::parse(host);
    if (!address || address->port() != 0) return bad();
    Subnet subnet;
    subnet.network_ = *address;
    const unsigned whole = address->is_v6() ? 128 : 32;
    subnet.bits_ = whole;
    if (!has_mask) return subnet;
    if (const auto bits = parse_number<unsigned>(mask); bits && *bits <= whole) {
        subnet.bits_ = *bits;
        return subnet;
    }
    const auto mask_address = SocketAddress::parse(mask);
    if (!mask_address || mask_address->family() != address->family() || mask_address->port() != 0) return bad();
    const auto bits = mask_length(bytes_of(mask_address->raw()));
    if (!bits) return bad();
    subnet.bits_ = *bits;
    return subnet;
}

bool Subnet::contains(const SocketAddress& address) const {
    return address.valid() && address.family() == network_.family() &&
           same_bits(bytes_of(address.raw()), bytes_of(network_.raw()), bits_);
}

std::string Subnet::to_string() const { return fmt::format("{}/{}", network_.host(), bits_); }

}  // namespace jackfield
