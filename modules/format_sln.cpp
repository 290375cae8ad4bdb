// format_sln - signed linear without a header, at every rate.
#include <string>

#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    for (const Codec* codec : list_codecs()) {
        if (!codec->linear || codec->channels != 1) continue;
        const std::string name = "sln" + codec->name.substr(4);  // slin16 is sln16
        SoundFileFormat format{
            .name = name,
            .extensions = {name},
            .codec = codec->name,
            .description = "Raw Signed Linear Audio support (SLN) " + std::to_string(codec->rate.hz) + " Hz"};
        if (codec->name == "slin") format.extensions.emplace_back("raw");
        JF_TRY(module.add(std::move(format)));
    }
    return {};
}

}  // namespace

JACKFIELD_MODULE("format_sln", "Raw Signed Linear Audio support (SLN) 8khz-192khz", load);
