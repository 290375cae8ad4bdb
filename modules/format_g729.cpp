// format_g729 - G.729 frames of 10 bytes without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(
        SoundFileFormat{.name = "g729", .extensions = {"g729"}, .codec = "g729", .description = "Raw G.729 data"});
}

}  // namespace

JACKFIELD_MODULE("format_g729", "Raw G.729 data", load);
