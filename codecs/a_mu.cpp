// codec_a_mu - A-law to mu-law and back in one step (ITU-T G.711 tables 3 and 4 in effect: by the nearest level).
#include <algorithm>
#include <array>

#include "codecs/g711.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

constexpr std::uint8_t alaw_as_ulaw(std::uint8_t code) { return g711::to_ulaw(g711::from_alaw(code)); }
constexpr std::uint8_t ulaw_as_alaw(std::uint8_t code) { return g711::to_alaw(g711::from_ulaw(code)); }

template <auto Law>
struct ByTable final : Translator {
    std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
        static constexpr auto codes = g711::table<std::uint8_t, Law>();
        const std::size_t samples = std::min(in.size(), out.size());
        for (std::size_t i = 0; i < samples; ++i) out[i] = codes[in[i]];
        return samples;
    }
};

Result<void> load(Module& module) {
    JF_TRY(module.add(
        TranslatorInfo{"alawtoulaw", "alaw", "ulaw", 3, [] { return std::make_unique<ByTable<alaw_as_ulaw>>(); }}));
    return module.add(
        TranslatorInfo{"ulawtoalaw", "ulaw", "alaw", 3, [] { return std::make_unique<ByTable<ulaw_as_alaw>>(); }});
}

}  // namespace

JACKFIELD_MODULE("codec_a_mu", "A-law and Mulaw direct Coder/Decoder", load);
