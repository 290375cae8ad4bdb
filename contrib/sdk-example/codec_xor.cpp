// xor8: a codec for this example only; the upper byte of each sample, its bits turned over.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

// One object a direction and call; the two functions are all that a codec has to have.
struct Xor8 {
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        for (std::size_t i = 0; i < pcm.size(); ++i) out[i] = static_cast<std::uint8_t>(pcm[i] >> 8) ^ 0xff;
        return pcm.size();
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        for (std::size_t i = 0; i < in.size(); ++i) pcm[i] = static_cast<std::int16_t>((in[i] ^ 0xff) << 8);
        return in.size();
    }
};

Result<void> load(Module& module) {
    if (!find_codec("xor8")) {
        Codec codec;
        codec.name = "xor8";
        codec.description = "Example codec";
        codec.encoding = "X-XOR8";
        codec.bytes_per_10ms = 80;
        codec.samples = [](std::span<const std::uint8_t> payload) { return static_cast<unsigned>(payload.size()); };
        JF_TRY(add_codec(std::move(codec)));
    }
    return add_audio_codec<Xor8>(module, "xor8", 10);
}

}  // namespace

JACKFIELD_MODULE("codec_xor", "Codec of the SDK example", load)
