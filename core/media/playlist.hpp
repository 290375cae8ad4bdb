// Files one after the other without end and without gaps: hold music, queue announcements.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/source.hpp"

namespace jackfield {

struct Playlist {
    std::vector<std::string> files;      // paths without extension: the format that serves the listener best is taken
    bool random = false;                 // each next file by chance, never the same twice in a row
    std::size_t first = 0;               // of `files`
    std::chrono::milliseconds start{0};  // where in the first one
};
// Waits for the first file; the others are opened in the pool while their predecessor plays. Files that can't be played
// are passed over with a warning. Errors: not_found (none can be played).
Result<std::unique_ptr<Source>> open_playlist(Playlist playlist, const Codec* wanted);

// How long each file is in the form that serves `wanted` best, 0 for those that can't be played. Waits.
std::vector<std::chrono::milliseconds> playlist_lengths(const Playlist& playlist, const Codec* wanted);

}  // namespace jackfield
