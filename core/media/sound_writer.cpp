// Writes a sound file.
#include "core/media/sound_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace jackfield {

SoundWriter::SoundWriter(FoundFormat format, std::string path, const Codec* codec)
    : format_(std::move(format)), path_(std::move(path)), codec_(codec), linear_(linear_codec(codec->rate)) {
    take_encoded_ = [this](const Frame& frame) {
        encoded_.insert(encoded_.end(), frame.payload.begin(), frame.payload.end());
    };
}

SoundWriter::~SoundWriter() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::unique_ptr<SoundWriter>> SoundWriter::make(const std::string& path, const std::string& format) {
    FoundFormat found = JF_TRY(find_sound_format(format));
    const auto& extensions = found.format->extensions;
    const auto named = std::find(extensions.begin(), extensions.end(), format);
    const std::string& extension = named == extensions.end() ? extensions.front() : *named;
    const Codec* codec = find_codec(found.format->codec);
    if (!codec || !linear_codec(codec->rate))
        return fail(ErrorCode::unsupported, "format {} can't be written: codec {} has no linear form", format,
                    found.format->codec);
    std::unique_ptr<SoundWriter> writer(new SoundWriter(std::move(found), path + "." + extension, codec));
    if (!codec->linear) writer->encoder_ = JF_TRY(TranslationPath::find(writer->linear_, codec));
    return writer;
}

std::unexpected<Error> SoundWriter::file_failure(const char* what) const {
    const ErrorCode code = errno == EACCES || errno == EROFS ? ErrorCode::refused : ErrorCode::failed;
    return fail(code, "can't {} {}: {}", what, path_, std::strerror(errno));
}

// Payload in the file for that many bytes of the codec.
std::uint64_t SoundWriter::file_bytes(std::uint64_t codec_bytes) const {
    const auto* packing = format_.format->packing;
    return packing ? codec_bytes / packing->codec_bytes * packing->file_bytes : codec_bytes;
}

Result<void> SoundWriter::open(bool append) {
    std::error_code ignored;  // the open below tells what is wrong
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | (append ? 0 : O_TRUNC), 0666);
    if (descriptor_ < 0) return file_failure("open");
    struct stat status {};
    if (fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode))
        return fail(ErrorCode::invalid, "{} is no ordinary file", path_);
    if (append && status.st_size > 0) return open_at_end();
    if (format_.format->make_header) {
        const auto header = format_.format->make_header(0);
        offset_ = header.size();
        JF_TRY(write_all(header, 0));
    }
    return {};
}

Result<void> SoundWriter::open_at_end() {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) return file_failure("read");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    payload_ = size;
    if (format_.format->read_header) {
        std::vector<std::uint8_t> head(std::min<std::uint64_t>(size, 64 * 1024));
        const ssize_t got = pread(descriptor_, head.data(), head.size(), 0);
        if (got < 0) return file_failure("read");
        head.resize(static_cast<std::size_t>(got));
        const auto layout = format_.format->read_header(head);
        if (!layout) return fail(ErrorCode::invalid, "can't append to {}: {}", path_, layout.error().text);
        const std::size_t own = format_.format->make_header ? format_.format->make_header(0).size() : 0;
        if (layout->offset != own || layout->offset > size || (layout->codec && layout->codec != codec_))
            return fail(ErrorCode::invalid, "can't append to {}: another program wrote it in a form of its own", path_);
        offset_ = layout->offset;
        payload_ = std::min<std::uint64_t>(size - offset_, layout->length.value_or(size));
    }
    // A frame that was cut short would put all that follows out of step.
    const auto* packing = format_.format->packing;
    const std::uint64_t block = packing ? packing->file_bytes : codec_unit(*codec_).bytes;
    payload_ = payload_ / block * block;
    return {};
}

Result<void> SoundWriter::write(std::span<const std::int16_t> pcm) {
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(pcm.data()), pcm.size_bytes());
    if (!encoder_) return put(bytes);
    encoded_.clear();
    // In pieces of 20 ms, as codecs give one packet for each.
    const std::size_t step = linear_->rate.hz / 50 * 2;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        Frame frame{.codec = linear_, .payload = bytes.subspan(at, std::min(step, bytes.size() - at))};
        frame.timestamp = timestamp_;
        frame.samples = static_cast<std::uint16_t>(frame.payload.size() / 2);
        timestamp_ += frame.samples;
        encoder_->translate(frame, take_encoded_);
    }
    return put(encoded_);
}

Result<void> SoundWriter::put(std::span<const std::uint8_t> payload) {
    const auto* packing = format_.format->packing;
    if (!packing) {
        JF_TRY(write_all(payload, offset_ + payload_));
        payload_ += payload.size();
        return {};
    }
    partial_.insert(partial_.end(), payload.begin(), payload.end());
    const std::size_t blocks = partial_.size() / packing->codec_bytes;
    std::vector<std::uint8_t> packed(blocks * packing->file_bytes);
    for (std::size_t i = 0; i < blocks; ++i)
        packing->pack(std::span(partial_).subspan(i * packing->codec_bytes, packing->codec_bytes),
                      std::span(packed).subspan(i * packing->file_bytes, packing->file_bytes));
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(blocks * packing->codec_bytes));
    JF_TRY(write_all(packed, offset_ + payload_));
    payload_ += packed.size();
    return {};
}

Result<void> SoundWriter::write_all(std::span<const std::uint8_t> bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return file_failure("write");
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        at += static_cast<std::uint64_t>(put);
    }
    return {};
}

Result<void> SoundWriter::close(std::chrono::milliseconds drop_last) {
    if (descriptor_ < 0) return {};
    const CodecUnit unit = codec_unit(*codec_);
    if (drop_last.count() > 0) {
        const auto* packing = format_.format->packing;
        const auto samples = static_cast<std::uint64_t>(drop_last.count()) * codec_->rate.hz / 1000;
        const std::uint64_t drop = file_bytes(samples / unit.samples * unit.bytes);
        payload_ -= std::min(drop, payload_);
        if (packing) payload_ = payload_ / packing->file_bytes * packing->file_bytes;
    }
    Result<void> done;
    // What an appended file had behind its payload, and what was dropped.
    if (ftruncate(descriptor_, static_cast<off_t>(offset_ + payload_)) != 0) done = file_failure("cut");
    if (done && format_.format->make_header) done = write_all(format_.format->make_header(payload_), 0);
    if (::close(std::exchange(descriptor_, -1)) != 0 && done) done = file_failure("close");
    return done;
}

}  // namespace jackfield
