// codec_lpc10 - LPC-10 at 2400 bit/s (FIPS 137, by SpanDSP).
#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/lpc10.h>

#include <algorithm>
#include <memory>

#include "codecs/framer.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t frame_samples = 180, frame_bytes = 7;

struct Free {
    void operator()(lpc10_encode_state_t* state) const { lpc10_encode_free(state); }
    void operator()(lpc10_decode_state_t* state) const { lpc10_decode_free(state); }
};

class Lpc10 {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        std::size_t bytes = 0;
        frames_.add(pcm, [&](auto frame) {
            if (bytes + frame_bytes > out.size() || !encoder_) return;
            lpc10_encode(encoder_.get(), &out[bytes], frame.data(), frame_samples);
            bytes += frame_bytes;
        });
        return bytes;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        const std::size_t frames = std::min(in.size() / frame_bytes, pcm.size() / frame_samples);
        if (!decoder_ || frames == 0) return 0;
        return static_cast<std::size_t>(
            lpc10_decode(decoder_.get(), pcm.data(), in.data(), static_cast<int>(frames * frame_bytes)));
    }

  private:
    std::unique_ptr<lpc10_encode_state_t, Free> encoder_{lpc10_encode_init(nullptr, 1)};
    std::unique_ptr<lpc10_decode_state_t, Free> decoder_{lpc10_decode_init(nullptr, 1)};
    Framer<frame_samples> frames_;
};

Result<void> load(Module& module) { return add_audio_codec<Lpc10>(module, "lpc10", 275); }

}  // namespace

JACKFIELD_MODULE("codec_lpc10", "LPC10 2.4kbps Coder/Decoder", load);
