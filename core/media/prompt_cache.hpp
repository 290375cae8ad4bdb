// Prompts in memory: immutable, shared by all who play them, and forgotten when not played for long.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/media/sound_opener.hpp"

namespace jackfield {

// What tells one version of a file from another.
struct FileVersion {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of its last change
    static FileVersion of(const struct stat& status);
    bool operator==(const FileVersion&) const = default;
};

// Threads of the pool.
class PromptCache {
  public:
    explicit PromptCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}
    // Null when it is not there in that version.
    std::shared_ptr<const Sound> find(const std::string& path, const FileVersion& version);
    // Keeps it, and drops those that were asked for least lately until all fit.
    void keep(const std::string& path, const FileVersion& version, std::shared_ptr<const Sound> sound);
    void set_limit(std::size_t most_bytes);
    std::size_t bytes() const;

  private:
    struct Entry {
        std::string path;
        FileVersion version;
        std::shared_ptr<const Sound> sound;
    };
    using Entries = std::list<Entry>;
    void forget(Entries::iterator entry);
    void shrink();

    mutable std::mutex mutex_;
    std::size_t most_bytes_, bytes_ = 0;
    Entries entries_;  // used last first
    std::unordered_map<std::string, Entries::iterator> by_path_;
};

}  // namespace jackfield
