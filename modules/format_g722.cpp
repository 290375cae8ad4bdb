// format_g722 - G.722 at 64 kbit/s without a header.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(
        SoundFileFormat{.name = "g722", .extensions = {"g722"}, .codec = "g722", .description = "Raw G722 data"});
}

}  // namespace

JACKFIELD_MODULE("format_g722", "Raw G.722 data", load);
