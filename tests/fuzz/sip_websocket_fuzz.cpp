// The WebSocket handshake on SIP's port: never reads beyond its input, and always has an answer that ends.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "channels/sip/stack/websocket_upgrade.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto answer = jackfield::sip::answer_upgrade({reinterpret_cast<const char*>(bytes), size});
    if (!answer.response.starts_with("HTTP/1.1 ") || !answer.response.ends_with("\r\n\r\n")) std::abort();
    return 0;
}
