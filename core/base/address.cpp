// Network addresses and subnets.
#include "core/base/address.hpp"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <functional>
#include <optional>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// The address in network order, 4 or 16 bytes; empty for an unspecified family.
std::string_view host_bytes(const SocketAddress& address) {
    if (address.family() == AF_INET)
        return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(address.raw())->sin_addr), 4};
    if (address.is_v6())
        return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr), 16};
    return {};
}

std::uint32_t scope_of(const SocketAddress& address) {
    return address.is_v6() ? reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_scope_id : 0;
}

// inet_pton() wants a terminated text, and no address is longer than this.
std::optional<SocketAddress> parse_host(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (text.empty() || text.size() >= host.size()) return {};
    std::memcpy(host.data(), text.data(), text.size());
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, host.data(), &v4.sin_addr) == 1)
        return SocketAddress(reinterpret_cast<const sockaddr*>(&v4));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    if (inet_pton(AF_INET6, host.data(), &v6.sin6_addr) == 1)
        return SocketAddress(reinterpret_cast<const sockaddr*>(&v6));
    return {};
}

std::unexpected<Error> not_an_address(std::string_view text) {
    return fail(ErrorCode::invalid, "\"{}\" is not an address: write 192.0.2.1, 192.0.2.1:5060, ::1 or [::1]:5060",
                text);
}

// 255.255.255.0 is 24; a mask with holes is none.
std::optional<unsigned> prefix_of_mask(std::string_view text) {
    in_addr mask{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &mask) != 1) return {};
    const std::uint32_t bits = ntohl(mask.s_addr);
    const auto ones = static_cast<unsigned>(std::countl_one(bits));
    if (ones < 32 && (bits << ones) != 0) return {};
    return ones;
}

bool same_prefix(std::string_view a, std::string_view b, unsigned bits) {
    if (a.size() != b.size() || a.substr(0, bits / 8) != b.substr(0, bits / 8)) return false;
    if (bits % 8 == 0) return true;
    const auto rest = static_cast<unsigned char>(a[bits / 8] ^ b[bits / 8]);
    return (rest >> (8 - bits % 8)) == 0;
}

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address) {
    if (!address) return;
    if (address->sa_family == AF_INET) {
        std::memcpy(&storage_.v4, address, sizeof(sockaddr_in));
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof(v6));
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            storage_.v4.sin_family = AF_INET;
            storage_.v4.sin_port = v6.sin6_port;
            std::memcpy(&storage_.v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
        } else {
            storage_.v6 = v6;
        }
    }
}

Result<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t default_port) {
    std::string_view host = text, port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return not_an_address(text);
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (host.find(':') == std::string_view::npos) return not_an_address(text);
        if (!port.empty() && port[0] != ':') return not_an_address(text);
        has_port = !port.empty();
        if (has_port) port.remove_prefix(1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
    }
    const auto address = parse_host(host);
    if (!address) return not_an_address(text);
    if (!has_port) return address->with_port(default_port);
    const auto number = parse_number<std::uint16_t>(port);
    if (!number) return not_an_address(text);
    return address->with_port(*number);
}

bool SocketAddress::is_any() const {
    const auto bytes = host_bytes(*this);
    return !bytes.empty() && bytes.find_first_not_of('\0') == std::string_view::npos;
}

bool SocketAddress::is_loopback() const {
    if (family() == AF_INET) return (ntohl(storage_.v4.sin_addr.s_addr) >> 24) == 127;
    return is_v6() && IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr);
}

std::uint16_t SocketAddress::port() const {
    if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
    return is_v6() ? ntohs(storage_.v6.sin6_port) : std::uint16_t{0};
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
    SocketAddress other = *this;
    if (family() == AF_INET) other.storage_.v4.sin_port = htons(port);
    if (is_v6()) other.storage_.v6.sin6_port = htons(port);
    return other;
}

// By hand for IPv4, since inet_ntop() goes through printf and each SIP message has several of them.
std::string SocketAddress::host() const {
    const std::string_view bytes = host_bytes(*this);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v6()) return inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    char* end = text.data();
    for (const char byte : bytes) {
        if (end != text.data()) *end++ = '.';
        end = std::to_chars(end, text.data() + text.size(), static_cast<unsigned char>(byte)).ptr;
    }
    return {text.data(), end};
}

std::string SocketAddress::to_string() const {
    if (!valid()) return "(none)";
    std::string text = is_v6() ? "[" + host() + "]" : host();
    return text.append(":").append(std::to_string(port()));
}

socklen_t SocketAddress::raw_size() const {
    if (family() == AF_INET) return sizeof(sockaddr_in);
    return is_v6() ? sizeof(sockaddr_in6) : socklen_t{0};
}

bool SocketAddress::same_host(const SocketAddress& other) const {
    return family() == other.family() && host_bytes(*this) == host_bytes(other) && scope_of(*this) == scope_of(other);
}

std::size_t SocketAddress::hash() const { return std::hash<std::string_view>{}(host_bytes(*this)) * 31 + port(); }

Result<Subnet> Subnet::parse(std::string_view text) {
    const auto parts = split_once(text, '/');
    const auto address = parse_host(trim(parts.first));
    const auto wrong = [text] {
        return fail(
            ErrorCode::invalid,
            "\"{}\" is not a network: write 192.0.2.0/24, 192.0.2.0/255.255.255.0, 2001:db8::/32 or one address", text);
    };
    if (!address) return wrong();
    const unsigned longest = address->is_v6() ? 128 : 32;
    Subnet subnet;
    subnet.network_ = *address;
    subnet.bits_ = longest;
    if (!parts.found) return subnet;
    const auto suffix = trim(parts.second);
    auto bits = parse_number<unsigned>(suffix);
    if (!bits && !address->is_v6()) bits = prefix_of_mask(suffix);
    if (!bits || *bits > longest) return wrong();
    subnet.bits_ = *bits;
    return subnet;
}

bool Subnet::contains(const SocketAddress& address) const {
    return address.valid() && same_prefix(host_bytes(network_), host_bytes(address), bits_);
}

std::string Subnet::to_string() const { return fmt::format("{}/{}", network_.host(), bits_); }

}  // namespace jackfield
