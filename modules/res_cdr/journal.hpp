// The journal of records: each record is on disk once, from the moment it was made until the last backend has written it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/journal_file.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield::cdr {

class JournalCursor;

// Files journal-00000001.spool, ... of a few MiB each, and for each backend NAME.cursor, its place in them. A record is recorded
// once it is here: all backends get it then, whatever becomes of the process. One thread appends, opens and closes; each cursor is
// read by a thread of its own; none waits for another. All calls block on the disk. A torn end (the process died in the middle of
// a write) is left out by all.
class Journal : public std::enable_shared_from_this<Journal> {
  public:
    static constexpr std::uint32_t most_of_file = 4 * 1024 * 1024;  // and the rest of a batch

    // `limit`: bytes on disk at most.
    Journal(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // --- the appender's thread

    // All of them or none. At the limit the oldest file goes, and those backends that had still to get records of it have lost
    // them, which is logged and counted: JournalCursor::lost(). Errors: failed (the disk is full, ...).
    Result<void> append(std::span<const Record> records);
    // The place of a backend: where it was when it or the process last ended, else behind the last record. What was appended
    // while it was closed is not for it. Errors: failed.
    Result<void> open(const std::shared_ptr<JournalCursor>& cursor);
    // Its thread has ended. What it has not read is kept until it is opened again, perhaps by a later process.
    void close(const std::shared_ptr<JournalCursor>& cursor);

    // --- any thread
    void set_limit(std::uint64_t limit) { limit_.store(limit, std::memory_order_relaxed); }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    friend class JournalCursor;
    std::vector<std::shared_ptr<JournalCursor>> open_cursors() const;
    Result<void> find_files();
    Result<void> begin_file();
    Result<void> make_room(std::size_t bytes);
    void remove(std::uint32_t file);
    void remove_read();
    void drop_oldest();
    std::uint32_t file_limit() const;
    std::string path_of(std::uint32_t file) const;
    std::string cursor_path(std::string_view name) const;

    std::string folder_;
    std::atomic<std::uint64_t> limit_, bytes_{0};
    // Up to where there is something; files before `oldest_` were dropped at the limit. The cursors read these.
    std::atomic<JournalPlace> appended_{JournalPlace{}};
    std::atomic<std::uint32_t> oldest_{0};

    // The appender's.
    bool found_ = false;
    SpoolFile out_;
    std::map<std::uint32_t, std::uint64_t> files_;  // number and bytes
    std::vector<std::weak_ptr<JournalCursor>> cursors_;  // that are open
    std::map<std::string, CursorState, std::less<>> closed_;  // those that have something to get
    std::string buffer_;
};

}  // namespace jackfield::cdr
