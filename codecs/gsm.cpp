// codec_gsm - GSM 06.10 full rate to signed linear and back (by libgsm).
#include <gsm.h>

#include <memory>

#include "codecs/concealment.hpp"
#include "codecs/framer.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t frame_samples = 160, frame_bytes = 33;

struct Free {
    void operator()(gsm state) const { gsm_destroy(state); }
};
using State = std::unique_ptr<gsm_state, Free>;

// libgsm's interface takes pointers to what it only reads.
void encode_frame(gsm state, std::span<const std::int16_t> pcm, std::uint8_t* out) {
    gsm_encode(state, const_cast<gsm_signal*>(pcm.data()), out);
}
bool decode_frame(gsm state, const std::uint8_t* in, std::int16_t* pcm) {
    return gsm_decode(state, const_cast<gsm_byte*>(in), pcm) == 0;
}

// Frames as RTP carries them (RFC 3551 4.5.8): 33 bytes for 20 ms.
class Gsm {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        std::size_t bytes = 0;
        frames_.add(pcm, [&](auto frame) {
            if (bytes + frame_bytes > out.size() || !encoder_) return;
            encode_frame(encoder_.get(), frame, &out[bytes]);
            bytes += frame_bytes;
        });
        return bytes;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        std::size_t samples = 0;
        for (; in.size() >= frame_bytes && samples + frame_samples <= pcm.size(); in = in.subspan(frame_bytes)) {
            const auto frame = pcm.subspan(samples, frame_samples);
            if (decoder_ && decode_frame(decoder_.get(), in.data(), frame.data()))
                concealment_.good(frame);
            else
                concealment_.fill(frame_samples, frame);
            samples += frame_samples;
        }
        return samples;
    }
    std::size_t conceal(unsigned samples, std::span<std::int16_t> pcm) { return concealment_.fill(samples, pcm); }

  private:
    State encoder_{gsm_create()}, decoder_{gsm_create()};
    Framer<frame_samples> frames_;
    Concealment concealment_;
};

Result<void> load(Module& module) { return add_audio_codec<Gsm>(module, "gsm", 320); }

}  // namespace

JACKFIELD_MODULE("codec_gsm", "GSM Coder/Decoder", load);
