// A window of a file too large to keep: the pool reads ahead of a media thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/media/disk_pump.hpp"
#include "core/media/prompt_cache.hpp"
#include "core/media/sound_opener.hpp"

namespace jackfield {

// One reader on a media thread, one job in the pool. Three chunks of a second each.
class ReadAhead final : public DiskWork {
  public:
    struct File {
        int descriptor = -1;  // taken over
        FileVersion version;
        std::uint64_t offset = 0;  // of the payload
        std::uint64_t bytes = 0;   // of the codec
        const SoundFileFormat::Packing* packing = nullptr;
        Gate::Pass pass;  // of the module that has the packing's code
    };
    ReadAhead(File file, const Codec& codec);
    ~ReadAhead() override;

    std::uint64_t bytes() const { return file_.bytes; }
    // Media thread. What is there from `position` on, in one piece; empty: not read yet, or behind the end.
    std::span<const std::uint8_t> at(std::uint64_t position);
    // The file changed under us or can't be read: what was read before may be played to its end.
    bool failed() const { return failed_.load(std::memory_order_acquire); }

    // Reads what the window around `position` lacks, before anybody plays. Blocks.
    void fill(std::uint64_t position);

  protected:
    bool wants() const override;
    void work() override;

  private:
    struct Chunk {
        std::atomic<bool> full{false};  // true: the media thread's, false: the pool's
        std::uint64_t number = 0;
        std::vector<std::uint8_t> bytes;
    };
    static constexpr std::size_t chunks = 3;

    std::uint64_t last_number() const { return file_.bytes ? (file_.bytes - 1) / chunk_bytes_ : 0; }
    bool read(std::uint64_t number, std::vector<std::uint8_t>& bytes);

    File file_;
    std::size_t chunk_bytes_;
    std::array<Chunk, chunks> window_;
    std::atomic<std::uint64_t> wanted_{0};  // number of the chunk that is played
    std::atomic<bool> failed_{false};
    std::vector<std::uint8_t> packed_;  // the pool's
};

}  // namespace jackfield
