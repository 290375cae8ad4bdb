// Sound files: formats that modules register, playing and recording without a file access on a media thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
    // A payload that is packed otherwise than the codec's frames (WAV49), in blocks; null: it is the codec's bytes.
    struct Packing {
        std::size_t file_bytes, codec_bytes;    // of one block
        void (*unpack)(std::span<const std::uint8_t> file, std::span<std::uint8_t> codec);
        void (*pack)(std::span<const std::uint8_t> codec, std::span<std::uint8_t> file);
    };
    const Packing* packing = nullptr;
};
Result<Registration> register_in(Module& module, SoundFileFormat format);
std::vector<const SoundFileFormat*> list_sound_formats();

// Where prompts are searched: `directories`/<language>/NAME.EXT, falling back from "fr_CA" to "fr" to the default
// language, then without language. A language without a folder of its name is looked for in a folder whose name begins
// with it, as Debian's packages call theirs: "en" finds en_US_f_Allison. Set by core/main from jackfield.conf and sounds/.
struct SoundSettings {
    std::vector<std::string> directories;
    std::string default_language = "en";
    std::size_t cache_bytes = 64 * 1024 * 1024;  // of prompts kept in memory, those used least lately go first
};
// Control thread, at start: also reads the languages' rules (load_say_languages), and so blocks on the disk.
void set_sound_settings(SoundSettings settings);
const SoundSettings& sound_settings();

// Opens a prompt by name without extension ("hello", "digits/1", "/tmp/x"), choosing the file whose codec costs least to
// bring to `wanted`. Waits (the file is read in the pool; whole up to 1 MiB, else ahead; prompts are cached by name,
// size and time of change, shared by all who play them). Errors: not_found, naming prompt and language; invalid.
Result<std::unique_ptr<Source>> open_prompt(const std::string& name, const std::string& language, const Codec* wanted);
// Opens a file by its path; the extension tells the format. Waits. Errors: not_found, invalid.
Result<std::unique_ptr<Source>> open_sound_file(const std::string& path);
// Does any format of it exist? Waits.
bool prompt_exists(const std::string& name, const std::string& language);

// Control of a playing file. Shared with the Source; any thread; never waits. Works until the source has gone.
struct PlaybackPosition {
    std::chrono::milliseconds at, length;
};
class Playback {
  public:
    virtual ~Playback() = default;
    virtual PlaybackPosition position() const = 0;
    virtual void pause(bool on) = 0;                          // silence is played meanwhile
    virtual void seek(std::chrono::milliseconds to) = 0;      // kept between the file's start and end
    virtual void skip(std::chrono::milliseconds by) = 0;      // back when negative
};
// Of a Source that open_prompt() or open_sound_file() gave, asked before it is given away; null for any other source.
std::shared_ptr<Playback> playback_of(const Source& source);

// Writes what it hears to a file through a ring to the pool. Media-side part is a Tap; this is the control side.
class Recording {
  public:
    // `path` without extension; format by name or extension ("wav"). append: go on at the end of an existing file. Folders
    // that are missing are made. The two sides of Direction::both are mixed. Waits. Errors: not_found (no such format),
    // unsupported (no translation), refused or failed (the file), invalid (append to a file that is no such format).
    static Result<std::unique_ptr<Recording>> create(const std::string& path, const std::string& format, bool append,
                                                     Tap::Direction direction);
    ~Recording();  // closes in the pool
    std::unique_ptr<Tap> tap();                       // once; give it to MediaStream::add
    std::chrono::milliseconds length() const;         // heard so far
    // Waits until all is written and the header is complete. `drop_last`: cut that much off the end.
    Result<void> close(std::chrono::milliseconds drop_last = {});

  private:
    struct Private;
    explicit Recording(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
