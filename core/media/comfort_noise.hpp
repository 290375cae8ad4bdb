// Comfort noise (RFC 3389): says how a silence is to sound that its sender suppresses.
#pragma once

#include "core/media/format.hpp"

namespace jackfield {

// Frame::codec of a packet of it, by which it is known. No name finds it and nothing translates it: a port hands it over between frames
// of audio and under their numbers and timestamps, and it comes to another port only where those go on as they are. Elsewhere
// (recordings, mixers, translations) it is what it was without: nothing.
extern const Codec comfort_noise;

}  // namespace jackfield
