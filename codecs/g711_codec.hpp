// What codec_ulaw and codec_alaw have in common.
#pragma once

#include <algorithm>
#include <span>

#include "codecs/concealment.hpp"
#include "codecs/g711.hpp"

namespace jackfield::g711 {

template <auto ToLaw, auto FromLaw>
class Codec {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        const std::size_t samples = std::min(pcm.size(), out.size());
        std::transform(pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(samples), out.begin(), ToLaw);
        return samples;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        static constexpr auto linear = table<std::int16_t, FromLaw>();
        const std::size_t samples = std::min(in.size(), pcm.size());
        for (std::size_t i = 0; i < samples; ++i) pcm[i] = linear[in[i]];
        concealment_.good(pcm.first(samples));
        return samples;
    }
    std::size_t conceal(unsigned samples, std::span<std::int16_t> pcm) { return concealment_.fill(samples, pcm); }

  private:
    Concealment concealment_;
};

}  // namespace jackfield::g711
