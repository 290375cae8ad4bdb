// The service interface of res_rtp: candidates and credentials of ICE (RFC 8445). Values.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/base/address.hpp"

namespace jackfield {

struct IceCandidate {
    enum class Kind : std::uint8_t { host, server_reflexive, peer_reflexive, relayed };
    std::string foundation;          // equal for candidates of one kind, base and server
    unsigned component = 1;          // 1: RTP, 2: RTCP
    std::uint32_t priority = 0;
    SocketAddress address;
    Kind kind = Kind::host;
    SocketAddress related;           // base, or the mapped address of a relayed one; invalid: not told
    bool operator==(const IceCandidate&) const = default;
};
// RFC 8445 5.1.2.1; `local`: 0 to 65535, the best interface has most.
constexpr std::uint32_t candidate_priority(IceCandidate::Kind kind, std::uint16_t local, unsigned component) {
    constexpr std::array<std::uint32_t, 4> preferences{126, 100, 110, 0};  // RFC 8445 5.1.2.2
    return preferences.at(static_cast<std::size_t>(kind)) << 24 | std::uint32_t{local} << 8 | (256 - component);
}

struct IceCredentials {
    std::string user, password;  // ice-ufrag, ice-pwd
    bool operator==(const IceCredentials&) const = default;
    bool empty() const { return user.empty(); }
};
}  // namespace jackfield
