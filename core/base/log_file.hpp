// A log file and its archives. Private to core/base.
#pragma once

#include <string>
#include <string_view>

#include "core/base/log_sink.hpp"

namespace jackfield::detail {

// Append-only file descriptor with rotation. One thread at a time.
class LogFile {
  public:
    explicit LogFile(std::string path) : path_(std::move(path)) {}
    ~LogFile() { close(); }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    const std::string& path() const { return path_; }
    bool is_open() const { return descriptor_ >= 0; }
    Result<void> open();
    void close();
    // False when not everything could be written (disk full, file closed).
    bool write(std::string_view text);
    // Renames the file as the strategy says and opens a new one. Returns the archive's path (empty: nothing renamed).
    Result<std::string> rotate(LogRotation strategy, WallTime now);

  private:
    std::string path_;
    int descriptor_ = -1;
};

// Starts `sh -c command` with the archive's path in $filename and does not wait for it.
Result<void> run_after_rotate(const std::string& command, const std::string& archive);

}  // namespace jackfield::detail
