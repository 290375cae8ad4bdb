// WebSocket frames (RFC 6455 section 5).
#include "core/runtime/websocket.hpp"

#include <utility>

namespace jackfield {
namespace {

constexpr std::size_t longest_control = 125;  // 5.5
constexpr std::uint8_t continuation = 0;

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

void apply_mask(std::string& payload, const std::array<char, 4>& mask) {
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
}

bool known_opcode(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// Codes that may stand in a Close frame (7.4).
bool sendable(std::uint64_t code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

// Length of the sequence that begins with `first`, and the smallest value that needs it; 0: nothing begins so.
std::pair<std::size_t, char32_t> utf8_length(std::uint8_t first) {
    if (first < 0x80) return {1, 0};
    if ((first & 0xe0) == 0xc0) return {2, 0x80};
    if ((first & 0xf0) == 0xe0) return {3, 0x800};
    if ((first & 0xf8) == 0xf0) return {4, 0x10000};
    return {0, 0};
}

}  // namespace

bool valid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto first = static_cast<std::uint8_t>(text[at]);
        const auto [length, least] = utf8_length(first);
        if (length == 0 || at + length > text.size()) return false;
        char32_t value = length == 1 ? first : first & (0x7f >> length);
        for (std::size_t i = 1; i < length; ++i) {
            const auto byte = static_cast<std::uint8_t>(text[at + i]);
            if ((byte & 0xc0) != 0x80) return false;
            value = value << 6 | (byte & 0x3f);
        }
        if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return false;
        at += length;
    }
    return true;
}

std::unexpected<Error> WebSocketReader::broken(WebSocketClose code, ErrorCode error, std::string_view why) {
    broken_ = true;
    close_code_ = code;
    return fail(error, "WebSocket: {}", why);
}

Result<std::optional<WebSocketReader::Header>> WebSocketReader::read_header() {
    const std::string_view rest = std::string_view(buffer_).substr(taken_);
    if (rest.size() < 2) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(rest[0]), second = static_cast<std::uint8_t>(rest[1]);
    Header header{.final = (first & 0x80) != 0,
                  .opcode = static_cast<std::uint8_t>(first & 0x0f),
                  .size = 2,
                  .length = second & 0x7fu,
                  .mask = {}};
    const bool masked = (second & 0x80) != 0, control = header.opcode >= 8;
    if (first & 0x70) return broken(WebSocketClose::protocol_error, ErrorCode::invalid, "a reserved bit is set");
    if (!known_opcode(header.opcode))
        return broken(WebSocketClose::protocol_error, ErrorCode::invalid, "unknown opcode");
    if (control && (!header.final || header.length > longest_control))
        return broken(WebSocketClose::protocol_error, ErrorCode::invalid, "a control frame is fragmented or too long");
    if (masked != (side_ == Side::server))
        return broken(WebSocketClose::protocol_error, ErrorCode::invalid,
                      masked ? "a server's frame is masked" : "a client's frame is not masked");
    if (!control && (header.opcode == continuation) != unfinished_.has_value())
        return broken(WebSocketClose::protocol_error, ErrorCode::invalid, "fragments are out of order");
    if (const std::size_t extra = header.length == 126 ? 2 : header.length == 127 ? 8 : 0) {
        if (rest.size() < 2 + extra) return std::nullopt;
        const std::uint64_t length = big_endian(rest.substr(2, extra));
        if (length < (extra == 2 ? 126u : 65536u))
            return broken(WebSocketClose::protocol_error, ErrorCode::invalid,
                          "a length is written longer than it need be");
        if (length > limit_) return broken(WebSocketClose::too_big, ErrorCode::limit, "the message is too long");
        header.length = length;
        header.size += extra;
    }
    if (!control && header.length > limit_ - message_.size())
        return broken(WebSocketClose::too_big, ErrorCode::limit, "the message is too long");
    if (masked) {
        if (rest.size() < header.size + 4) return std::nullopt;
        header.mask.emplace();
        rest.copy(header.mask->data(), 4, header.size);
        header.size += 4;
    }
    return header;
}

Result<std::optional<WebSocketMessage>> WebSocketReader::read_control(const Header& header, std::string payload) {
    WebSocketMessage message{.kind = static_cast<WebSocketMessage::Kind>(header.opcode), .payload = std::move(payload)};
    if (message.kind != WebSocketMessage::Kind::close || message.payload.empty()) return message;
    const std::uint64_t code =
        message.payload.size() < 2 ? 0 : big_endian(std::string_view(message.payload).substr(0, 2));
    if (!sendable(code))
        return broken(WebSocketClose::protocol_error, ErrorCode::invalid, "a Close frame has no valid code");
    message.code = static_cast<WebSocketClose>(code);
    message.payload.erase(0, 2);
    if (!valid_utf8(message.payload))
        return broken(WebSocketClose::bad_text, ErrorCode::invalid, "a reason is not UTF-8");
    return message;
}

Result<std::optional<WebSocketMessage>> WebSocketReader::next() {
    if (broken_) return fail(ErrorCode::closed, "WebSocket: nothing is read after an error");
    for (;;) {
        const auto header = JF_TRY(read_header());
        if (!header || buffer_.size() - taken_ < header->size + header->length) {
            buffer_.erase(0, std::exchange(taken_, 0));
            return std::nullopt;
        }
        std::string payload = buffer_.substr(taken_ + header->size, header->length);
        taken_ += header->size + header->length;
        if (header->mask) apply_mask(payload, *header->mask);
        if (header->opcode >= 8) return read_control(*header, std::move(payload));
        if (header->opcode != continuation) unfinished_ = static_cast<WebSocketMessage::Kind>(header->opcode);
        message_ += payload;
        if (!header->final) continue;
        WebSocketMessage message{.kind = *std::exchange(unfinished_, std::nullopt),
                                 .payload = std::exchange(message_, {})};
        if (message.kind == WebSocketMessage::Kind::text && !valid_utf8(message.payload))
            return broken(WebSocketClose::bad_text, ErrorCode::invalid, "a text is not UTF-8");
        return message;
    }
}

void append_websocket_frame(std::string& out, WebSocketMessage::Kind kind, std::string_view payload,
                            const std::optional<std::array<char, 4>>& mask) {
    const auto bit = static_cast<char>(mask ? 0x80 : 0);
    out += static_cast<char>(0x80 | static_cast<std::uint8_t>(kind));
    const auto append_number = [&](unsigned bytes) {
        for (unsigned left = bytes; left-- > 0;) out += static_cast<char>(payload.size() >> (8 * left) & 0xff);
    };
    if (payload.size() < 126) {
        out += static_cast<char>(bit | static_cast<char>(payload.size()));
    } else if (payload.size() < 65536) {
        out += static_cast<char>(bit | 126);
        append_number(2);
    } else {
        out += static_cast<char>(bit | 127);
        append_number(8);
    }
    if (mask) out.append(mask->data(), mask->size());
    const std::size_t begin = out.size();
    out += payload;
    if (mask)
        for (std::size_t i = 0; i < payload.size(); ++i)
            out[begin + i] = static_cast<char>(out[begin + i] ^ (*mask)[i % 4]);
}

void append_websocket_close(std::string& out, WebSocketClose code, std::string_view reason,
                            const std::optional<std::array<char, 4>>& mask) {
    const auto number = static_cast<std::uint16_t>(code);
    std::string payload{static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
    payload += reason.substr(0, longest_control - 2);
    while (!valid_utf8(payload.substr(2))) payload.pop_back();  // cut within a character
    append_websocket_frame(out, WebSocketMessage::Kind::close, payload, mask);
}

}  // namespace jackfield
