// WebSocket connections (RFC 6455 sections 5.5 and 7).
#include "core/runtime/websocket_stream.hpp"

#include <array>
#include <utility>

namespace jackfield {

WebSocket::WebSocket(std::unique_ptr<Stream> stream, std::string_view already_read, std::size_t limit)
    : stream_(std::move(stream)), reader_(WebSocketReader::Side::server, limit), last_heard_(Clock::now()) {
    reader_.feed(already_read);
}

WebSocket::~WebSocket() = default;

Result<WebSocketMessage> WebSocket::read(Timeout timeout, std::source_location where) {
    std::array<char, 1024> bytes;
    for (;;) {
        auto message = reader_.next();
        if (!message) {
            close(reader_.close_code());
            return std::unexpected(std::move(message).error());
        }
        if (!*message) {
            const std::size_t count = JF_TRY(stream_->read(bytes, timeout, where));
            if (count == 0) return fail(ErrorCode::closed, "the WebSocket's client has gone");
            last_heard_ = Clock::now();
            reader_.feed({bytes.data(), count});
            continue;
        }
        switch ((*message)->kind) {
            case WebSocketMessage::Kind::ping:
                JF_TRY(send((*message)->payload, WebSocketMessage::Kind::pong));
                break;
            case WebSocketMessage::Kind::pong:
                break;
            case WebSocketMessage::Kind::close:
                close((*message)->code == WebSocketClose::no_status ? WebSocketClose::normal : (*message)->code);
                return fail(ErrorCode::closed, "the WebSocket's client has closed it");
            default:
                return std::move(**message);
        }
    }
}

Result<void> WebSocket::send(std::string_view payload, WebSocketMessage::Kind kind) {
    if (closing_) return fail(ErrorCode::closed, "the WebSocket is closed");
    std::string frame;
    frame.reserve(payload.size() + 10);
    append_websocket_frame(frame, kind, payload);
    return stream_->send(frame);
}

void WebSocket::close(WebSocketClose code, std::string_view reason) {
    if (std::exchange(closing_, true)) return;
    std::string frame;
    append_websocket_close(frame, code, reason);
    (void)stream_->send(frame);
}

}  // namespace jackfield
