// Feeds arbitrary bytes to the reader of AudioSocket messages, cut into pieces by a length byte each and once whole: the
// messages must be the same, and what is written of them the bytes that were read. The text is tried as a UUID too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "channels/audiosocket/message.hpp"

using namespace jackfield::audiosocket;

namespace {

using Bytes = std::vector<std::uint8_t>;

void take(MessageReader& reader, std::span<const std::uint8_t> piece, Bytes& messages) {
    reader.feed(piece, [&](const MessageReader::Message& message) {
        const auto head = header(message.kind, message.payload.size());
        messages.insert(messages.end(), head.begin(), head.end());
        messages.insert(messages.end(), message.payload.begin(), message.payload.end());
        return true;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    Bytes whole, of_pieces, of_whole;
    MessageReader cut, at_once;
    for (std::size_t at = 0; at < size;) {
        const std::size_t length = std::min<std::size_t>(bytes[at] % 32, size - at - 1);
        const std::span piece(bytes + at + 1, length);
        at += 1 + length;
        whole.insert(whole.end(), piece.begin(), piece.end());
        take(cut, piece, of_pieces);
    }
    take(at_once, whole, of_whole);
    if (of_whole != of_pieces || of_whole.size() > whole.size() || !std::equal(of_whole.begin(), of_whole.end(), whole.begin()))
        std::abort();
    (void)parse_uuid({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
