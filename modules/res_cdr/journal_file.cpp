// Records as bytes of a file, and cursor files.
#include "modules/res_cdr/journal_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

namespace jackfield::cdr {
namespace {

// Before each record.
struct Frame {
    std::uint32_t size, checksum;
};
constexpr std::size_t longest_frame = 64 * 1024;

std::uint32_t checksum_of(std::string_view bytes) {  // FNV-1a
    std::uint32_t hash = 2166136261u;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}
std::uint32_t checksum_of(const CursorState& state) {
    return checksum_of(std::string_view(reinterpret_cast<const char*>(&state), offsetof(CursorState, checksum)));
}

}  // namespace

SpoolFile& SpoolFile::operator=(SpoolFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}
SpoolFile::~SpoolFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::unexpected<Error> disk_error(std::string_view what, const std::string& path) {
    return fail(ErrorCode::failed, "{} {}: {}", what, path, std::strerror(errno));
}

SpoolFile open_spool_file(const std::string& path, int flags) { return SpoolFile(::open(path.c_str(), flags | O_CLOEXEC, 0640)); }

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(descriptor, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

void append_framed(std::string& bytes, const Record& record) {
    const Frame frame{static_cast<std::uint32_t>(record.bytes().size()), checksum_of(record.bytes())};
    bytes.append(reinterpret_cast<const char*>(&frame), sizeof frame).append(record.bytes());
}

std::uint64_t take_framed(std::string_view bytes, std::size_t most, std::vector<Record>& records) {
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

Result<std::optional<CursorState>> read_cursor(int descriptor) {
    CursorState state;
    const ssize_t got = ::pread(descriptor, &state, sizeof state, 0);
    if (got == 0) return std::optional<CursorState>();
    if (got != sizeof state || state.checksum != checksum_of(state)) return fail(ErrorCode::failed, "it is damaged");
    return state;
}

bool write_cursor(int descriptor, CursorState state) {
    state.checksum = checksum_of(state);
    return ::pwrite(descriptor, &state, sizeof state, 0) == sizeof state;
}

}  // namespace jackfield::cdr
