// How many samples a payload holds: the codecs whose frames say so themselves.
#include "core/media/payload_samples.hpp"

#include <array>
#include <optional>

namespace jackfield::payload_samples {
namespace {

// Reads a bit stream from the most significant bit on; nothing past its end.
class BitReader {
  public:
    explicit BitReader(Payload bytes) : bytes_(bytes) {}
    std::size_t left() const { return bytes_.size() * 8 - at_; }
    std::optional<unsigned> read(unsigned bits) {
        if (left() < bits) return {};
        unsigned value = 0;
        for (unsigned i = 0; i < bits; ++i, ++at_) value = value << 1 | (bytes_[at_ / 8] >> (7 - at_ % 8) & 1);
        return value;
    }
    bool skip(std::size_t bits) {
        if (left() < bits) return false;
        at_ += bits;
        return true;
    }

  private:
    Payload bytes_;
    std::size_t at_ = 0;
};

// Bits of a narrow-band Speex frame after its mode number, by mode; -1: no such mode (RFC 5574, Speex manual 9.2).
constexpr std::array<int, 9> speex_narrow_bits{0, 38, 114, 155, 215, 295, 359, 487, 74};
// Bits of a wide-band layer after its mode number.
constexpr std::array<int, 8> speex_wide_bits{0, 32, 108, 188, 348, -1, -1, -1};
// Bits of the in-band requests of mode 14, by code.
constexpr std::array<int, 16> speex_request_bits{1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64};

bool skip_speex_request(BitReader& bits, unsigned mode) {
    if (mode == 14) {
        const auto code = bits.read(4);
        return code && bits.skip(static_cast<std::size_t>(speex_request_bits[*code]));
    }
    const auto bytes = bits.read(4);  // mode 13: user message, its length in bytes
    return bytes && bits.skip(5 + 8 * std::size_t{*bytes});
}

// The wide-band and ultra-wide-band layers that follow a narrow-band frame begin with a bit that is 1.
bool skip_speex_layers(BitReader& bits) {
    for (int layer = 0; layer < 2; ++layer) {
        BitReader ahead = bits;
        if (ahead.read(1) != 1u) return true;
        const auto mode = ahead.read(3);
        if (!mode || speex_wide_bits[*mode] < 0 || !ahead.skip(static_cast<std::size_t>(speex_wide_bits[*mode])))
            return false;
        bits = ahead;
    }
    return true;
}

}  // namespace

unsigned g723(Payload payload) {
    constexpr std::array<std::size_t, 4> sizes{24, 20, 4, 1};
    unsigned samples = 0;
    for (std::size_t at = 0; at < payload.size(); at += sizes[payload[at] & 3]) samples += 240;
    return samples;
}

unsigned g729(Payload payload) {
    return static_cast<unsigned>(payload.size() / 10 * 80 + (payload.size() % 10 == 2 ? 80 : 0));
}

unsigned ilbc(Payload payload) {
    if (payload.size() % 50 == 0) return static_cast<unsigned>(payload.size() / 50 * 240);
    return static_cast<unsigned>(payload.size() / 38 * 160);
}

unsigned opus(Payload payload) {
    if (payload.empty()) return 0;
    const unsigned config = payload[0] >> 3;
    constexpr std::array<unsigned, 4> silk{480, 960, 1920, 2880}, celt{120, 240, 480, 960};
    const unsigned frame = config < 12 ? silk[config & 3] : config < 16 ? (config & 1 ? 960 : 480) : celt[config & 3];
    unsigned count = 1;
    switch (payload[0] & 3) {
        case 0:
            break;
        case 3:
            count = payload.size() > 1 ? payload[1] & 0x3f : 0;
            break;
        default:
            count = 2;
    }
    constexpr unsigned longest = 5760;  // RFC 6716 3.2.5: 120 ms
    return count * frame > longest ? 0 : count * frame;
}

unsigned speex(Payload payload, unsigned frame) {
    BitReader bits(payload);
    unsigned samples = 0;
    while (bits.left() >= 5) {
        if (*bits.read(1) == 1) return samples;  // a layer without its base frame: not Speex
        const unsigned mode = *bits.read(4);
        if (mode == 15) break;  // terminator, padding follows
        if (mode == 13 || mode == 14) {
            if (!skip_speex_request(bits, mode)) break;
            continue;
        }
        if (mode >= speex_narrow_bits.size() || !bits.skip(static_cast<std::size_t>(speex_narrow_bits[mode]))) break;
        samples += frame;
        if (frame > 160 && !skip_speex_layers(bits)) break;
    }
    return samples;
}

}  // namespace jackfield::payload_samples
