// WebSocket frames (RFC 6455): a pure reader and writer over bytes, for servers and clients. No I/O; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// Status codes of Close frames (RFC 6455 7.4.1).
enum class WebSocketClose : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_type = 1003,
    no_status = 1005,
    bad_text = 1007,
    policy_violation = 1008,
    too_big = 1009,
    internal_error = 1011,
};

// One whole message, or one control frame.
struct WebSocketMessage {
    enum class Kind : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 } kind = Kind::text;
    std::string payload;                              // close: the reason
    WebSocketClose code = WebSocketClose::no_status;  // close only
};

// Puts frames together to messages. Keeps at most one unfinished message of `limit` bytes and what was fed and not
// read.
class WebSocketReader {
  public:
    enum class Side : std::uint8_t {
        server,
        client
    };  // whose end this is: a server's peers mask, a client's do not (5.1)
    explicit WebSocketReader(Side side, std::size_t limit = 65536) : side_(side), limit_(limit) {}

    // Adds bytes; call next() until it gives nothing before feeding more.
    void feed(std::string_view bytes) { buffer_.append(bytes); }
    // The next message or control frame, control frames between the fragments of a message at once; nothing when more
    // bytes are needed. Errors: invalid or limit; close_code() is what a Close frame is to say then, and nothing
    // follows.
    Result<std::optional<WebSocketMessage>> next();
    WebSocketClose close_code() const { return close_code_; }

  private:
    struct Header {
        bool final;
        std::uint8_t opcode;
        std::size_t size, length;  // of the header, of the payload
        std::optional<std::array<char, 4>> mask;
    };
    std::unexpected<Error> broken(WebSocketClose code, ErrorCode error, std::string_view why);
    Result<std::optional<Header>> read_header();
    Result<std::optional<WebSocketMessage>> read_control(const Header& header, std::string payload);

    Side side_;
    std::size_t limit_;
    std::string buffer_, message_;
    std::size_t taken_ = 0;                             // of buffer_
    std::optional<WebSocketMessage::Kind> unfinished_;  // kind of message_
    WebSocketClose close_code_ = WebSocketClose::normal;
    bool broken_ = false;
};

// Appends one whole message as one frame. `mask`: a client's four fresh random bytes (5.3); a server gives none.
void append_websocket_frame(std::string& out, WebSocketMessage::Kind kind, std::string_view payload,
                            const std::optional<std::array<char, 4>>& mask = {});
// A Close frame; the reason is cut to the 123 bytes that fit.
void append_websocket_close(std::string& out, WebSocketClose code, std::string_view reason = {},
                            const std::optional<std::array<char, 4>>& mask = {});

// Whether it is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool valid_utf8(std::string_view text);

}  // namespace jackfield
