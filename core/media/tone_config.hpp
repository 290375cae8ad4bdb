// Reads indications.conf.
#pragma once

#include <memory>

#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"
#include "core/media/tone.hpp"

namespace jackfield {

// The countries of the file; wrong tones, cadences and countries become findings with their line. Pure; any thread.
std::shared_ptr<const ToneZones> read_tone_zones(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield
