// Files of the disk, some of them with other contents.
#include "core/config/overlay_files.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// The time is one that neither the file on the disk nor another layer ever has, so that the next look at it compares contents.
FileStamp stamp_of(const std::string& text, std::int64_t layer) { return {text.size(), std::chrono::nanoseconds(-layer)}; }

}  // namespace

void OverlayFiles::set(Contents contents) {
    const std::lock_guard lock(mutex_);
    layer_ = std::make_shared<const Layer>(Layer{std::move(contents), layer_->number + 1});
}

std::shared_ptr<const OverlayFiles::Layer> OverlayFiles::layer() const {
    const std::lock_guard lock(mutex_);
    return layer_;
}

Result<FileSource::Content> OverlayFiles::read(const std::string& path, std::size_t most) const {
    const auto layer = this->layer();
    const auto found = layer->contents.find(path);
    if (found == layer->contents.end()) return below_->read(path, most);
    if (!found->second) return fail(ErrorCode::not_found, "{} is to be removed", path);
    if (found->second->size() > most) return fail(ErrorCode::limit, "{} is larger than {} bytes", path, most);
    return Content{*found->second, stamp_of(*found->second, layer->number)};
}

Result<FileStamp> OverlayFiles::stamp(const std::string& path) const {
    const auto layer = this->layer();
    const auto found = layer->contents.find(path);
    if (found == layer->contents.end()) return below_->stamp(path);
    if (!found->second) return fail(ErrorCode::not_found, "{} is to be removed", path);
    return stamp_of(*found->second, layer->number);
}

std::vector<std::string> OverlayFiles::expand(const std::string& pattern) const {
    std::vector<std::string> paths = below_->expand(pattern);
    const auto layer = this->layer();
    for (const auto& [path, text] : layer->contents) {
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
