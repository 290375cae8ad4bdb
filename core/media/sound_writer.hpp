// Writes a sound file: header, payload, cut at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/sound_opener.hpp"
#include "core/media/translator.hpp"

namespace jackfield {

// One thread at a time; everything but make() blocks on the disk.
class SoundWriter {
  public:
    // Control thread: finds the format and the way from linear audio to its codec. `path` without extension.
    // Errors: not_found, unsupported.
    static Result<std::unique_ptr<SoundWriter>> make(const std::string& path, const std::string& format);
    ~SoundWriter();  // closes without completing the header
    SoundWriter(const SoundWriter&) = delete;
    SoundWriter& operator=(const SoundWriter&) = delete;

    const Codec* linear() const { return linear_; }  // what write() takes
    const std::string& path() const { return path_; }

    Result<void> open(bool append);
    Result<void> write(std::span<const std::int16_t> pcm);
    // Cuts `drop_last` off the end, completes the header and closes.
    Result<void> close(std::chrono::milliseconds drop_last);

  private:
    SoundWriter(FoundFormat format, std::string path, const Codec* codec);
    Result<void> open_at_end();
    Result<void> put(std::span<const std::uint8_t> payload);
    Result<void> write_all(std::span<const std::uint8_t> bytes, std::uint64_t at);
    std::unexpected<Error> file_failure(const char* what) const;
    std::uint64_t file_bytes(std::uint64_t codec_bytes) const;

    FoundFormat format_;
    std::string path_;
    const Codec* codec_;
    const Codec* linear_;
    std::unique_ptr<TranslationPath> encoder_;  // null: the codec is linear
    std::function<void(const Frame&)> take_encoded_;
    std::vector<std::uint8_t> encoded_, partial_;  // what the encoder gave; the start of a block not complete yet
    int descriptor_ = -1;
    std::uint64_t offset_ = 0;   // of the payload
    std::uint64_t payload_ = 0;  // bytes of it in the file
    std::uint32_t timestamp_ = 0;
};

}  // namespace jackfield
