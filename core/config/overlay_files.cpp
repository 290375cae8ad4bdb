// Files of the disk, some of them with other contents.
#include "core/config/overlay_files.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// The time is one that the file on the disk never has, so that the next look at it compares contents.
FileStamp stamp_of(const std::string& text) { return {text.size(), std::chrono::nanoseconds(-1)}; }

}  // namespace

void OverlayFiles::set(Contents contents) {
    auto fresh = std::make_shared<const Contents>(std::move(contents));
    const std::lock_guard lock(mutex_);
    contents_ = std::move(fresh);
}

std::shared_ptr<const OverlayFiles::Contents> OverlayFiles::contents() const {
    const std::lock_guard lock(mutex_);
    return contents_;
}

Result<FileSource::Content> OverlayFiles::read(const std::string& path, std::size_t most) const {
    const auto contents = this->contents();
    const auto found = contents->find(path);
    if (found == contents->end()) return below_->read(path, most);
    if (!found->second) return fail(ErrorCode::not_found, "{} is to be removed", path);
    if (found->second->size() > most) return fail(ErrorCode::limit, "{} is larger than {} bytes", path, most);
    return Content{*found->second, stamp_of(*found->second)};
}

Result<FileStamp> OverlayFiles::stamp(const std::string& path) const {
    const auto contents = this->contents();
    const auto found = contents->find(path);
    if (found == contents->end()) return below_->stamp(path);
    if (!found->second) return fail(ErrorCode::not_found, "{} is to be removed", path);
    return stamp_of(*found->second);
}

std::vector<std::string> OverlayFiles::expand(const std::string& pattern) const {
    std::vector<std::string> paths = below_->expand(pattern);
    for (const auto& [path, text] : *contents()) {
        const auto at = std::ranges::lower_bound(paths, path);
        const bool there = at != paths.end() && *at == path;
        if (there && !text) paths.erase(at);
        if (!there && text && matches_glob(path, pattern) &&
            std::ranges::count(path, '/') == std::ranges::count(pattern, '/'))
            paths.insert(at, path);
    }
    return paths;
}

}  // namespace jackfield
