// Where configuration text comes from.
#include "core/config/file_source.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

FileStamp stamp_of(const struct stat& status) {
    return {static_cast<std::uint64_t>(status.st_size),
            std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec)};
}

std::unexpected<Error> file_error(const std::string& path, int error) {
    const auto code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found
                      : error == EACCES                   ? ErrorCode::refused
                                                          : ErrorCode::failed;
    return fail(code, "can't read {}: {}", path, std::strerror(error));
}

}  // namespace

Result<FileSource::Content> DiskFiles::read(const std::string& path, std::size_t most) const {
    // O_NONBLOCK: opening a FIFO that nobody writes would hang the reload.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return file_error(path, errno);
    const struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } closer{descriptor};
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return file_error(path, errno);
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid, "{} is not a regular file", path);
    Content content;
    content.stamp = stamp_of(status);
    content.text.resize(std::min<std::size_t>(content.stamp.size, most) + 1);
    std::size_t size = 0;
    for (;;) {
        if (size > most) return fail(ErrorCode::limit, "{} is larger than {} bytes", path, most);
        if (size == content.text.size()) content.text.resize(size * 2);
        const auto got = ::read(descriptor, content.text.data() + size, content.text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error(path, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    content.text.resize(size);
    return content;
}

Result<FileStamp> DiskFiles::stamp(const std::string& path) const {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return file_error(path, errno);
    return stamp_of(status);
}

std::vector<std::string> DiskFiles::expand(const std::string& pattern) const {
    std::vector<std::string> paths;
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

void MemoryFiles::set(std::string path, std::string text) {
    const FileStamp stamp{text.size(), std::chrono::nanoseconds(++version_)};
    files_.insert_or_assign(std::move(path), Content{std::move(text), stamp});
}

Result<FileSource::Content> MemoryFiles::read(const std::string& path, std::size_t most) const {
    const auto found = files_.find(path);
    if (found == files_.end()) return file_error(path, ENOENT);
    if (found->second.text.size() > most) return fail(ErrorCode::limit, "{} is larger than {} bytes", path, most);
    return found->second;
}

Result<FileStamp> MemoryFiles::stamp(const std::string& path) const {
    const auto found = files_.find(path);
    if (found == files_.end()) return file_error(path, ENOENT);
    return found->second.stamp;
}

std::vector<std::string> MemoryFiles::expand(const std::string& pattern) const {
    std::vector<std::string> paths;
    for (const auto& [path, content] : files_)
        if (matches_glob(path, pattern)) paths.push_back(path);
    return paths;
}

}  // namespace jackfield
