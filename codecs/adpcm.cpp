// codec_adpcm - Dialogic's (OKI) ADPCM at 32 kbit/s, as IAX2 and VOX files carry it (by SpanDSP).
#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/oki_adpcm.h>

#include <algorithm>
#include <memory>

#include "codecs/framer.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

struct Free {
    void operator()(oki_adpcm_state_t* state) const { oki_adpcm_free(state); }
};

class Adpcm {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        std::size_t bytes = 0;
        pairs_.add(pcm, [&](std::span<const std::int16_t, 2> pair) {
            if (bytes < out.size() && encoder_)
                bytes += static_cast<std::size_t>(oki_adpcm_encode(encoder_.get(), &out[bytes], pair.data(), 2));
        });
        return bytes;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        const std::size_t bytes = std::min(in.size(), pcm.size() / 2);
        if (!decoder_ || bytes == 0) return 0;
        return static_cast<std::size_t>(
            oki_adpcm_decode(decoder_.get(), pcm.data(), in.data(), static_cast<int>(bytes)));
    }

  private:
    using State = std::unique_ptr<oki_adpcm_state_t, Free>;
    State encoder_{oki_adpcm_init(nullptr, 32000)}, decoder_{oki_adpcm_init(nullptr, 32000)};
    Framer<2> pairs_;  // one byte codes two samples
};

Result<void> load(Module& module) { return add_audio_codec<Adpcm>(module, "adpcm", 55); }

}  // namespace

JACKFIELD_MODULE("codec_adpcm", "Adaptive Differential PCM Coder/Decoder", load);
