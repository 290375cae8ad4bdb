// format_gsm - GSM 06.10 frames of 33 bytes without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(
        SoundFileFormat{.name = "gsm", .extensions = {"gsm"}, .codec = "gsm", .description = "Raw GSM data"});
}

}  // namespace

JACKFIELD_MODULE("format_gsm", "Raw GSM data", load);
