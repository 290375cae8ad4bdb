// The AudioSocket protocol: a TCP stream of messages.
#include "channels/audiosocket/message.hpp"

#include <algorithm>

namespace jackfield::audiosocket {
namespace {

constexpr std::array<std::uint32_t, 9> rates{8000, 12000, 16000, 24000, 32000, 44100, 48000, 96000, 192000};

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Result<Uuid> parse_uuid(std::string_view text) {
    Uuid uuid{};
    std::size_t place = 0;
    bool right = text.size() == 36;
    for (std::size_t i = 0; right && i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            right = text[i] == '-';
            continue;
        }
        const int value = digit_of(text[i]);
        right = value >= 0;
        if (right) uuid[place / 2] = static_cast<std::uint8_t>(uuid[place / 2] << 4 | value);
        ++place;
    }
    if (!right) return fail(ErrorCode::invalid, "AudioSocket: '{}' is no UUID as 6ba7b810-9dad-11d1-80b4-00c04fd430c8", text);
    return uuid;
}

std::optional<std::uint8_t> audio_kind(const Codec* linear) {
    if (!linear || !linear->linear) return {};
    const auto found = std::ranges::find(rates, linear->rate.hz);
    if (found == rates.end()) return {};
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(Kind::audio) + (found - rates.begin()));
}

std::array<std::uint8_t, header_size> header(std::uint8_t kind, std::size_t size) {
    return {kind, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
}

}  // namespace jackfield::audiosocket
