// The history of the configuration: every change with its time, its author and the texts before and after it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace jackfield {

// One file of a change, named relative to the configuration folder. Empty: it was not there, or is not there any more.
struct ConfigFileChange {
    std::string file;
    std::optional<std::string> before, after;
};

struct ConfigRevision {
    std::uint64_t number = 0;  // from 1
    WallTime time;
    std::string author;   // "file (root)", "manager admin", "console"
    std::string comment;  // what was ordered
    std::vector<ConfigFileChange> changes;
};

// Keeps a copy of the files as last recorded and one file a revision, in a folder of its own that only its owner can read
// (configuration has passwords). Each revision is written, synced and renamed into place, so that a crash leaves it whole or
// not there. One thread at a time; everything here blocks on the disk.
class ConfigHistory {
  public:
    struct Limits {
        std::size_t revisions = 1000;
        std::uint64_t bytes = 256ULL << 20;       // of all revisions; the oldest go first, the newest stays
        std::uint64_t file_bytes = 16ULL << 20;   // larger files are not kept
        std::size_t files = 5000;                 // of the configuration folder
    };
    ConfigHistory(std::string configuration_folder, std::string folder, Limits limits);
    ConfigHistory(std::string configuration_folder, std::string folder)
        : ConfigHistory(std::move(configuration_folder), std::move(folder), Limits{}) {}

    // Compares the .conf, .ael and .lua files of the configuration folder with the copy and records what changed as one revision; its
    // number, or 0 when nothing had. The first time there is no copy: it is made, and nothing recorded. An empty author is
    // whoever owns the changed file. Errors: of the disk.
    Result<std::uint64_t> record(std::string author, std::string comment);
    // What record() would record: files against the copy.
    Result<std::vector<ConfigFileChange>> pending() const;

    // Newest first, without the texts. Errors: of the disk.
    Result<std::vector<ConfigRevision>> list(std::size_t most) const;
    // Errors: not_found.
    Result<ConfigRevision> read(std::uint64_t number) const;
    // What has to change in the recorded files so that they are as they were after that revision. Errors: not_found.
    Result<std::vector<ConfigFileChange>> changes_back_to(std::uint64_t number) const;

    const std::string& configuration_folder() const { return configuration_; }

  private:
    std::vector<std::uint64_t> numbers() const;
    std::string path_of(std::uint64_t number) const;
    Result<void> write(const ConfigRevision& revision) const;
    Result<void> update_copy(const std::vector<ConfigFileChange>& changes) const;
    void prune() const;
    std::vector<std::string> files_in(const std::string& folder) const;

    const std::string configuration_, folder_, copy_;
    const Limits limits_;
};

// The diff of one change, as `diff -u` of both texts.
std::string to_diff(const ConfigFileChange& change);

}  // namespace jackfield
