// Configuration files, some of them out of databases (extconfig.conf).
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/config/file_source.hpp"

namespace jackfield {

class RealtimeFiles final : public FileSource {
  public:
    // `folder`: the configuration folder; only names right within it are looked up in extconfig.conf.
    RealtimeFiles(std::shared_ptr<const FileSource> below, std::string folder)
        : below_(std::move(below)), prefix_(std::move(folder) + '/') {}

    Result<Content> read(const std::string& path, std::size_t most) const override;
    Result<FileStamp> stamp(const std::string& path) const override;
    std::vector<std::string> expand(const std::string& pattern) const override { return below_->expand(pattern); }

  private:
    const std::shared_ptr<const FileSource> below_;
    const std::string prefix_;
};

}  // namespace jackfield
