// codec_opus - Opus to 48 kHz signed linear and back, one channel (RFC 6716, by libopus).
#include <opus.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

constexpr int rate = 48000;
constexpr std::size_t unit = 960, longest = 6 * unit;  // packets of 20 ms to 120 ms

struct Destroy {
    void operator()(OpusEncoder* state) const { opus_encoder_destroy(state); }
    void operator()(OpusDecoder* state) const { opus_decoder_destroy(state); }
};

class Opus {
  public:
    Opus() {
        int error = 0;
        encoder_.reset(opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, &error));
        decoder_.reset(opus_decoder_create(rate, 1, &error));
        if (!encoder_) return;
        opus_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(32000));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_COMPLEXITY(5));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_INBAND_FEC(1));
        opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(5));
    }
    // At most one packet a call, as packets do not tell their own length.
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        const std::size_t take = std::min(pcm.size(), held_.size() - filled_);
        std::copy_n(pcm.begin(), take, held_.begin() + static_cast<std::ptrdiff_t>(filled_));
        filled_ += take;
        const std::size_t samples = std::min(filled_ / unit * unit, longest);
        if (samples == 0 || !encoder_) return 0;
        const int bytes = opus_encode(encoder_.get(), held_.data(), static_cast<int>(samples), out.data(),
                                      static_cast<int>(out.size()));
        std::copy(held_.begin() + static_cast<std::ptrdiff_t>(samples),
                  held_.begin() + static_cast<std::ptrdiff_t>(filled_), held_.begin());
        filled_ -= samples;
        return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        if (!decoder_ || in.empty()) return 0;
        const int samples = opus_decode(decoder_.get(), in.data(), static_cast<opus_int32>(in.size()), pcm.data(),
                                        static_cast<int>(std::min(pcm.size(), longest)), 0);
        return samples > 0 ? static_cast<std::size_t>(samples) : 0;
    }
    std::size_t conceal(unsigned samples, std::span<std::int16_t> pcm) {
        const std::size_t length = std::min({std::size_t{samples}, pcm.size(), longest}) / 120 * 120;
        if (!decoder_ || length == 0) return 0;
        const int made = opus_decode(decoder_.get(), nullptr, 0, pcm.data(), static_cast<int>(length), 0);
        return made > 0 ? static_cast<std::size_t>(made) : 0;
    }

  private:
    std::unique_ptr<OpusEncoder, Destroy> encoder_;
    std::unique_ptr<OpusDecoder, Destroy> decoder_;
    std::array<std::int16_t, longest + unit> held_;
    std::size_t filled_ = 0;
};

Result<void> load(Module& module) { return add_audio_codec<Opus>(module, "opus", 3800); }

}  // namespace

JACKFIELD_MODULE("codec_opus", "OPUS Coder/Decoder", load);
