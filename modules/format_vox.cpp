// format_vox - Dialogic's ADPCM without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(SoundFileFormat{
        .name = "vox", .extensions = {"vox"}, .codec = "adpcm", .description = "Dialogic VOX (ADPCM) File Format"});
}

}  // namespace

JACKFIELD_MODULE("format_vox", "Dialogic VOX (ADPCM) File Format", load);
