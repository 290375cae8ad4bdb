// Prompts in memory, those used least lately dropped first.
#include "core/media/prompt_cache.hpp"

#include <utility>

namespace jackfield {

FileVersion FileVersion::of(const struct stat& status) {
    return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
            status.st_mtim.tv_nsec};
}

std::shared_ptr<const Sound> PromptCache::find(const std::string& path, const FileVersion& version) {
    const std::lock_guard lock(mutex_);
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return nullptr;
    if (found->second->version != version) {
        forget(found->second);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->sound;
}

void PromptCache::keep(const std::string& path, const FileVersion& version, std::shared_ptr<const Sound> sound) {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_path_.find(path); known != by_path_.end()) forget(known->second);
    bytes_ += sound->payload.size();
    entries_.push_front({path, version, std::move(sound)});
    by_path_[path] = entries_.begin();
    shrink();
}

void PromptCache::set_limit(std::size_t most_bytes) {
    const std::lock_guard lock(mutex_);
    most_bytes_ = most_bytes;
    shrink();
}

std::size_t PromptCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

void PromptCache::forget(Entries::iterator entry) {
    bytes_ -= entry->sound->payload.size();
    by_path_.erase(entry->path);
    entries_.erase(entry);
}

void PromptCache::shrink() {
    while (bytes_ > most_bytes_ && !entries_.empty()) forget(std::prev(entries_.end()));
}

}  // namespace jackfield
