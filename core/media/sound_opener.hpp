// Finds and opens sound files: which of a prompt's files is the best one, and its payload in memory or read ahead.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/disk_pump.hpp"
#include "core/media/sound_file.hpp"
#include "core/media/source.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

class ReadAhead;

// A file's payload as the codec's bytes. Immutable, so it does not change when the file does.
struct Sound {
    const Codec* codec = nullptr;
    std::vector<std::uint8_t> payload;
};

// What opening a file gives: all of it, or a window that the pool moves along. Value; any thread.
struct OpenedSound {
    const Codec* codec = nullptr;
    std::uint64_t bytes = 0;             // of the codec, in all
    std::shared_ptr<const Sound> whole;  // small files
    std::shared_ptr<ReadAhead> ahead;    // others
    std::chrono::milliseconds length() const;
};

// A snapshot of the registered formats, best first, that keeps their modules loaded. Made on the control thread; then
// used by one thread at a time, any: its functions block on the disk.
class SoundOpener {
  public:
    // Best is what keeps most bandwidth of `wanted`, then costs least to translate. Null: any linear audio.
    static SoundOpener make(const Codec* wanted);

    // The file that serves a path without extension best; empty when there is none.
    std::string find(const std::string& base) const;
    // The same for a prompt's name in the folders of the settings.
    std::string find_prompt(const SoundSettings& settings, std::string_view name, std::string_view language) const;
    // Errors: not_found, invalid, failed.
    Result<OpenedSound> open(const std::string& path) const;
    bool empty() const { return candidates_.empty(); }

  private:
    struct Candidate {
        Gate::Pass pass;
        std::shared_ptr<const SoundFileFormat> format;
        std::string extension;
        const Codec* codec;
    };
    const Candidate* candidate_for(const std::string& path) const;
    std::vector<Candidate> candidates_;
};

// Plays it from `start` on. Never waits; any thread, but the Source belongs to one.
std::unique_ptr<Source> make_file_source(OpenedSound sound, std::chrono::milliseconds start = {});

// One frame or block of a codec: what a file can be cut at.
struct CodecUnit {
    std::size_t bytes = 1;
    unsigned samples = 1;
};
CodecUnit codec_unit(const Codec& codec);
// Fills `payload` with silence as the codec encodes it.
void fill_with_silence(const Codec& codec, std::span<std::uint8_t> payload);

// The registered format of that name or extension and the pass of its module. Control thread.
struct FoundFormat {
    std::shared_ptr<const SoundFileFormat> format;
    Gate::Pass pass;
};
Result<FoundFormat> find_sound_format(std::string_view name);

}  // namespace jackfield
