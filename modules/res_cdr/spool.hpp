// The spool of one backend: records on disk from the moment they were made until the backend has written them.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield::cdr {

// A file descriptor that closes itself.
class SpoolFile {
  public:
    SpoolFile() = default;
    explicit SpoolFile(int descriptor) : descriptor_(descriptor) {}
    SpoolFile(SpoolFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    SpoolFile& operator=(SpoolFile&& other) noexcept;
    ~SpoolFile();
    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// A queue in files NAME-00000001.spool, ... of a few MiB each, and NAME.cursor, which says how far the reader is and which
// records it is writing at the moment. One thread appends, one thread reads; neither waits for the other. All calls block on
// the disk. The files survive the process; a torn end (the process died in the middle of a write) is cut off.
class Spool {
  public:
    static constexpr std::uint64_t segment_bytes = 4 * 1024 * 1024;

    // `limit`: bytes that may lie there at most.
    Spool(std::string folder, std::string name, std::uint64_t limit);
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    // Before anything else; makes the folder and finds what an earlier run left.
    Result<void> open();

    // --- the appender's thread. Errors: limit, failed (disk full, ...); nothing was appended then.
    Result<void> append(std::span<const Record> records);

    // --- the reader's thread
    struct Batch {
        std::vector<Record> records;
        bool perhaps_written = false;  // a try to write exactly these did not come to its end
    };
    // The next records, `most` at most; empty when there are none. Marks them as being written. Errors: failed.
    Result<Batch> next(std::size_t most);
    Result<void> written();         // they are: the next batch follows them
    Result<void> not_written();     // for certain none of them is: the mark goes, and another number may be asked for
    // Puts the batch's records into NAME.rejected as text; written() follows.
    Result<void> put_aside(const Batch& batch, std::string_view reason);

    // Any thread.
    bool empty() const { return read_.load(std::memory_order_acquire) >= appended_.load(std::memory_order_acquire); }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    // When neither thread is at work any more: removes the files if all is written.
    void tidy();

  private:
    static std::uint64_t pack(std::uint64_t segment, std::uint64_t offset) { return segment << 32 | offset; }
    std::string segment_path(std::uint64_t segment) const;
    Result<bool> find_place();
    Result<void> save_cursor(std::uint64_t end);
    Result<void> leave_segment();

    std::string folder_, name_;
    std::uint64_t limit_;
    std::atomic<std::uint64_t> bytes_{0};
    // Segment and offset up to which there is something, and up to which it was written by the backend.
    std::atomic<std::uint64_t> appended_{0}, read_{0};

    // the appender's
    SpoolFile out_;
    std::uint64_t out_segment_ = 1, out_offset_ = 0;
    std::string buffer_;

    // the reader's
    SpoolFile in_, cursor_file_;
    std::uint64_t segment_ = 1, offset_ = 0;
    std::uint64_t end_ = 0;        // of the batch that is being written; 0: none
    bool interrupted_ = false;     // that batch was begun before, without an end
};

}  // namespace jackfield::cdr
