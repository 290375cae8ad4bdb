// Gathering, spooling, writing, trying again.
#include "modules/res_cdr/record_writer.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_cdr/spool.hpp"

namespace jackfield::cdr {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_of_batch = 500;
constexpr std::uint64_t most_gathered = 64 * 1024 * 1024;  // bytes, while the disk does not answer
constexpr auto first_retry = 500ms, last_retry = 15000ms;
constexpr auto patience_at_end = 3000ms;  // with a backend that is at work

}  // namespace

// One backend with its spool and lane. The lane's thread reads the spool; the disk's appends; the rest is the control thread's.
class RecordWriter::Backend : public std::enable_shared_from_this<Backend> {
  public:
    Backend(Module& owner, RecordBackend writes, const std::string& folder, std::uint64_t limit)
        : name(writes.name),
          spool(folder, writes.name, limit),
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
    Spool spool;
    std::unique_ptr<Lane> lane;
    std::atomic<bool> opened{false}, stopping{false};
    std::atomic<std::uint64_t> written{0};
    std::uint64_t lost = 0;
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
        if (away_ || stopping || spool.empty() || at_work_.exchange(true)) return;
    }
}

Result<bool> RecordWriter::Backend::write_some() {
    Spool::Batch batch = JF_TRY(spool.next(most_));
    if (batch.records.empty()) return false;
    const std::size_t count = batch.records.size();
    auto done = [&]() -> Result<void> {
        try {
            return write_({batch.records, batch.perhaps_written, stopping});
        } catch (const std::exception& error) {
            return fail(ErrorCode::failed, "{}", error.what());
        }
    }();
    if (!done && done.error().code == ErrorCode::invalid) {
        if (count > 1) {
            JF_TRY(spool.not_written());
            most_ = count / 2;
            return true;
        }
        log_error("{}: a record was refused and put aside in its .rejected file: {}", name, done.error().text);
        JF_TRY(spool.put_aside(batch, done.error().text));
    } else if (!done) {
        return std::unexpected(std::move(done).error());
    } else {
        written += count;
    }
    JF_TRY(spool.written());
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
            log_warning("Records: {} is away, records wait in its spool: {}", self->name, result.error().text);
        self->problem = result.error().text.substr(0, result.error().text.find('\n'));
        self->retry_.start(self->retry_after_);
        self->retry_after_ = std::min<std::chrono::milliseconds>(self->retry_after_ * 2, last_retry);
    });
}

RecordWriter::RecordWriter(Module& owner, std::string folder)
    : owner_(owner),
      folder_(std::move(folder)),
      timer_([this] { submit(); }),
      self_(std::make_shared<RecordWriter*>(this)),
      disk_(std::make_unique<Lane>("records", 1, 8)) {}

RecordWriter::~RecordWriter() { *self_ = nullptr; }

void RecordWriter::set(Batching batching, std::uint64_t spool_limit) {
    batching_ = batching;
    spool_limit_ = spool_limit;
    if (!gathered_.empty()) submit();
}

std::chrono::milliseconds RecordWriter::due_in() const {
    return timer_.running() ? std::chrono::duration_cast<std::chrono::milliseconds>(timer_.expires() - Clock::now()) : 0ms;
}

void RecordWriter::write(Record record) {
    if (backends_.empty()) return;
    if (gathered_bytes_ + record.bytes().size() > most_gathered) {
        if (dropped_++ % 1000 == 0) log_error("Records: the disk of the spool does not answer; {} records are lost", dropped_);
        return;
    }
    gathered_bytes_ += record.bytes().size();
    gathered_.push_back(std::move(record));
    if (gathered_.size() >= batching_.size)
        submit();
    else if (!timer_.running())
        timer_.start(batching_.time);
}

std::size_t RecordWriter::submit() {
    timer_.stop();
    const std::size_t count = gathered_.size();
    if (spooling_)
        again_ = count > 0;
    else if (count > 0)
        spool();
    return count;
}

void RecordWriter::spool() {
    spooling_ = true;
    gathered_bytes_ = 0;
    (void)disk_->submit([records = std::exchange(gathered_, {}), backends = backends_, self = self_, gate = &owner_.gate()]() mutable {
        const RunningGate in(gate);
        std::vector<std::pair<std::shared_ptr<Backend>, std::string>> full;
        // All have them before the first writes them: the process may be killed at any moment.
        for (const auto& backend : backends)
            if (auto appended = backend->spool.append(records); !appended) full.emplace_back(backend, appended.error().text);
        for (const auto& backend : backends) backend->wake();
        post([self = std::move(self), full = std::move(full), backends = std::move(backends), count = records.size()] {
            for (const auto& [backend, text] : full) {
                if (backend->lost == 0 || backend->lost / 1000 != (backend->lost + count) / 1000)
                    log_error("Records: {} has lost {} records: {}", backend->name, backend->lost + count, text);
                backend->lost += count;
            }
            if (*self) (*self)->spooled();
        });
    });
}

void RecordWriter::spooled() {
    spooling_ = false;
    if (std::exchange(again_, false) && !gathered_.empty()) spool();
}

Result<Registration> RecordWriter::add(Module& module, RecordBackend writes) {
    for (const auto& each : backends_)
        if (each->name == writes.name) return fail(ErrorCode::exists, "there is a backend {} already", writes.name);
    auto backend = std::make_shared<Backend>(owner_, std::move(writes), folder_, spool_limit_);
    // In the disk's own lane, so before anything is appended.
    (void)disk_->submit([backend, gate = &owner_.gate()] {
        const RunningGate in(gate);
        if (auto opened = backend->spool.open(); !opened) log_error("Records: {}: {}", backend->name, opened.error().text);
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
        (void)disk_->submit([backend = std::move(backend), gate = &owner_.gate(), pass = module.gate().hold()]() mutable {
            const RunningGate in(gate);
            backend->lane.reset();
            backend->forget();
            post([backend = std::move(backend)] {});  // there is a timer inside
        });
    });
}

void RecordWriter::finish(const std::shared_ptr<Backend>& backend) {
    const Shield shield;
    const Instant end = Clock::now() + patience_at_end;
    submit();
    while ((spooling_ || !gathered_.empty()) && Clock::now() < end) (void)sleep_for(5ms);
    while (!backend->stopping && !backend->spool.empty() && !backend->away() && Clock::now() < end) {
        backend->wake();
        (void)sleep_for(5ms);
    }
    backend->stopping = true;
    std::erase(backends_, backend);
    // The disk's lane wakes the other one, so it ends it as well.
    (void)offload(*disk_, [&] {
        backend->lane.reset();
        backend->spool.tidy();
    });
    backend->forget();
}

std::vector<BackendStatus> RecordWriter::status() const {
    std::vector<BackendStatus> list;
    for (const auto& each : backends_)
        list.push_back({each->name, each->written, each->spool.empty() ? 0 : each->spool.bytes(), each->lost, each->problem});
    return list;
}

}  // namespace jackfield::cdr
