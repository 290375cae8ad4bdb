// Gathering, the journal, writing, trying again.
#include "modules/res_cdr/record_writer.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_cdr/journal.hpp"
#include "modules/res_cdr/journal_cursor.hpp"

namespace jackfield::cdr {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_of_batch = 500;
constexpr std::uint64_t most_gathered = 64 * 1024 * 1024;  // bytes, while the disk does not answer
constexpr auto first_retry = 500ms, last_retry = 15000ms;
constexpr auto disk_retry = 1000ms;
constexpr auto patience_at_end = 3000ms;  // with a backend that is at work

}  // namespace

// One backend with its place in the journal and its lane. The lane's thread reads the journal; the disk's appends; the rest is the
// control thread's.
class RecordWriter::Backend : public std::enable_shared_from_this<Backend> {
  public:
    Backend(Module& owner, RecordBackend writes)
        : name(writes.name),
          cursor(std::make_shared<JournalCursor>(writes.name)),
          lane(std::make_unique<Lane>("record " + writes.name, 1, 4)),
          owner_(owner),
          write_(std::move(writes.write)),
          retry_([this] {
              away_ = false;
              wake();
          }) {}

    // Any thread: something may be there to be written.
    void wake() {
        if (away_ || stopping || !opened || at_work_.exchange(true)) return;
        const bool taken = lane->submit([self = shared_from_this()]() mutable {
            const RunningGate in(&self->owner_.gate());
            self->work();
            post([self = std::move(self)] {});  // the last one to let go must be the control thread: there is a timer inside
        });
        if (!taken) at_work_ = false;
    }
    // The code of its module goes. The lane has ended.
    void forget() { write_ = nullptr; }
    bool away() const { return away_; }

    const std::string name;
    const std::shared_ptr<JournalCursor> cursor;
    std::unique_ptr<Lane> lane;
    std::atomic<bool> opened{false}, stopping{false};
    std::atomic<std::uint64_t> written{0};
    std::string problem;  // control thread

  private:
    // On the lane.
    void work();
    Result<bool> write_some();
    void tell(Result<void> result);

    Module& owner_;
    std::function<Result<void>(const RecordBatch&)> write_;
    Timer retry_;
    std::chrono::milliseconds retry_after_ = first_retry;
    std::atomic<bool> at_work_{false}, away_{false};
    // The lane's.
    bool troubled_ = false;  // since its last success
    std::size_t most_ = most_of_batch;
};

void RecordWriter::Backend::work() {
    for (;;) {
        Result<bool> more = true;
        while (!stopping && more && *more) more = write_some();
        if (!more) {
            away_ = troubled_ = true;
            tell(std::unexpected(std::move(more).error()));
        }
        at_work_ = false;
        // What was appended between the last look and that line found us at work.
        if (away_ || stopping || cursor->empty() || at_work_.exchange(true)) return;
    }
}

Result<bool> RecordWriter::Backend::write_some() {
    JournalCursor::Batch batch = JF_TRY(cursor->next(most_));
    if (batch.records.empty()) return false;
    const std::size_t count = batch.records.size();
    auto done = [&]() -> Result<void> {
        try {
            return write_({batch.records, batch.perhaps_written, batch.number, stopping});
        } catch (const std::exception& error) {
            return fail(ErrorCode::failed, "{}", error.what());
        }
    }();
    if (!done && done.error().code == ErrorCode::invalid) {
        if (count > 1) {
            JF_TRY(cursor->not_written());
            most_ = count / 2;
            return true;
        }
        JF_TRY(cursor->put_aside(batch, done.error().text));
        log_error("{}: a record was refused and put aside in its .rejected file: {}", name, done.error().text);
    } else if (!done) {
        return std::unexpected(std::move(done).error());
    } else {
        written += count;
    }
    JF_TRY(cursor->written());
    most_ = std::min(most_of_batch, most_ * 2);
    if (troubled_) {
        troubled_ = false;
        tell({});
    }
    return true;
}

void RecordWriter::Backend::tell(Result<void> result) {
    post([self = shared_from_this(), result = std::move(result)] {
        if (result) {
            if (!self->problem.empty()) log_notice("Records: {} writes again", self->name);
            self->problem.clear();
            self->retry_after_ = first_retry;
            return;
        }
        if (self->problem.empty() && !self->stopping)
            log_warning("Records: {} is away, records wait for it in the journal: {}", self->name, result.error().text);
        self->problem = result.error().text.substr(0, result.error().text.find('\n'));
        self->retry_.start(self->retry_after_);
        self->retry_after_ = std::min<std::chrono::milliseconds>(self->retry_after_ * 2, last_retry);
    });
}

RecordWriter::RecordWriter(Module& owner, std::string folder)
    : owner_(owner),
      journal_(std::make_shared<Journal>(std::move(folder), std::uint64_t{256} << 20)),
      timer_([this] { submit(); }),
      self_(std::make_shared<RecordWriter*>(this)),
      disk_(std::make_unique<Lane>("records", 1, 8)) {}

RecordWriter::~RecordWriter() { *self_ = nullptr; }

void RecordWriter::set(Batching batching, std::uint64_t spool_limit) {
    batching_ = batching;
    journal_->set_limit(spool_limit);
    if (!gathered_.empty()) submit();
}

std::chrono::milliseconds RecordWriter::due_in() const {
    return timer_.running() ? std::chrono::duration_cast<std::chrono::milliseconds>(timer_.expires() - Clock::now()) : 0ms;
}

void RecordWriter::write(Record record) {
    if (backends_.empty()) return;
    if (gathered_bytes_ + record.bytes().size() > most_gathered) {
        if (dropped_++ % 1000 == 0) log_error("Records: the disk of the spool takes none; {} records are lost", dropped_);
        return;
    }
    gathered_bytes_ += record.bytes().size();
    gathered_.push_back(std::move(record));
    if (gathered_.size() >= batching_.size && !disk_failed_)
        submit();
    else if (!timer_.running())
        timer_.start(batching_.time);
}

std::size_t RecordWriter::submit() {
    timer_.stop();
    const std::size_t count = gathered_.size();
    if (appending_)
        again_ = count > 0;
    else if (count > 0)
        append();
    return count;
}

void RecordWriter::append() {
    appending_ = true;
    gathered_bytes_ = 0;
    (void)disk_->submit([records = std::exchange(gathered_, {}), backends = backends_, journal = journal_, self = self_, gate = &owner_.gate()]() mutable {
        const RunningGate in(gate);
        auto appended = journal->append(records);
        for (const auto& backend : backends) backend->wake();
        post([self = std::move(self), backends = std::move(backends), records = std::move(records), appended = std::move(appended)]() mutable {
            if (*self) (*self)->appended(std::move(appended), std::move(records));
        });
    });
}

// What the disk did not take stays in memory, before what was gathered since.
void RecordWriter::appended(Result<void> result, std::vector<Record> records) {
    appending_ = false;
    if (!result) {
        if (!disk_failed_) log_error("Records: {}; records stay in memory until they can be written", result.error().text);
        for (const Record& record : records) gathered_bytes_ += record.bytes().size();
        records.insert(records.end(), std::make_move_iterator(gathered_.begin()), std::make_move_iterator(gathered_.end()));
        gathered_ = std::move(records);
        again_ = false;
        timer_.start(disk_retry);
    } else if (disk_failed_) {
        log_notice("Records: the spool can be written again");
    }
    disk_failed_ = !result;
    if (std::exchange(again_, false) && !gathered_.empty()) append();
}

Result<Registration> RecordWriter::add(Module& module, RecordBackend writes) {
    for (const auto& each : backends_)
        if (each->name == writes.name) return fail(ErrorCode::exists, "there is a backend {} already", writes.name);
    auto backend = std::make_shared<Backend>(owner_, std::move(writes));
    // In the disk's own lane, so before anything is appended.
    (void)disk_->submit([backend, journal = journal_, gate = &owner_.gate()] {
        const RunningGate in(gate);
        if (auto opened = journal->open(backend->cursor); !opened)
            return log_error("Records: {} gets none: {}", backend->name, opened.error().text);
        backend->opened = true;
        backend->wake();
    });
    backends_.push_back(backend);
    module.on_unload([this, backend]() -> Result<void> {
        finish(backend);
        return {};
    });
    return Registration([this, self = self_, backend, &module]() mutable {
        backend->stopping = true;
        if (!*self || !backend->lane) return;
        std::erase(backends_, backend);
        // Switched off, or its module's load has failed. The disk's lane wakes the other one, so it ends it as well.
        (void)disk_->submit([backend = std::move(backend), journal = journal_, gate = &owner_.gate(), pass = module.gate().hold()]() mutable {
            const RunningGate in(gate);
            backend->lane.reset();
            if (backend->opened) journal->close(backend->cursor);
            backend->forget();
            post([backend = std::move(backend)] {});  // there is a timer inside
        });
    });
}

void RecordWriter::finish(const std::shared_ptr<Backend>& backend) {
    const Shield shield;
    const Instant end = Clock::now() + patience_at_end;
    submit();
    while ((appending_ || (!gathered_.empty() && !disk_failed_)) && Clock::now() < end) (void)sleep_for(5ms);
    while (!backend->stopping && !backend->cursor->empty() && !backend->away() && Clock::now() < end) {
        backend->wake();
        (void)sleep_for(5ms);
    }
    backend->stopping = true;
    std::erase(backends_, backend);
    // The disk's lane wakes the other one, so it ends it as well.
    (void)offload(*disk_, [&] {
        backend->lane.reset();
        if (backend->opened) journal_->close(backend->cursor);
    });
    backend->forget();
}

std::vector<BackendStatus> RecordWriter::status() const {
    std::vector<BackendStatus> list;
    for (const auto& each : backends_)
        list.push_back({each->name, each->written, each->cursor->waiting_bytes(), each->cursor->lost(), each->problem});
    return list;
}

}  // namespace jackfield::cdr
