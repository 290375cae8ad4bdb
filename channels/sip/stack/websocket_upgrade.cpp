// The server's side of the WebSocket handshake for SIP (RFC 6455 section 4.2, RFC 7118 section 4).
#include "channels/sip/stack/websocket_upgrade.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t key_size = 24;                                           // 16 bytes as base64

struct Request {
    bool websocket = false, upgrade = false, sip = false;
    std::string_view version, key;
    std::string forwarded_for;
};

bool lists(std::string_view value, std::string_view word) {
    for (const std::string_view item : split_list(value))
        if (equals_ignoring_case(item, word)) return true;
    return false;
}

void read_field(Request& request, std::string_view line) {
    const Halves parts = split_once(line, ':');
    const std::string_view name = trim(parts.first), value = trim(parts.second);
    if (equals_ignoring_case(name, "Upgrade")) request.websocket |= lists(value, "websocket");
    if (equals_ignoring_case(name, "Connection")) request.upgrade |= lists(value, "Upgrade");
    if (equals_ignoring_case(name, "Sec-WebSocket-Protocol")) request.sip |= lists(value, "sip");
    if (equals_ignoring_case(name, "Sec-WebSocket-Version")) request.version = value;
    if (equals_ignoring_case(name, "Sec-WebSocket-Key")) request.key = value;
    if (equals_ignoring_case(name, "X-Forwarded-For")) request.forwarded_for.append(request.forwarded_for.empty() ? "" : ",").append(value);
}

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key).append(key_suffix);
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha1(), nullptr);
    std::array<unsigned char, 64> encoded;
    const int length = EVP_EncodeBlock(encoded.data(), hash.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

WebSocketUpgrade refuse(int status, std::string_view reason, std::string_view more = {}) {
    return {status, {}, fmt::format("HTTP/1.1 {} {}\r\n{}Content-Length: 0\r\nConnection: close\r\n\r\n", status, reason, more)};
}

}  // namespace

WebSocketUpgrade answer_upgrade(std::string_view head) {
    Request request;
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    if (!line.ends_with(" HTTP/1.1")) return refuse(400, "Bad Request");
    if (!line.starts_with("GET /")) return refuse(405, "Method Not Allowed", "Allow: GET\r\n");
    for (std::string_view rest = end == head.npos ? std::string_view() : head.substr(end + 2); !rest.empty();) {
        const std::size_t next = rest.find("\r\n");
        read_field(request, rest.substr(0, next));
        rest.remove_prefix(next == rest.npos ? rest.size() : next + 2);
    }
    if (!request.websocket || !request.upgrade)
        return refuse(426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n");
    if (request.version != "13") return refuse(426, "Upgrade Required", "Sec-WebSocket-Version: 13\r\n");
    if (request.key.size() != key_size || !request.key.ends_with("==") || !request.sip) return refuse(400, "Bad Request");
    return {101, std::move(request.forwarded_for), fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
                             accept_key(request.key))};
}

}  // namespace jackfield::sip
