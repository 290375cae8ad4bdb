// codec_g722 - G.722 at 64 kbit/s to 16 kHz signed linear and back (ITU-T G.722, by SpanDSP).
#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/g722.h>

#include <algorithm>
#include <memory>

#include "codecs/framer.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

struct Free {
    void operator()(g722_encode_state_t* state) const { g722_encode_free(state); }
    void operator()(g722_decode_state_t* state) const { g722_decode_free(state); }
};

class G722 {
  public:
    std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out) {
        if (!encoder_ || pcm.empty()) return 0;
        std::size_t bytes = 0;
        const auto code = [&](std::span<const std::int16_t> pairs) {
            const std::size_t samples = std::min(pairs.size(), 2 * (out.size() - bytes));
            bytes += static_cast<std::size_t>(g722_encode(encoder_.get(), out.data() + bytes, pairs.data(), static_cast<int>(samples)));
        };
        const std::size_t second = pairs_.empty() ? 0 : 1, odd = (pcm.size() - second) % 2;
        pairs_.add(pcm.first(second), code);
        code(pcm.subspan(second, pcm.size() - second - odd));  // all at once
        pairs_.add(pcm.last(odd), code);
        return bytes;
    }
    std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm) {
        const std::size_t bytes = std::min(in.size(), pcm.size() / 2);
        if (!decoder_ || bytes == 0) return 0;
        return static_cast<std::size_t>(g722_decode(decoder_.get(), pcm.data(), in.data(), static_cast<int>(bytes)));
    }

  private:
    std::unique_ptr<g722_encode_state_t, Free> encoder_{g722_encode_init(nullptr, 64000, 0)};
    std::unique_ptr<g722_decode_state_t, Free> decoder_{g722_decode_init(nullptr, 64000, 0)};
    Framer<2> pairs_;  // one byte codes two samples
};

Result<void> load(Module& module) { return add_audio_codec<G722>(module, "g722", 520); }

}  // namespace

JACKFIELD_MODULE("codec_g722", "ITU G.722-64kbps G722 Transcoder", load);
