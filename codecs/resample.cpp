// codec_resample - signed linear of any rate to any other (SpeexDSP's resampler).
#include <speex/speex_resampler.h>

#include <algorithm>
#include <memory>
#include <string>

#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

constexpr int quality = 4;  // of 0 to 10: 64 taps, 100 dB stop band; above it nothing is to be heard on a telephone

class Resampler final : public Translator {
  public:
    Resampler(SampleRate from, SampleRate to) {
        int error = 0;
        state_.reset(speex_resampler_init(1, from.hz, to.hz, quality, &error));
        if (state_) speex_resampler_skip_zeros(state_.get());  // half a filter less of delay
    }
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        if (!state_) return 0;
        const auto* pcm = reinterpret_cast<const std::int16_t*>(in.data());
        auto* resampled = reinterpret_cast<std::int16_t*>(out.data());
        auto taken = static_cast<spx_uint32_t>(in.size() / 2), made = static_cast<spx_uint32_t>(out.size() / 2);
        speex_resampler_process_int(state_.get(), 0, pcm, &taken, resampled, &made);
        return std::size_t{made} * 2;
    }

  private:
    struct Destroy {
        void operator()(SpeexResamplerState* state) const { speex_resampler_destroy(state); }
    };
    std::unique_ptr<SpeexResamplerState, Destroy> state_;
};

Result<void> load(Module& module) {
    std::vector<const Codec*> linear;
    for (const Codec* codec : list_codecs())
        if (codec->linear && codec->channels == 1) linear.push_back(codec);
    for (const Codec* from : linear) {
        for (const Codec* to : linear) {
            if (from == to) continue;
            // Measured: the filter's cost follows the higher rate, and 44.1 kHz has no small ratio to the others.
            const bool odd = from->rate.hz == 44100 || to->rate.hz == 44100;
            const unsigned cost = std::max(from->rate.hz, to->rate.hz) / (odd ? 25 : 100);
            JF_TRY(module.add(TranslatorInfo{
                from->name + "to" + to->name, from->name, to->name, cost,
                [rate = from->rate, other = to->rate] { return std::make_unique<Resampler>(rate, other); }}));
        }
    }
    return {};
}

}  // namespace

JACKFIELD_MODULE("codec_resample", "SLIN Resampling Codec", load);
