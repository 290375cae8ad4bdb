// The service interface of chan_sip's message flow: what it sends and receives, for capture and tracing.
#pragma once

#include <string_view>

#include "core/base/address.hpp"
#include "core/base/strings.hpp"

namespace jackfield {

// Published for each SIP message, before it is sent or looked at; costs one load when nobody subscribes. The views are good
// within the call only.
struct SipMessageSeen {
    static constexpr std::string_view topic = "sip.message";
    bool sent;
    SocketAddress local, remote;
    std::string_view protocol;  // "UDP", "TCP", "TLS", "WS", "WSS"
    std::string_view message;
};

// The value of Call-ID (or i), as it stands in a message; empty: it has none.
inline std::string_view call_id_of(std::string_view message) {
    for (std::size_t at = message.find('\n'); at != std::string_view::npos; at = message.find('\n', at)) {
        const std::string_view rest = message.substr(++at);
        if (rest.starts_with('\r') || rest.starts_with('\n')) break;
        const Halves parts = split_once(rest.substr(0, rest.find('\n')), ':');
        if (equals_ignoring_case(trim(parts.first), "Call-ID") || equals_ignoring_case(trim(parts.first), "i")) return trim(parts.second);
    }
    return {};
}

}  // namespace jackfield
