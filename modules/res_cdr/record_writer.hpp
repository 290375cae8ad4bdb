// The service interface of res_cdr: the way of records to the backends, which res_cel takes for its events as well: gathers
// records, puts them into the journal, and has each backend write them from there on a lane of its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_cdr/cdr.hpp"

namespace jackfield::cdr {

class Journal;

struct BackendStatus {
    std::string name;
    std::uint64_t written = 0, waiting_bytes = 0, lost = 0;  // records; bytes in the journal; records dropped at its limit
    std::string problem;  // why it is away; empty: it is not
};

// One for call records, one for call events. Control thread, but for what runs on lanes.
class RecordWriter {
  public:
    // `owner` is the module whose code this is; `folder` that of the journal.
    RecordWriter(Module& owner, std::string folder);
    ~RecordWriter();
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;

    // Gathers up to `size` records, for `time` at most, before they go into the journal: until then they are in memory only.
    struct Batching {
        std::size_t size = 500;
        std::chrono::milliseconds time{20};
    };
    void set(Batching batching, std::uint64_t spool_limit);

    // Never waits. Dropped when there is no backend.
    void write(Record record);
    // Puts what is gathered into the journal, now. Never waits. How many those were.
    std::size_t submit();
    std::size_t gathered() const { return gathered_.size(); }
    bool timer_runs() const { return timer_.running(); }
    std::chrono::milliseconds due_in() const;

    Result<Registration> add(Module& module, RecordBackend backend);
    std::vector<BackendStatus> status() const;
    bool has_backends() const { return !backends_.empty(); }

  private:
    class Backend;
    void append();
    void appended(Result<void> result, std::vector<Record> records);
    void finish(const std::shared_ptr<Backend>& backend);  // Waits.

    Module& owner_;
    std::shared_ptr<Journal> journal_;
    Batching batching_;
    std::vector<Record> gathered_;
    std::uint64_t gathered_bytes_ = 0, dropped_ = 0;
    bool appending_ = false, again_ = false, disk_failed_ = false;
    Timer timer_;
    std::vector<std::shared_ptr<Backend>> backends_;
    std::shared_ptr<RecordWriter*> self_;  // what comes back from a lane later than this one's end finds null
    std::unique_ptr<Lane> disk_;
};

}  // namespace jackfield::cdr
