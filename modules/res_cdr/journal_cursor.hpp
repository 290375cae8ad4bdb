// One backend's place in the journal of records.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/journal_file.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield::cdr {

class Journal;

// Gives a backend the records, in order. What is being written is marked in NAME.cursor before, so that a later process knows
// that it may be there already.
class JournalCursor {
  public:
    explicit JournalCursor(std::string name) : name_(std::move(name)) {}
    JournalCursor(const JournalCursor&) = delete;
    JournalCursor& operator=(const JournalCursor&) = delete;

    // --- the reader's thread, between Journal::open() and Journal::close(). All block on the disk.
    struct Batch {
        std::vector<Record> records;
        bool perhaps_written = false;  // a try to write exactly these did not come to its end
        std::uint64_t number = 0;      // its place in the journal, the same in each try
    };
    // The next records, `most` at most; empty when there are none. Marks them as being written. Errors: failed.
    Result<Batch> next(std::size_t most);
    Result<void> written();      // they are: the next batch follows them
    Result<void> not_written();  // for certain none of them is: the mark goes, and another number may be asked for
    // Puts the batch's records into NAME.rejected as text; written() follows.
    Result<void> put_aside(const Batch& batch, std::string_view reason);

    // --- any thread
    const std::string& name() const { return name_; }
    bool empty() const;  // all is written, or the cursor is not open
    std::uint64_t waiting_bytes() const { return empty() ? 0 : waiting_.load(std::memory_order_relaxed); }
    std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }  // records, at the journal's limit

  private:
    friend class Journal;
    // The appender's thread.
    void open(std::shared_ptr<Journal> journal, SpoolFile file, const CursorState& state, std::uint64_t waiting);
    CursorState close(JournalPlace end);

    Result<void> save();
    Result<void> go_to(JournalPlace place);
    Result<std::uint32_t> find_end();
    void took(std::uint64_t bytes);

    std::string name_;
    std::shared_ptr<Journal> journal_;
    std::atomic<JournalPlace> read_{JournalPlace{}};
    std::atomic<std::uint64_t> waiting_{0}, lost_{0};

    // The reader's.
    SpoolFile in_, file_;
    CursorState state_;
    std::size_t count_ = 0;     // records of the batch that is being written
    bool interrupted_ = false;  // that batch was begun before, without an end
};

}  // namespace jackfield::cdr
