// Appending to files of text.
#include "modules/res_cdr/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>

namespace jackfield {
namespace {

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

// A batch's number, and the file's size when it was begun.
struct BatchMark {
    std::uint64_t batch, size;
};
constexpr const char* mark_name = "user.jackfield.batch";

// How much of the beginning of `text` the file ends with. `since`: what stands before that byte is older.
std::size_t written_part(int file, std::size_t size, std::size_t since, std::string_view text) {
    if (since > size) since = 0;  // it was cut short meanwhile
    std::string tail(std::min(size - since, text.size()), '\0');
    const ssize_t got = ::pread(file, tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
    if (got != static_cast<ssize_t>(tail.size())) return 0;
    for (std::size_t part = tail.size(); part > 0; --part)
        if (std::string_view(tail).substr(tail.size() - part) == text.substr(0, part)) return part;
    return 0;
}

// How much of `text` an earlier try has written. Marks the file when none has.
std::size_t begin_batch(int file, std::size_t size, std::string_view text, const RecordBatch& batch) {
    BatchMark mark{};
    if (batch.perhaps_written) {
        const ssize_t got = ::fgetxattr(file, mark_name, &mark, sizeof mark);
        if (got == sizeof mark && mark.batch == batch.number) return written_part(file, size, mark.size, text);
        if (got < 0 && errno != ENODATA) return written_part(file, size, 0, text);
    }
    mark = {batch.number, size};
    (void)::fsetxattr(file, mark_name, &mark, sizeof mark, 0);
    return 0;
}

}  // namespace

Result<void> append_records(const std::string& path, std::string_view text, const RecordBatch& batch) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    const Descriptor file{::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
    struct stat status {};
    if (file.number < 0 || ::fstat(file.number, &status) != 0)
        return fail(ErrorCode::failed, "can't open {}: {}", path, std::strerror(errno));
    text.remove_prefix(begin_batch(file.number, static_cast<std::size_t>(status.st_size), text, batch));
    while (!text.empty()) {
        const ssize_t done = ::write(file.number, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            auto failed = fail(ErrorCode::failed, "can't write {}: {}", path, std::strerror(errno));
            (void)!::ftruncate(file.number, status.st_size);
            return failed;
        }
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

std::string csv_quoted(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted += '"';
}

}  // namespace jackfield
