// A WebSocket connection over a Stream, after its handshake (which HTTP does).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/runtime/stream.hpp"
#include "core/runtime/websocket.hpp"

namespace jackfield {

// The server's end. Control thread.
class WebSocket {
  public:
    // `already_read`: what came behind the handshake. `limit`: bytes of one message.
    WebSocket(std::unique_ptr<Stream> stream, std::string_view already_read, std::size_t limit = 65536);
    ~WebSocket();  // closes at once; close() before it is more polite

    // Waits for a text or binary message. Pings and Close frames are answered in here. Errors: closed (the other side
    // has closed or gone), invalid and limit (it broke the protocol, and was told), timeout, failed, interruption.
    Result<WebSocketMessage> read(Timeout timeout = {}, std::source_location where = std::source_location::current());
    // Never waits. Errors: limit (more waits for this client than Stream's queue limit allows; drop it), closed.
    Result<void> send(std::string_view payload, WebSocketMessage::Kind kind = WebSocketMessage::Kind::text);
    // Sends a Close frame; nothing may be sent after it. Never waits.
    void close(WebSocketClose code, std::string_view reason = {});
    Stream& stream() { return *stream_; }
    Instant last_heard() const { return last_heard_; }  // anything, pongs too

  private:
    std::unique_ptr<Stream> stream_;
    WebSocketReader reader_;
    Instant last_heard_;
    bool closing_ = false;
};

}  // namespace jackfield
