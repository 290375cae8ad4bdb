// Parsing SIP messages (RFC 3261 sections 7 and 18.3, RFC 4475) and cutting them out of byte streams (RFC 5626 3.5.1).
// Pure: bytes in, values out; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

struct ParserLimits {
    std::size_t message_size = 65535;  // bytes, head and body
    std::size_t header_fields = 200;   // at most 254
    std::size_t header_size = 8192;    // bytes of one field with its folds
};

enum class Verdict : std::uint8_t {
    accept,
    reject,  // a request that is answered with `status` and `reason`; the message has what was readable of it
    drop,    // nothing to answer: a response, an ACK, or no SIP at all; `reason` is for the log
};

struct ParseResult {
    Message message;
    Verdict verdict = Verdict::drop;
    int status = 0;           // of a rejected request: 400, 505 or 513
    std::string_view reason;  // a literal: "Missing Call-ID"
};

enum class Framing : std::uint8_t {
    datagram,  // the message ends with the packet; Content-Length may be absent, what follows the body is ignored
    stream,    // `bytes` is exactly what StreamFramer cut out
};

// Copies `bytes` once and takes the message apart in that copy. Never throws but for memory.
ParseResult parse_message(std::string_view bytes, Framing framing = Framing::datagram, const ParserLimits& limits = {});

// Cuts a byte stream into messages and keep-alives. Memory is bounded by the limits; each byte is looked at once.
class StreamFramer {
  public:
    explicit StreamFramer(ParserLimits limits = {}) : limits_(limits) {}

    enum class Kind : std::uint8_t {
        incomplete,  // more bytes are needed
        message,     // `bytes` is a whole message
        ping,        // CRLF CRLF between messages: answer with CRLF
        pong,        // a single CRLF: the answer to our ping
        broken,  // where the next message starts is unknown: parse `bytes` (when not empty) for its answer, then close
        too_large,  // as broken, and the answer is 513
    };
    struct Frame {
        Kind kind = Kind::incomplete;
        std::string_view bytes;  // valid until the next call
    };

    // Appends what was read. After broken or too_large nothing is taken any more.
    void append(std::string_view bytes);
    // The next frame; call until incomplete.
    Frame next();
    std::size_t buffered() const { return buffer_.size() - start_; }

  private:
    Frame finish(Kind kind, std::size_t size);

    ParserLimits limits_;
    std::string buffer_;
    std::size_t start_ = 0;    // of the unread part
    std::size_t scanned_ = 0;  // up to here, from start_, there is no end of the head
    std::size_t total_ = 0;    // of the message at start_, once its head is complete
    bool failed_ = false;
};

}  // namespace jackfield::sip
