// Files of the disk, some of them with the contents that a change wants to give them: to validate it before it is made.
#pragma once

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
    std::shared_ptr<const Contents> contents_ = std::make_shared<const Contents>();
    std::shared_ptr<const Contents> contents() const;
};

}  // namespace jackfield
