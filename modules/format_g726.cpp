// format_g726 - G.726 at 32 kbit/s without a header, packed as RFC 3551 says.
#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    return module.add(SoundFileFormat{.name = "g726-32",
                                      .extensions = {"g726-32", "g726"},
                                      .codec = "g726",
                                      .description = "Raw G.726 data (32kbps)"});
}

}  // namespace

JACKFIELD_MODULE("format_g726", "Raw G.726 (32kbps) data", load);
