// format_siren7 - G.722.1 at 32 kbit/s without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(SoundFileFormat{
        .name = "siren7", .extensions = {"siren7"}, .codec = "siren7", .description = "ITU G.722.1 (Siren7)"});
}

}  // namespace

JACKFIELD_MODULE("format_siren7", "ITU G.722.1 (Siren7, licensed from Polycom)", load);
