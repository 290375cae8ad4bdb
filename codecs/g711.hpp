// ITU-T G.711: the two logarithmic laws, sample by sample.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace jackfield::g711 {

// mu-law, table 2a: 14 bits of magnitude with a bias of 33 (132 in 16 bit), eight segments, all bits inverted.
constexpr std::uint8_t to_ulaw(std::int16_t sample) {
    constexpr int bias = 132, clip = 32635;
    const int magnitude = std::min(sample < 0 ? -int{sample} : int{sample}, clip) + bias;
    const int segment = std::bit_width(static_cast<unsigned>(magnitude)) - 8;
    const int code = segment << 4 | (magnitude >> (segment + 3) & 0x0f) | (sample < 0 ? 0x80 : 0);
    return static_cast<std::uint8_t>(~code);
}
constexpr std::int16_t from_ulaw(std::uint8_t code) {
    const int plain = ~code & 0xff;
    const int magnitude = (((plain & 0x0f) << 3) + 132) << (plain >> 4 & 7);
    return static_cast<std::int16_t>(plain & 0x80 ? 132 - magnitude : magnitude - 132);
}

// A-law, table 1a: 13 bits of magnitude, the two lowest segments alike, even bits inverted, sign bit 1 for positive.
constexpr std::uint8_t to_alaw(std::int16_t sample) {
    const int magnitude = (sample < 0 ? ~int{sample} : int{sample}) >> 4;
    int code = magnitude;
    if (magnitude >= 32) {
        const int segment = std::bit_width(static_cast<unsigned>(magnitude)) - 5;
        code = (segment + 1) << 4 | (magnitude >> segment & 0x0f);
    } else if (magnitude >= 16) {
        code = 1 << 4 | (magnitude & 0x0f);
    }
    return static_cast<std::uint8_t>((code | (sample < 0 ? 0 : 0x80)) ^ 0x55);
}
constexpr std::int16_t from_alaw(std::uint8_t code) {
    const int plain = code ^ 0x55;
    const int segment = plain >> 4 & 7;
    int magnitude = ((plain & 0x0f) << 4) + 8;
    if (segment) magnitude = (magnitude + 256) << (segment - 1);
    return static_cast<std::int16_t>(plain & 0x80 ? magnitude : -magnitude);
}

template <class To, auto Law>
constexpr std::array<To, 256> table() {
    std::array<To, 256> values{};
    for (unsigned code = 0; code < values.size(); ++code) values[code] = Law(static_cast<std::uint8_t>(code));
    return values;
}

}  // namespace jackfield::g711
