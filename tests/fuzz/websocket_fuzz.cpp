// Feeds arbitrary bytes to the reader of WebSocket frames, cut into pieces by a length byte each and once whole: the
// messages must be the same, within the limit, and read back after writing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/websocket.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t limit = 300;

void require(bool holds) {
    if (!holds) std::abort();
}

// False when the connection would end here.
bool take(WebSocketReader& reader, std::string& messages) {
    for (;;) {
        auto message = reader.next();
        if (!message) return false;
        if (!*message) return true;
        require((*message)->payload.size() <= limit);
        if ((*message)->kind == WebSocketMessage::Kind::close)
            append_websocket_close(messages, (*message)->code, (*message)->payload);
        else
            append_websocket_frame(messages, (*message)->kind, (*message)->payload);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    for (const auto side : {WebSocketReader::Side::server, WebSocketReader::Side::client}) {
        std::string whole, of_pieces, of_whole, again;
        WebSocketReader cut(side, limit), at_once(side, limit);
        bool goes_on = true;
        for (std::size_t at = 0; at < size;) {
            const std::size_t length = std::min<std::size_t>(bytes[at] % 32, size - at - 1);
            const std::string_view piece(reinterpret_cast<const char*>(bytes) + at + 1, length);
            at += 1 + length;
            whole += piece;
            if (!goes_on) continue;
            cut.feed(piece);
            goes_on = take(cut, of_pieces);
        }
        at_once.feed(whole);
        require(take(at_once, of_whole) == goes_on && of_whole == of_pieces);
        if (of_whole.find("\x88\x02\x03\xed", 0, 4) != std::string::npos)
            continue;  // a Close without a code is written as none
        WebSocketReader client(WebSocketReader::Side::client, limit);
        client.feed(of_whole);
        require(take(client, again) && again == of_whole);
    }
    return 0;
}
