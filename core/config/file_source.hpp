// Where configuration text comes from: the disk, or a test's memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

// What tells one version of a file from another without reading it.
struct FileStamp {
    std::uint64_t size = 0;
    std::chrono::nanoseconds modified{};  // since 1970
    bool operator==(const FileStamp&) const = default;
};

// Must be safe to use from several threads at once. Blocks on the disk: not for the control thread with big files.
class FileSource {
  public:
    virtual ~FileSource() = default;
    struct Content {
        std::string text;
        FileStamp stamp;
    };
    // Errors: not_found, refused, invalid (not a regular file), limit (larger than most bytes).
    virtual Result<Content> read(const std::string& path, std::size_t most) const = 0;
    virtual Result<FileStamp> stamp(const std::string& path) const = 0;
    // Paths that match a pattern with * ? [], sorted; hidden files are left out unless the pattern names the dot.
    virtual std::vector<std::string> expand(const std::string& pattern) const = 0;
};

class DiskFiles final : public FileSource {
  public:
    Result<Content> read(const std::string& path, std::size_t most) const override;
    Result<FileStamp> stamp(const std::string& path) const override;
    std::vector<std::string> expand(const std::string& pattern) const override;
};

// Files by full path, for tests and fuzzing; patterns know * and ? only. Change it only while nobody reads.
class MemoryFiles final : public FileSource {
  public:
    // A file's stamp changes whenever it is set.
    void set(std::string path, std::string text);
    void remove(const std::string& path) { files_.erase(path); }
    Result<Content> read(const std::string& path, std::size_t most) const override;
    Result<FileStamp> stamp(const std::string& path) const override;
    std::vector<std::string> expand(const std::string& pattern) const override;

  private:
    std::map<std::string, Content, std::less<>> files_;
    std::int64_t version_ = 0;
};

}  // namespace jackfield
