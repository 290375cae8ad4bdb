// codec_alaw - G.711 A-law to signed linear and back (ITU-T G.711).
#include "codecs/g711_codec.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return add_audio_codec<g711::Codec<g711::to_alaw, g711::from_alaw>>(module, "alaw", 10);
}

}  // namespace

JACKFIELD_MODULE("codec_alaw", "A-law Coder/Decoder", load);
