// A log file and its archives.
#include "core/base/log_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

std::atomic<LogFileWatcher> watcher{nullptr};

}  // namespace

void watch_log_files(LogFileWatcher wanted) { watcher = wanted; }

namespace detail {
namespace {

bool exists(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

// Highest number N of files named "<path>.N" or "<path>.N.<anything>" (a compressed archive); -1 when there is none.
int highest_archive(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
    const std::string prefix = path.substr(slash == path.npos ? 0 : slash + 1) + ".";
    int highest = -1;
    if (DIR* directory = ::opendir(folder.c_str())) {
        while (const dirent* entry = ::readdir(directory)) {
            const std::string_view name = entry->d_name;
            if (!name.starts_with(prefix)) continue;
            const auto number = parse_number<int>(split_once(name.substr(prefix.size()), '.').first);
            // Seconds since 1970 are archives of the other strategy.
            if (number && *number < 1'000'000) highest = std::max(highest, *number);
        }
        ::closedir(directory);
    }
    return highest;
}

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
    return fail(errno == EACCES ? ErrorCode::refused : ErrorCode::failed, "can't {} log file {}: {}", what, path,
                std::strerror(errno));
}

}  // namespace

Result<void> LogFile::open() {
    close();
    // Group may read, others not: logs hold numbers and names of people.
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    const int error = descriptor_ < 0 ? errno : 0;
    if (const LogFileWatcher told = watcher.load()) told(path_, error);
    errno = error;
    if (error) return failed("open", path_);
    return {};
}

void LogFile::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

bool LogFile::write(std::string_view text) {
    while (descriptor_ >= 0 && !text.empty()) {
        const auto written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return text.empty();
}

Result<std::string> LogFile::rotate(LogRotation strategy, WallTime now) {
    std::string archive;
    if (exists(path_)) {
        switch (strategy) {
            case LogRotation::none: break;
            case LogRotation::sequential: archive = fmt::format("{}.{}", path_, highest_archive(path_) + 1); break;
            case LogRotation::rotate: {
                int free = 0;
                while (exists(fmt::format("{}.{}", path_, free))) ++free;
                for (; free > 0; --free)
                    if (::rename(fmt::format("{}.{}", path_, free - 1).c_str(),
                                 fmt::format("{}.{}", path_, free).c_str()) != 0)
                        return failed("move an archive of", path_);
                archive = path_ + ".0";
                break;
            }
            case LogRotation::timestamp: {
                const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
                archive = fmt::format("{}.{}", path_, seconds);
                for (int i = 1; exists(archive); ++i) archive = fmt::format("{}.{}.{}", path_, seconds, i);
                break;
            }
        }
        if (!archive.empty() && ::rename(path_.c_str(), archive.c_str()) != 0) return failed("rename", path_);
    }
    if (auto opened = open(); !opened) return std::unexpected(std::move(opened).error());
    return archive;
}

Result<void> run_after_rotate(const std::string& command, const std::string& archive) {
    // The shell leaves the command behind and ends at once, so waiting for the shell waits for nothing else, and init
    // reaps the command.
    const std::string script = "( " + command + "\n) </dev/null >/dev/null 2>&1 &";
    // The name goes through the environment: a file name is never parsed as shell text.
    std::string filename = "filename=" + archive;
    std::vector<char*> environment;
    for (char** variable = environ; *variable; ++variable)
        if (!std::string_view(*variable).starts_with("filename=")) environment.push_back(*variable);
    environment.push_back(filename.data());
    environment.push_back(nullptr);
    const char* const arguments[] = {"sh", "-c", script.c_str(), nullptr};

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t child = -1;
    const int error = posix_spawn(&child, "/bin/sh", nullptr, &attributes, const_cast<char* const*>(arguments),
                                  environment.data());
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return fail(ErrorCode::failed, "can't run exec_after_rotate: {}", std::strerror(error));
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
    return {};
}

}  // namespace detail
}  // namespace jackfield
