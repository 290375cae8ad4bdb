// Files of the disk, some of them with the contents that a change wants to give them: to validate it before it is made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/config/file_source.hpp"

namespace jackfield {

class OverlayFiles final : public FileSource {
  public:
    // By full path; empty: the file is to be removed.
    using Contents = std::map<std::string, std::optional<std::string>, std::less<>>;
    explicit OverlayFiles(std::shared_ptr<const FileSource> below) : below_(std::move(below)) {}

    // From now on; an empty map: everything is as on the disk.
    void set(Contents contents);

    Result<Content> read(const std::string& path, std::size_t most) const override;
    Result<FileStamp> stamp(const std::string& path) const override;
    std::vector<std::string> expand(const std::string& pattern) const override;

  private:
    const std::shared_ptr<const FileSource> below_;
    mutable std::mutex mutex_;
    struct Layer {
        Contents contents;
        std::int64_t number = 0;  // of set()
    };
    std::shared_ptr<const Layer> layer_ = std::make_shared<const Layer>();
    std::shared_ptr<const Layer> layer() const;
};

}  // namespace jackfield
