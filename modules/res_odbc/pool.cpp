// Taking connections, working on them, and what is remembered of a database that is away.
#include "modules/res_odbc/pool.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/runtime/running_state.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::odbc {

using namespace std::chrono_literals;

std::size_t Pool::in_use() const {
    return static_cast<std::size_t>(std::ranges::count_if(workers_, [](const auto& each) { return each->taken || each->working; }));
}

std::shared_ptr<Pool::Worker> Pool::free_worker() {
    for (const auto& worker : workers_)
        if (!worker->taken && !worker->working) return worker;
    if (workers_.size() >= settings_.max_connections) return nullptr;
    workers_.push_back(std::make_shared<Worker>(settings_.name));
    return workers_.back();
}

Result<std::shared_ptr<Pool::Worker>> Pool::take() {
    if (!settings_.enabled) return fail(ErrorCode::closed, "database {} is switched off by enabled = no in res_odbc.conf", settings_.name);
    const Instant deadline = Clock::now() + settings_.timeout;
    for (;;) {
        if (Clock::now() < away_until_) return fail(ErrorCode::closed, "database {} is away: {}", settings_.name, away_text_);
        if (auto worker = free_worker()) {
            worker->taken = true;
            return worker;
        }
        if (Clock::now() >= deadline)
            return fail(ErrorCode::limit, "database {}: its {} connections are all in use (max_connections)", settings_.name, workers_.size());
        JF_TRY(sleep_for(5ms));
    }
}

void Pool::release(const std::shared_ptr<Worker>& worker) { worker->taken = false; }

namespace {

using Connect = std::function<Result<std::unique_ptr<OdbcSession>>()>;

// On the worker's thread.
Result<OdbcAnswer> work(Pool::Worker& worker, const DatabaseSettings& settings, const Pool::Job& job, bool again, bool& away) {
    if (worker.session && !settings.sanity_sql.empty() && Clock::now() - worker.used > settings.idle_check)
        if (!worker.session->run({.text = settings.sanity_sql})) worker.session.reset();
    for (;;) {
        const bool fresh = !worker.session;
        if (fresh) {
            auto opened = connect(settings.session);
            if (!opened) {
                away = true;
                return std::unexpected(std::move(opened).error());
            }
            worker.session = *std::move(opened);
        }
        Result<OdbcAnswer> answer = job(*worker.session);
        worker.used = Clock::now();
        if (answer || answer.error().code != ErrorCode::closed) return answer;
        worker.session.reset();
        if (fresh || !again) return answer;
    }
}

}  // namespace

Result<OdbcAnswer> Pool::run(const std::shared_ptr<Worker>& worker, Job job, bool again) {
    Interrupter limit;
    Timer timer([&limit] { limit.interrupt(ErrorCode::timeout); });
    timer.start(settings_.timeout);
    const InterruptScope scope(limit);
    const RunningGate in(&module_.gate());  // the job holds it, also when nobody waits any more
    const auto away = std::make_shared<bool>(false);
    worker->working = true;
    auto answer = offload_detached(worker->lane, [worker = worker.get(), settings = settings_, job = std::move(job), again, away] {
        auto done = work(*worker, settings, job, again, *away);
        worker->working = false;
        return done;
    });
    if (answer) return answer;
    Error error = std::move(answer).error();
    if (limit.reason()) error = {ErrorCode::timeout, fmt::format("it did not answer within {} ms", settings_.timeout.count())};
    if (error.code == ErrorCode::limit) worker->working = false;  // it was not even queued
    if (error.code == ErrorCode::timeout || (error.code == ErrorCode::closed && *away)) {
        away_until_ = Clock::now() + settings_.negative_cache;
        away_text_ = error.text;
        log_warning("ODBC: database {} is away: {}; it is asked again in {} s", settings_.name, error.text, settings_.negative_cache.count());
    }
    if (!ends_application(error.code) || error.code == ErrorCode::timeout) error.text = fmt::format("database {}: {}", settings_.name, error.text);
    return std::unexpected(std::move(error));
}

void Pool::run_later(const std::shared_ptr<Worker>& worker, std::function<void(OdbcSession&)> job) {
    worker->working = true;
    auto pass = std::make_shared<Gate::Pass>(module_.gate().hold());
    const bool taken = worker->lane.submit([worker = worker.get(), job = std::move(job), pass = std::move(pass)] {
        if (worker->session) job(*worker->session);
        worker->working = false;
    });
    if (!taken) worker->working = false;
}

void Pool::connect_early() {
    if (!settings_.enabled || !settings_.pre_connect) return;
    const auto worker = free_worker();
    if (!worker) return;
    worker->working = true;
    auto pass = std::make_shared<Gate::Pass>(module_.gate().hold());
    const bool taken = worker->lane.submit([worker = worker.get(), settings = settings_, pass = std::move(pass)] {
        if (auto opened = connect(settings.session))
            worker->session = *std::move(opened);
        else
            log_warning("ODBC: database {} is away: {}", settings.name, opened.error().text);
        worker->used = Clock::now();
        worker->working = false;
    });
    if (!taken) worker->working = false;
}

void Pool::close_later() {
    for (const auto& worker : workers_)
        if (!worker->taken) run_later(worker, [worker = worker.get()](OdbcSession&) { worker->session.reset(); });
}

Result<void> Pool::close() {
    for (const auto& worker : workers_) {
        Interrupter limit;
        Timer timer([&limit] { limit.interrupt(ErrorCode::timeout); });
        timer.start(2s);
        const InterruptScope scope(limit);
        if (!offload_detached(worker->lane, [worker = worker.get()] { worker->session.reset(); }))
            return fail(ErrorCode::busy, "a connection to database {} does not answer", settings_.name);
    }
    return {};
}

}  // namespace jackfield::odbc
