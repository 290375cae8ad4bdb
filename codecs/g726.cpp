// codec_g726 - G.726 at 32 kbit/s, packed as RFC 3551 says and as AAL2 does (ITU-T G.726, by SpanDSP).
#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/bitstream.h>
#include <spandsp/g726.h>

#include <algorithm>
#include <memory>

#include "codecs/framer.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

struct Free {
    void operator()(g726_state_t* state) const { g726_free(state); }
};

template <int Packing>
class G726 {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        std::size_t bytes = 0;
        pairs_.add(pcm, [&](std::span<const std::int16_t, 2> pair) {
            if (bytes < out.size() && encoder_)
                bytes += static_cast<std::size_t>(g726_encode(encoder_.get(), &out[bytes], pair.data(), 2));
        });
        return bytes;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        const std::size_t bytes = std::min(in.size(), pcm.size() / 2);
        if (!decoder_ || bytes == 0) return 0;
        return static_cast<std::size_t>(g726_decode(decoder_.get(), pcm.data(), in.data(), static_cast<int>(bytes)));
    }

  private:
    using State = std::unique_ptr<g726_state_t, Free>;
    State encoder_{g726_init(nullptr, 32000, G726_ENCODING_LINEAR, Packing)};
    State decoder_{g726_init(nullptr, 32000, G726_ENCODING_LINEAR, Packing)};
    Framer<2> pairs_;  // one byte codes two samples
};

Result<void> load(Module& module) {
    JF_TRY(add_audio_codec<G726<G726_PACKING_RIGHT>>(module, "g726", 590));
    return add_audio_codec<G726<G726_PACKING_LEFT>>(module, "g726aal2", 590);
}

}  // namespace

JACKFIELD_MODULE("codec_g726", "ITU G.726-32kbps G726 Transcoder", load);
