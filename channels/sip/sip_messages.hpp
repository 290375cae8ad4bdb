// The service interface of chan_sip's message flow: what it sends and receives, for capture and tracing.
#pragma once

#include <string_view>

#include "core/base/address.hpp"

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

}  // namespace jackfield
