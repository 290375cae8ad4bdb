// Network addresses, as values. Pure; any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// An IPv4 or IPv6 address with a port; IPv4-mapped IPv6 addresses are kept as IPv4.
class SocketAddress {
  public:
    SocketAddress() = default;  // unspecified family
    explicit SocketAddress(const sockaddr* address);

    // "192.0.2.1", "192.0.2.1:5060", "::1", "[::1]:5060"; no names. Errors: invalid.
    static Result<SocketAddress> parse(std::string_view text, std::uint16_t default_port = 0);

    bool valid() const { return family() != AF_UNSPEC; }
    int family() const { return storage_.header.sa_family; }
    bool is_v6() const { return family() == AF_INET6; }
    bool is_any() const;       // 0.0.0.0 or ::
    bool is_loopback() const;
    std::uint16_t port() const;
    SocketAddress with_port(std::uint16_t port) const;

    std::string host() const;       // "192.0.2.1", "2001:db8::1"
    std::string to_string() const;  // "192.0.2.1:5060", "[2001:db8::1]:5060"

    const sockaddr* raw() const { return &storage_.header; }
    socklen_t raw_size() const;

    bool same_host(const SocketAddress& other) const;
    bool operator==(const SocketAddress& other) const { return same_host(other) && port() == other.port(); }
    std::size_t hash() const;

  private:
    union Storage {
        sockaddr header;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } storage_{};
};

// "192.0.2.0/24", "2001:db8::/32", "192.0.2.7", "192.0.2.0/255.255.255.0".
class Subnet {
  public:
    static Result<Subnet> parse(std::string_view text);
    bool contains(const SocketAddress& address) const;
    std::string to_string() const;
    unsigned prefix_length() const { return bits_; }

  private:
    SocketAddress network_;
    unsigned bits_ = 0;
};

struct SocketAddressHash {
    std::size_t operator()(const SocketAddress& address) const { return address.hash(); }
};

}  // namespace jackfield
