#include "apps/alarm_receiver/event_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace jackfield::alarm {
namespace {

std::unexpected<Error> failed(std::string_view what, std::string_view path) {
    return fail(ErrorCode::failed, "{} can't be {}: {}", path, what, strerror(errno));
}

}  // namespace

Result<EventFile> EventFile::create(std::string_view folder) {
    std::string path = fmt::format("{}/.event-XXXXXX", folder);
    const int descriptor = mkostemp(path.data(), O_CLOEXEC);
    if (descriptor < 0) return failed("written (eventspooldir in alarmreceiver.conf)", folder);
    return EventFile(descriptor, std::move(path));
}

EventFile::EventFile(EventFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

EventFile::~EventFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

Result<void> EventFile::append(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(descriptor_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed("written", path_);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(descriptor_) != 0) return failed("written", path_);
    return {};
}

Result<std::string> EventFile::publish() {
    const std::size_t name = path_.rfind('/') + 1;
    std::string published = path_.substr(0, name) + path_.substr(name + 1);
    bool renamed = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, published.c_str(), RENAME_NOREPLACE) == 0;
    if (!renamed && errno == EINVAL) renamed = rename(path_.c_str(), published.c_str()) == 0;  // NFS has no RENAME_NOREPLACE
    if (!renamed) return failed("renamed", path_);
    return published;
}

}  // namespace jackfield::alarm
