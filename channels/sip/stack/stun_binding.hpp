// STUN on the SIP port (RFC 5626 section 8): phones behind NAT ask it which address they have, and so keep their way to us
// open. Only what that needs of RFC 8489: Binding requests without credentials. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "core/base/address.hpp"

namespace jackfield::sip {

// Whether a datagram is STUN and no SIP: the two leading zero bits and the magic cookie (RFC 8489 section 5, RFC 5626 8).
bool is_stun(std::string_view datagram);

// An answer: a success with XOR-MAPPED-ADDRESS, or error 420.
class StunAnswer {
  public:
    // Empty: nothing is answered (no Binding request, or malformed).
    std::string_view bytes() const { return {bytes_.data(), size_}; }

  private:
    friend StunAnswer answer_binding(std::string_view datagram, const SocketAddress& from);
    static constexpr std::size_t most_unknown = 8;  // attributes that a 420 names
    std::array<char, 64> bytes_{};
    std::size_t size_ = 0;
};

// The answer to a datagram that is_stun(), for where it came from: at most 44 bytes, or as many as the request has (20 or
// more, and never more than 48). Attributes that must be understood and are not are named in a 420.
StunAnswer answer_binding(std::string_view datagram, const SocketAddress& from);

}  // namespace jackfield::sip
