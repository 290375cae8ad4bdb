// Packets of the Homer Encapsulation Protocol, version 3 (HEP3/EEP). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/address.hpp"
#include "core/base/clock.hpp"

namespace jackfield::hep {

enum class Payload : std::uint8_t { sip = 1, rtcp_json = 5 };

struct Capture {
    SocketAddress source, destination;
    bool stream = false;              // TCP, TLS and their like; else UDP
    WallTime time{};
    Payload kind = Payload::sip;
    std::uint32_t agent = 0;          // capture id
    std::string_view password;        // authentication key; may be empty
    std::string_view correlation;     // such as the Call-ID; may be empty
    std::string_view payload;
};

// Payloads beyond this are cut, so that a packet fits a datagram.
inline constexpr std::size_t most_payload = 60000;
std::string encode(const Capture& capture);

}  // namespace jackfield::hep
