// The AudioSocket protocol: a TCP stream of messages, each a kind, a length and a payload. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/format.hpp"

namespace jackfield::audiosocket {

// The first byte; then two of length, the high one first. Audio is linear, 16 bit, little endian, one channel.
enum class Kind : std::uint8_t {
    terminate = 0x00,
    uuid = 0x01,    // 16 bytes, the first message of who connects
    digit = 0x03,   // one ASCII character
    audio = 0x10,   // 8000 Hz; 0x11 to 0x18 are 12, 16, 24, 32, 44.1, 48, 96 and 192 kHz
    error = 0xff,
};
constexpr std::size_t header_size = 3, largest_payload = 0xffff;

using Uuid = std::array<std::uint8_t, 16>;
// "6ba7b810-9dad-11d1-80b4-00c04fd430c8", letter case aside. Errors: invalid.
Result<Uuid> parse_uuid(std::string_view text);

// The kind of a linear codec's audio; nothing: the protocol has none.
std::optional<std::uint8_t> audio_kind(const Codec* linear);

std::array<std::uint8_t, header_size> header(std::uint8_t kind, std::size_t size);

// Takes a stream to pieces as it comes; keeps at most one message that is not complete.
class MessageReader {
  public:
    struct Message {
        std::uint8_t kind = 0;
        std::span<const std::uint8_t> payload;  // lives until the next call
    };
    MessageReader() { bytes_.reserve(header_size + largest_payload); }
    // Calls `take` for each message that is complete now. False from `take` ends it: the rest is forgotten.
    template <class F>
    void feed(std::span<const std::uint8_t> bytes, F&& take) {
        while (!bytes.empty()) {
            const std::size_t wanted = missing();
            const std::size_t taken = std::min(wanted, bytes.size());
            bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
            bytes = bytes.subspan(taken);
            if (missing() > 0) continue;
            const bool more = take(Message{bytes_[0], std::span<const std::uint8_t>(bytes_).subspan(header_size)});
            bytes_.clear();
            if (!more) return;
        }
    }

  private:
    // Of the header while that is not whole, then of the message.
    std::size_t missing() const {
        if (bytes_.size() < header_size) return header_size - bytes_.size();
        return header_size + (std::size_t{bytes_[1]} << 8 | bytes_[2]) - bytes_.size();
    }
    std::vector<std::uint8_t> bytes_;
};

}  // namespace jackfield::audiosocket
