// codec_ulaw - G.711 mu-law to signed linear and back (ITU-T G.711).
#include "codecs/g711_codec.hpp"
#include "core/media/translator.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return add_audio_codec<g711::Codec<g711::to_ulaw, g711::from_ulaw>>(module, "ulaw", 10);
}

}  // namespace

JACKFIELD_MODULE("codec_ulaw", "mu-Law Coder/Decoder", load);
