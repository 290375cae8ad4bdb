// Finds and opens sound files. Everything here but make() blocks on the disk.
#include "core/media/sound_opener.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/strings.hpp"
#include "core/media/prompt_cache.hpp"
#include "core/media/read_ahead.hpp"
#include "core/media/sound_search.hpp"

namespace jackfield {
namespace {

constexpr std::size_t most_in_memory = 1024 * 1024;  // of payload
constexpr std::size_t longest_header = 64 * 1024;

PromptCache& cache() {
    static PromptCache the_cache(SoundSettings{}.cache_bytes);
    return the_cache;
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

bool is_file(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// Up to `bytes` bytes from the start of the file.
Result<std::vector<std::uint8_t>> read_start(int descriptor, std::size_t bytes, const std::string& path) {
    std::vector<std::uint8_t> start(bytes);
    std::size_t filled = 0;
    while (filled < bytes) {
        const ssize_t got = pread(descriptor, start.data() + filled, bytes - filled, static_cast<off_t>(filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::failed, "can't read {}: {}", path, std::strerror(errno));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    start.resize(filled);
    return start;
}

// Where the payload is, and how long it is as the codec's bytes.
struct Payload {
    const Codec* codec;
    std::uint64_t offset, file_bytes, codec_bytes;
};
Result<Payload> find_payload(const SoundFileFormat& format, const Codec* codec, std::span<const std::uint8_t> head,
                             std::uint64_t size, const std::string& path) {
    Payload payload{codec, 0, size, 0};
    if (format.read_header) {
        auto layout = format.read_header(head);
        if (!layout) return fail(layout.error().code, "{}: {}", path, layout.error().text);
        payload.offset = layout->offset;
        if (layout->codec) payload.codec = layout->codec;
        if (payload.offset > size) return fail(ErrorCode::invalid, "{} ends within its header", path);
        payload.file_bytes = std::min<std::uint64_t>(size - payload.offset, layout->length.value_or(size));
    }
    const CodecUnit unit = codec_unit(*payload.codec);
    payload.codec_bytes = format.packing ? payload.file_bytes / format.packing->file_bytes * format.packing->codec_bytes
                                         : payload.file_bytes / unit.bytes * unit.bytes;
    return payload;
}

std::vector<std::uint8_t> unpack(const SoundFileFormat& format, const Payload& payload,
                                 std::span<const std::uint8_t> file) {
    const auto packed = file.subspan(payload.offset, payload.file_bytes);
    std::vector<std::uint8_t> bytes(payload.codec_bytes);
    if (!format.packing) {
        std::copy_n(packed.begin(), bytes.size(), bytes.begin());
        return bytes;
    }
    const auto& packing = *format.packing;
    for (std::size_t i = 0; i < bytes.size() / packing.codec_bytes; ++i)
        packing.unpack(packed.subspan(i * packing.file_bytes, packing.file_bytes),
                       std::span(bytes).subspan(i * packing.codec_bytes, packing.codec_bytes));
    return bytes;
}

}  // namespace

std::chrono::milliseconds OpenedSound::length() const {
    const CodecUnit unit = codec_unit(*codec);
    return std::chrono::milliseconds(bytes / unit.bytes * unit.samples * 1000 / codec->rate.hz);
}

CodecUnit codec_unit(const Codec& codec) {
    static constexpr std::array<std::uint8_t, 64> zeros{};
    if (codec.linear) return {2, 1};
    // The shortest payload that is a frame: 1 byte of u-law, 33 bytes of GSM, 10 of G.729.
    for (std::size_t bytes = 1; codec.samples && bytes <= zeros.size(); ++bytes)
        if (const unsigned samples = codec.samples(std::span(zeros).first(bytes))) return {bytes, samples};
    return {};
}

void fill_with_silence(const Codec& codec, std::span<std::uint8_t> payload) {
    // Silence through libgsm's encoder (GSM 06.10), and through G.722's once its predictors have settled.
    static constexpr std::array<std::uint8_t, 33> gsm{0xd8, 0x20, 0xa2, 0xe1, 0x5a, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49,
                                                      0x24, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49, 0x24, 0x50, 0x00, 0x49,
                                                      0x24, 0x92, 0x49, 0x24, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49, 0x24};
    if (codec.name == "gsm") {
        for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = gsm[i % gsm.size()];
        return;
    }
    const std::uint8_t value = codec.name == "ulaw"   ? 0xff
                               : codec.name == "alaw" ? 0xd5
                               : codec.name == "g722" ? 0xfa
                                                      : 0;
    std::fill(payload.begin(), payload.end(), value);
}

std::string SoundOpener::find(const std::string& base) const {
    for (const Candidate& candidate : candidates_)
        if (std::string path = base + "." + candidate.extension; is_file(path)) return path;
    return {};
}

std::string SoundOpener::find_prompt(const SoundSettings& settings, std::string_view name,
                                     std::string_view language) const {
    cache().set_limit(settings.cache_bytes);
    if (name.empty()) return {};
    if (name.starts_with('/')) return find(std::string(name));
    for (const std::string& one : language_order(language, settings.default_language)) {
        for (const std::string& directory : settings.directories) {
            const std::string folder = one.empty() ? directory : language_folder(directory, one);
            if (folder.empty()) continue;
            if (std::string path = find(folder + "/" + std::string(name)); !path.empty()) return path;
        }
    }
    return {};
}

const SoundOpener::Candidate* SoundOpener::candidate_for(const std::string& path) const {
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return nullptr;
    const std::string_view extension = std::string_view(path).substr(dot + 1);
    for (const Candidate& candidate : candidates_)
        if (candidate.extension == extension) return &candidate;
    for (const Candidate& candidate : candidates_)
        if (equals_ignoring_case(candidate.extension, extension)) return &candidate;
    return nullptr;
}

Result<OpenedSound> SoundOpener::open(const std::string& path) const {
    const Candidate* candidate = candidate_for(path);
    if (!candidate) return fail(ErrorCode::not_found, "{}: no format that is loaded has this extension", path);
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (file.get() < 0 || fstat(file.get(), &status) != 0)
        return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::failed, "can't open {}: {}", path,
                    std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid, "{} is no ordinary file", path);

    // A file that somebody writes meanwhile is read again; bytes of two versions never come together.
    for (int attempt = 0; attempt < 3; ++attempt) {
        const FileVersion version = FileVersion::of(status);
        if (auto known = cache().find(path, version))
            return OpenedSound{known->codec, known->payload.size(), known, nullptr};
        const bool small = version.size <= most_in_memory + longest_header;
        const auto start = JF_TRY(read_start(file.get(), small ? version.size : longest_header, path));
        if (fstat(file.get(), &status) != 0 || FileVersion::of(status) != version) continue;
        const Payload payload = JF_TRY(find_payload(*candidate->format, candidate->codec, start, version.size, path));
        if (small && start.size() == version.size) {
            auto sound =
                std::make_shared<const Sound>(Sound{payload.codec, unpack(*candidate->format, payload, start)});
            cache().keep(path, version, sound);
            return OpenedSound{payload.codec, sound->payload.size(), sound, nullptr};
        }
        ReadAhead::File large{file.release(),
                              version,
                              payload.offset,
                              payload.codec_bytes,
                              candidate->format->packing,
                              candidate->pass.gate()->hold()};
        auto ahead = std::make_shared<ReadAhead>(std::move(large), *payload.codec);
        ahead->fill(0);
        if (ahead->failed()) return fail(ErrorCode::failed, "{} changes while it is read; try again", path);
        return OpenedSound{payload.codec, payload.codec_bytes, nullptr, std::move(ahead)};
    }
    return fail(ErrorCode::busy, "{} is being written; try again when that has ended", path);
}

}  // namespace jackfield
