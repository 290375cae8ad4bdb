// format_siren14 - G.722.1 annex C at 48 kbit/s without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(SoundFileFormat{.name = "siren14",
                                      .extensions = {"siren14"},
                                      .codec = "siren14",
                                      .description = "ITU G.722.1 Annex C (Siren14)"});
}

}  // namespace

JACKFIELD_MODULE("format_siren14", "ITU G.722.1 Annex C (Siren14, licensed from Polycom)", load);
