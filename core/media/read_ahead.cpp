// Reading ahead of a media thread.
#include "core/media/read_ahead.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

namespace jackfield {
namespace {

// About a second of audio, in whole frames and whole blocks of the file.
std::size_t choose_chunk(const Codec& codec, const SoundFileFormat::Packing* packing) {
    const CodecUnit unit = codec_unit(codec);
    const std::size_t step = packing ? std::lcm(unit.bytes, packing->codec_bytes) : unit.bytes;
    const std::size_t second = std::size_t{codec.rate.hz} * unit.bytes / unit.samples;
    return std::max<std::size_t>(second / step, 1) * step;
}

bool read_all(int descriptor, std::uint8_t* to, std::size_t bytes, std::uint64_t from) {
    while (bytes > 0) {
        const ssize_t got = pread(descriptor, to, bytes, static_cast<off_t>(from));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        from += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

ReadAhead::ReadAhead(File file, const Codec& codec)
    : file_(std::move(file)), chunk_bytes_(choose_chunk(codec, file_.packing)) {}

ReadAhead::~ReadAhead() {
    if (file_.descriptor >= 0) close(file_.descriptor);
}

std::span<const std::uint8_t> ReadAhead::at(std::uint64_t position) {
    if (position >= file_.bytes) return {};
    const std::uint64_t number = position / chunk_bytes_;
    wanted_.store(number, std::memory_order_release);
    std::span<const std::uint8_t> found;
    for (Chunk& chunk : window_) {
        if (!chunk.full.load(std::memory_order_acquire)) continue;
        if (chunk.number == number)
            found = std::span(chunk.bytes).subspan(std::min<std::size_t>(position % chunk_bytes_, chunk.bytes.size()));
        else if (chunk.number < number || chunk.number >= number + chunks)
            chunk.full.store(false, std::memory_order_release);  // played, or left behind by a jump
    }
    return found;
}

bool ReadAhead::wants() const {
    if (failed()) return false;
    const std::uint64_t first = wanted_.load(std::memory_order_acquire);
    std::size_t ready = 0;
    for (const Chunk& chunk : window_) ready += chunk.full.load(std::memory_order_acquire);
    return ready < std::min<std::uint64_t>(chunks, last_number() - std::min(first, last_number()) + 1);
}

void ReadAhead::work() { fill(wanted_.load(std::memory_order_acquire) * chunk_bytes_); }

void ReadAhead::fill(std::uint64_t position) {
    const std::uint64_t first = position / chunk_bytes_;
    for (std::uint64_t number = first; number < first + chunks && number <= last_number() && file_.bytes; ++number) {
        Chunk* empty = nullptr;
        bool there = false;
        for (Chunk& chunk : window_) {
            if (!chunk.full.load(std::memory_order_acquire))
                empty = &chunk;
            else if (chunk.number == number)
                there = true;
        }
        if (there) continue;
        if (!empty) return;  // the media thread has not yet given back what it left behind
        if (!read(number, empty->bytes)) return failed_.store(true, std::memory_order_release);
        empty->number = number;
        empty->full.store(true, std::memory_order_release);
    }
}

// False when the file is not what it was: bytes of two versions never come together.
bool ReadAhead::read(std::uint64_t number, std::vector<std::uint8_t>& bytes) {
    const std::uint64_t from = number * chunk_bytes_;
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes_, file_.bytes - from));
    bytes.resize(wanted);
    if (const auto* packing = file_.packing) {
        const std::size_t blocks = wanted / packing->codec_bytes;
        packed_.resize(blocks * packing->file_bytes);
        if (!read_all(file_.descriptor, packed_.data(), packed_.size(),
                      file_.offset + from / packing->codec_bytes * packing->file_bytes))
            return false;
        for (std::size_t i = 0; i < blocks; ++i)
            packing->unpack(std::span(packed_).subspan(i * packing->file_bytes, packing->file_bytes),
                            std::span(bytes).subspan(i * packing->codec_bytes, packing->codec_bytes));
    } else if (!read_all(file_.descriptor, bytes.data(), wanted, file_.offset + from)) {
        return false;
    }
    struct stat status {};
    return fstat(file_.descriptor, &status) == 0 && FileVersion::of(status) == file_.version;
}

}  // namespace jackfield
