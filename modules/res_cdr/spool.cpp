// Spool files: appending, reading, the cursor.
#include "modules/res_cdr/spool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"

namespace jackfield::cdr {
namespace {

// Before each record: its length and a checksum of its bytes.
struct Frame {
    std::uint32_t size, checksum;
};
constexpr std::size_t longest_frame = 64 * 1024;
constexpr std::size_t read_bytes = 1024 * 1024;  // of a batch at most

struct Cursor {
    std::uint64_t segment, offset, end, checksum;
};

std::uint32_t checksum_of(std::string_view bytes) {  // FNV-1a
    std::uint32_t hash = 2166136261u;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}
std::uint64_t checksum_of(const Cursor& cursor) {
    return (cursor.segment * 0x9e3779b97f4a7c15u ^ cursor.offset) * 0x9e3779b97f4a7c15u ^ cursor.end ^ 0x4a61636bu;
}

std::unexpected<Error> disk_error(std::string_view what, const std::string& path) {
    return fail(ErrorCode::failed, "{} {}: {}", what, path, std::strerror(errno));
}

SpoolFile open_file(const std::string& path, int flags) { return SpoolFile(::open(path.c_str(), flags | O_CLOEXEC, 0640)); }

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(descriptor, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

// The whole records at the beginning of `bytes`, and how many bytes they take.
std::uint64_t take_records(std::string_view bytes, std::size_t most, std::vector<Record>& records) {
    std::uint64_t taken = 0;
    while (records.size() < most && bytes.size() >= sizeof(Frame)) {
        Frame frame;
        std::memcpy(&frame, bytes.data(), sizeof frame);
        if (frame.size == 0 || frame.size > longest_frame || bytes.size() - sizeof frame < frame.size) break;
        const std::string_view body = bytes.substr(sizeof frame, frame.size);
        if (checksum_of(body) != frame.checksum) break;
        auto record = Record::decode(std::string(body));
        if (!record) break;
        records.push_back(std::move(*record));
        taken += sizeof frame + frame.size;
        bytes.remove_prefix(sizeof frame + frame.size);
    }
    return taken;
}

}  // namespace

SpoolFile& SpoolFile::operator=(SpoolFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}
SpoolFile::~SpoolFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Spool::Spool(std::string folder, std::string name, std::uint64_t limit)
    : folder_(std::move(folder)), name_(std::move(name)), limit_(limit) {}

std::string Spool::segment_path(std::uint64_t segment) const { return fmt::format("{}/{}-{:08}.spool", folder_, name_, segment); }

Result<void> Spool::open() {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    std::uint64_t first = 0, last = 0, bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
        std::string file = entry.path().filename().string();
        if (!file.starts_with(name_ + "-") || !file.ends_with(".spool")) continue;
        const auto number = parse_number<std::uint64_t>(std::string_view(file).substr(name_.size() + 1, file.size() - name_.size() - 7));
        if (!number) continue;
        first = first ? std::min(first, *number) : *number;
        last = std::max(last, *number);
        bytes += entry.file_size(error);
    }
    cursor_file_ = open_file(fmt::format("{}/{}.cursor", folder_, name_), O_RDWR | O_CREAT);
    if (!cursor_file_) return disk_error("can't make the spool file", fmt::format("{}/{}.cursor", folder_, name_));
    segment_ = std::max<std::uint64_t>(first, 1);
    Cursor cursor{};
    const bool known = ::pread(cursor_file_.get(), &cursor, sizeof cursor, 0) == sizeof cursor && cursor.checksum == checksum_of(cursor);
    if (known && cursor.segment == segment_) {
        offset_ = cursor.offset;
        end_ = cursor.end;
        interrupted_ = end_ > offset_;
    }
    // A torn end belongs to an earlier run, so what this one writes begins with a file of its own.
    out_segment_ = last + 1;
    bytes_ = bytes;
    if (last == 0) segment_ = out_segment_;
    read_ = pack(segment_, offset_);
    appended_ = pack(out_segment_, 0);
    return {};
}

Result<void> Spool::append(std::span<const Record> records) {
    buffer_.clear();
    for (const Record& record : records) {
        const Frame frame{static_cast<std::uint32_t>(record.bytes().size()), checksum_of(record.bytes())};
        buffer_.append(reinterpret_cast<const char*>(&frame), sizeof frame).append(record.bytes());
    }
    if (bytes() + buffer_.size() > limit_)
        return fail(ErrorCode::limit, "the spool of {} has {} bytes, no more are allowed", name_, bytes());
    if (!out_ || out_offset_ >= segment_bytes) {
        const std::uint64_t segment = out_ ? out_segment_ + 1 : out_segment_;
        auto file = open_file(segment_path(segment), O_WRONLY | O_CREAT | O_TRUNC);
        if (!file) return disk_error("can't make the spool file", segment_path(segment));
        out_ = std::move(file);
        out_segment_ = segment;
        out_offset_ = 0;
    }
    if (!write_all(out_.get(), buffer_)) {
        auto failed = disk_error("can't write the spool file", segment_path(out_segment_));
        if (::ftruncate(out_.get(), static_cast<off_t>(out_offset_)) == 0) (void)::lseek(out_.get(), static_cast<off_t>(out_offset_), SEEK_SET);
        return failed;
    }
    out_offset_ += buffer_.size();
    bytes_ += buffer_.size();
    appended_.store(pack(out_segment_, out_offset_), std::memory_order_release);
    return {};
}

Result<void> Spool::save_cursor(std::uint64_t end) {
    Cursor cursor{segment_, offset_, end, 0};
    cursor.checksum = checksum_of(cursor);
    if (::pwrite(cursor_file_.get(), &cursor, sizeof cursor, 0) != sizeof cursor)
        return disk_error("can't write the spool file", fmt::format("{}/{}.cursor", folder_, name_));
    end_ = end;
    return {};
}

// All of the segment is written: the next one there is, if the appender has begun one.
Result<void> Spool::leave_segment() {
    in_ = SpoolFile();
    struct stat status {};
    if (::stat(segment_path(segment_).c_str(), &status) == 0) {
        (void)::unlink(segment_path(segment_).c_str());
        bytes_ -= std::min<std::uint64_t>(bytes(), static_cast<std::uint64_t>(status.st_size));
    }
    ++segment_;
    offset_ = 0;
    interrupted_ = false;
    read_.store(pack(segment_, 0), std::memory_order_release);
    return save_cursor(0);
}

// Opens the segment with the next record. False: there is none.
Result<bool> Spool::find_place() {
    for (;;) {
        const std::uint64_t appended = appended_.load(std::memory_order_acquire);
        if (pack(segment_, offset_) >= appended) return false;
        if (!in_) in_ = open_file(segment_path(segment_), O_RDONLY);
        const bool last = segment_ == appended >> 32;
        if (!in_ && (errno != ENOENT || last)) return disk_error("can't read the spool file", segment_path(segment_));
        struct stat status {};
        if (in_ && (last || (::fstat(in_.get(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) > offset_))) return true;
        JF_TRY(leave_segment());
    }
}

Result<Spool::Batch> Spool::next(std::size_t most) {
    for (;;) {
        if (!JF_TRY(find_place())) return Batch();
        const std::uint64_t appended = appended_.load(std::memory_order_acquire);
        const bool last = segment_ == appended >> 32;
        std::uint64_t size = read_bytes;
        if (last) size = std::min(size, (appended & 0xffffffffu) - offset_);
        if (interrupted_) size = end_ - offset_;
        std::string bytes(size, '\0');
        const ssize_t got = ::pread(in_.get(), bytes.data(), size, static_cast<off_t>(offset_));
        if (got < 0) return disk_error("can't read the spool file", segment_path(segment_));
        Batch batch;
        const std::uint64_t taken =
            take_records(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)), interrupted_ ? SIZE_MAX : most, batch.records);
        if (batch.records.empty()) {
            log_warning("{} holds no whole record behind byte {}: the rest is left out", segment_path(segment_), offset_);
            if (last) return fail(ErrorCode::failed, "{} is damaged", segment_path(segment_));
            JF_TRY(leave_segment());
            continue;
        }
        batch.perhaps_written = interrupted_;
        JF_TRY(save_cursor(offset_ + taken));
        interrupted_ = true;
        return batch;
    }
}

Result<void> Spool::written() {
    offset_ = end_;
    interrupted_ = false;
    read_.store(pack(segment_, offset_), std::memory_order_release);
    return save_cursor(0);
}

Result<void> Spool::not_written() {
    interrupted_ = false;
    return save_cursor(0);
}

Result<void> Spool::put_aside(const Batch& batch, std::string_view reason) {
    std::string text;
    for (const Record& record : batch.records) {
        text += fmt::format("; {}\n", reason);
        for (const auto& [name, value] : record.fields()) text += fmt::format("{}={}\n", name, value);
        text += '\n';
    }
    const std::string path = fmt::format("{}/{}.rejected", folder_, name_);
    const auto file = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!file || !write_all(file.get(), text)) return disk_error("can't write", path);
    return {};
}

void Spool::tidy() {
    if (!empty()) return;
    out_ = SpoolFile();
    in_ = SpoolFile();
    std::error_code error;
    for (std::uint64_t segment = segment_; segment <= out_segment_; ++segment) std::filesystem::remove(segment_path(segment), error);
    std::filesystem::remove(fmt::format("{}/{}.cursor", folder_, name_), error);
}

}  // namespace jackfield::cdr
