// Sound files: formats that modules register, playing and recording without a file access on a media thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/source.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// One file format: a header around a codec's bytes. Pure functions; any thread.
struct SoundFileFormat {
    std::string name;                          // "wav"
    std::vector<std::string> extensions;       // without dot, first one for writing
    std::string codec;                         // of its payload, e.g. "slin"
    std::string description;
    // Finds the payload in a file's first bytes. Errors: invalid, saying what the header has wrong.
    struct Layout {
        std::size_t offset = 0;                 // of the payload
        std::optional<std::size_t> length;      // empty: to the end of the file
        const Codec* codec = nullptr;           // null: the format's own
    };
    Result<Layout> (*read_header)(std::span<const std::uint8_t> head) = nullptr;
    // Header for `bytes` of payload (0: not known yet, rewritten when the file is closed); null: none.
    std::vector<std::uint8_t> (*make_header)(std::size_t bytes) = nullptr;
};
Result<Registration> register_in(Module& module, SoundFileFormat format);
std::vector<const SoundFileFormat*> list_sound_formats();

// Where prompts are searched: `directories`/<language>/NAME.EXT, falling back from "fr_CA" to "fr" to the default
// language, then without language. Set by core/main from jackfield.conf and sounds/.
struct SoundSettings {
    std::vector<std::string> directories;
    std::string default_language = "en";
};
void set_sound_settings(SoundSettings settings);
const SoundSettings& sound_settings();

// Opens a prompt by name without extension ("hello", "digits/1", "/tmp/x"), choosing the file whose codec costs least to
// bring to `wanted`. Waits (the file is read in the pool; whole up to 1 MiB, else ahead; prompts are cached by name,
// size and time of change, shared by all who play them). Errors: not_found, naming prompt and language; invalid.
Result<std::unique_ptr<Source>> open_prompt(const std::string& name, const std::string& language, const Codec* wanted);
// Does any format of it exist? Waits.
bool prompt_exists(const std::string& name, const std::string& language);

// Control of a playing file: obtained from a Source of open_prompt().
struct PlaybackPosition {
    std::chrono::milliseconds at, length;
};

// Writes what it hears to a file through a ring to the pool. Media-side part is a Tap; this is the control side.
class Recording {
  public:
    // `path` without extension; format by name ("wav"). append: go on at the end of an existing file. Waits.
    static Result<std::unique_ptr<Recording>> create(const std::string& path, const std::string& format, bool append,
                                                     Tap::Direction direction);
    ~Recording();  // closes in the pool
    std::unique_ptr<Tap> tap();                       // once; give it to MediaStream::add
    std::chrono::milliseconds length() const;
    // Waits until all is written and the header is complete. `drop_last`: cut that much off the end.
    Result<void> close(std::chrono::milliseconds drop_last = {});

  private:
    struct Private;
    explicit Recording(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
