// The connections of one database, each on a thread of its own, so that one that hangs starves nobody but its users.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/module/module.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_odbc/session.hpp"

namespace jackfield::odbc {

// A section of res_odbc.conf.
struct DatabaseSettings {
    std::string name;
    bool enabled = true, pre_connect = false, force_commit = false;
    SessionSettings session;
    std::string sanity_sql, isolation = "read_committed";
    std::size_t max_connections = 1;
    std::chrono::seconds negative_cache{10}, idle_check{30};
    std::chrono::milliseconds timeout{10000};
    bool operator==(const DatabaseSettings&) const = default;
};

// Control thread.
class Pool : public std::enable_shared_from_this<Pool> {
  public:
    Pool(Module& module, DatabaseSettings settings) : module_(module), settings_(std::move(settings)) {}
    const DatabaseSettings& settings() const { return settings_; }

    // One connection and its thread.
    struct Worker {
        explicit Worker(const std::string& name) : lane("odbc " + name, 1, 16) {}
        Lane lane;
        std::unique_ptr<OdbcSession> session;  // its thread's
        Instant used{};                        // its thread's: when it last worked
        bool taken = false;                    // by a statement or a transaction
        std::atomic<bool> working = false;     // a job that nobody waits for any more counts as well
    };
    using Job = std::function<Result<OdbcAnswer>(OdbcSession&)>;

    // A free worker, which is taken until release(). Waits. Errors: closed (the database was found away a moment ago), limit.
    Result<std::shared_ptr<Worker>> take();
    void release(const std::shared_ptr<Worker>& worker);
    // Runs the job on the worker's thread, with a fresh connection where there is none. `again`: a connection that turns out to be
    // dead is replaced and the job done once more. Waits.
    Result<OdbcAnswer> run(const std::shared_ptr<Worker>& worker, Job job, bool again);
    // The same without waiting for it.
    void run_later(const std::shared_ptr<Worker>& worker, std::function<void(OdbcSession&)> job);
    void connect_early();
    // Closes the connections that nobody has, without waiting for it.
    void close_later();
    // Closes the connections. The pool lives until that has been done, since their threads end with it. Waits. Errors: busy (one hangs).
    Result<void> close();

    std::size_t connections() const { return workers_.size(); }
    std::size_t in_use() const;
    // How long it will not be asked, since it was away; 0: it is asked.
    Clock::duration away_for() const { return std::max(Clock::duration::zero(), away_until_ - Clock::now()); }

  private:
    std::shared_ptr<Worker> free_worker();

    Module& module_;
    DatabaseSettings settings_;
    std::vector<std::shared_ptr<Worker>> workers_;
    Instant away_until_{};
    std::string away_text_;
};

}  // namespace jackfield::odbc
