// Configuration files, some of them out of databases.
#include "core/module/realtime_files.hpp"

#include <limits>

#include "core/module/realtime.hpp"

namespace jackfield {

Result<FileSource::Content> RealtimeFiles::read(const std::string& path, std::size_t most) const {
    if (path.starts_with(prefix_))
        if (auto text = realtime_file(path.substr(prefix_.size()))) {
            if (!*text) return std::unexpected(std::move(*text).error());
            if ((*text)->size() > most) return fail(ErrorCode::limit, "{} is larger than {} bytes", path, most);
            return Content{**std::move(text), FileStamp{}};
        }
    return below_->read(path, most);
}

// A table has no stamp: one that never fits makes every reload read it.
Result<FileStamp> RealtimeFiles::stamp(const std::string& path) const {
    if (path.starts_with(prefix_) && realtime_maps_file(path.substr(prefix_.size())))
        return FileStamp{std::numeric_limits<std::uint64_t>::max(), {}};
    return below_->stamp(path);
}

}  // namespace jackfield
