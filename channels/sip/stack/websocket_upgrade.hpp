// The server's side of the WebSocket handshake for SIP (RFC 6455 section 4.2, RFC 7118 section 4). Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jackfield::sip {

constexpr std::size_t most_upgrade_bytes = 8192;  // of a handshake's head

struct WebSocketUpgrade {
    int status = 400;      // 101: the connection speaks SIP in WebSocket frames from here on
    std::string forwarded_for;  // X-Forwarded-For: addresses, the nearest last
    std::string response;  // to be sent in any case; after another status the connection is closed
    bool accepted() const { return status == 101; }
};

// `head`: the request up to and with its empty line. Any path is taken; the client must offer the subprotocol "sip".
WebSocketUpgrade answer_upgrade(std::string_view head);

}  // namespace jackfield::sip
