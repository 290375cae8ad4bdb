// res_odbc - connections to databases by unixODBC (res_odbc.conf), for func_odbc, res_config_odbc and other modules.
#include <sql.h>

#include <map>

#include "core/console/command.hpp"
#include "core/module/keep_library.hpp"
#include "core/sdk.hpp"
#include "modules/res_odbc/pool.hpp"

using namespace jackfield;

namespace jackfield::odbc {
namespace {

using namespace std::chrono_literals;

Option<DatabaseSettings> session_text(std::string_view name, std::string SessionSettings::*member, std::string_view help) {
    return {name, [member](DatabaseSettings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                settings.session.*member = value;
                return {};
            }, "", help};
}

const Options<DatabaseSettings>& database_options() {
    using D = DatabaseSettings;
    using O = Option<D>;
    static const Options<D> options{
        {"enabled", &D::enabled, true, "Whether the database may be used"},
        session_text("dsn", &SessionSettings::dsn, "Name of the data source in odbc.ini"),
        session_text("username", &SessionSettings::user, "Who logs in"),
        session_text("password", &SessionSettings::password, "Password"),
        {"pre-connect", &D::pre_connect, false, "Connect at start instead of at the first statement"},
        {"sanitysql", &D::sanity_sql, "", "A statement that is tried before a connection that was idle is used, e.g. SELECT 1"},
        {"max_connections", &D::max_connections, 1, Range{1, 100}, "Connections at a time; statements beyond them wait"},
        {"connect_timeout", [](D& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             const auto time = parse_duration(value, 1s);
             if (!time || *time < 1s || *time > 1h) return fail(ErrorCode::invalid, "a time from 1 to 3600 seconds is expected");
             settings.session.connect_timeout = std::chrono::ceil<std::chrono::seconds>(*time);
             return {};
         }, "10", "Seconds that a driver may take to connect"},
        {"timeout", &D::timeout, 10000ms, Range{100ms, 3600000ms}, "Whoever asks waits no longer; the call goes on with a failure"},
        {"negative_connection_cache", &D::negative_cache, 10s, Range{0s, 86400s},
         "A database that was away is not asked again for so long: calls fail at once"},
        {"idlecheck", &D::idle_check, 30s, Range{1s, 86400s}, "A connection idle for longer is tried with sanitysql first"},
        {"forcecommit", &D::force_commit, false, "Commit what a call has left open at its end, instead of rolling it back"},
        {"isolation", [](D& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             if (!is_isolation(value)) return fail(ErrorCode::invalid, "expected read_committed, read_uncommitted, repeatable_read or serializable");
             settings.isolation = value;
             return {};
         }, "read_committed", "Of transactions"},
        O::alias("limit", "max_connections"),
        O::ignored("pooling", "max_connections says how many connections there are"),
        O::ignored("share_connections", "max_connections says how many connections there are"),
        O::ignored("shared_connections", "max_connections says how many connections there are"),
        O::ignored("backslash_is_escape", "values are bound and not written into statements"),
        O::ignored("cache_type", "a free connection is as good as another"),
        O::ignored("cache_size", "connections stay open"),
        O::ignored("logging", "statements that fail are logged"),
        O::ignored("slow_query_limit", "see timeout"),
    };
    return options;
}

class Transaction final : public OdbcTransaction {
  public:
    Transaction(std::shared_ptr<Pool> pool, std::shared_ptr<Pool::Worker> worker)
        : pool_(std::move(pool)), worker_(std::move(worker)), isolation_(pool_->settings().isolation),
          force_commit_(pool_->settings().force_commit) {}
    ~Transaction() override {
        // The connection is closed: the next user gets one without a transaction.
        pool_->run_later(worker_, [worker = worker_.get(), commit = force_commit_](OdbcSession& session) {
            if (commit && !session.commit()) log_warning("ODBC: what a call left open could not be committed");
            if (!commit) (void)session.rollback();
            worker->session.reset();
        });
        pool_->release(worker_);
    }
    const std::string& database() const override { return pool_->settings().name; }
    Result<OdbcAnswer> execute(OdbcStatement statement) override {
        return run([statement = std::move(statement)](OdbcSession& session) { return session.run(statement); });
    }
    Result<void> commit() override { return without_answer(run([](OdbcSession& session) { return done(session.commit()); })); }
    Result<void> rollback() override { return without_answer(run([](OdbcSession& session) { return done(session.rollback()); })); }
    Result<void> set_isolation(std::string isolation) override {
        if (!is_isolation(isolation)) return fail(ErrorCode::invalid, "there is no isolation '{}'", isolation);
        isolation_ = std::move(isolation);
        return {};
    }
    std::string isolation() const override { return isolation_; }
    void set_force_commit(bool on) override { force_commit_ = on; }
    bool force_commit() const override { return force_commit_; }

  private:
    static Result<OdbcAnswer> done(Result<void> result) {
        if (!result) return std::unexpected(std::move(result).error());
        return OdbcAnswer{};
    }
    static Result<void> without_answer(Result<OdbcAnswer> answer) {
        if (!answer) return std::unexpected(std::move(answer).error());
        return {};
    }
    // What went before may be lost with a dead connection, so a fresh one is no substitute once something was done.
    Result<OdbcAnswer> run(Pool::Job job) {
        if (worker_->working) return fail(ErrorCode::busy, "database {}: an earlier statement of the transaction has not ended", database());
        if (lost_) return fail(ErrorCode::closed, "database {}: the transaction was lost with its connection", database());
        const bool first = !std::exchange(begun_, true);
        auto answer = pool_->run(worker_, [job = std::move(job), isolation = isolation_](OdbcSession& session) -> Result<OdbcAnswer> {
            JF_TRY(session.begin(isolation));
            return job(session);
        }, first);
        lost_ = !answer && (answer.error().code == ErrorCode::closed || answer.error().code == ErrorCode::timeout);
        return answer;
    }

    std::shared_ptr<Pool> pool_;
    std::shared_ptr<Pool::Worker> worker_;
    std::string isolation_;
    bool force_commit_, begun_ = false, lost_ = false;
};

class Databases final : public OdbcService {
  public:
    explicit Databases(Module& module) : module_(module) {}

    Result<OdbcAnswer> execute(const std::string& name, OdbcStatement statement) override {
        const auto pool = JF_TRY(find(name));
        const auto worker = JF_TRY(pool->take());
        auto answer = pool->run(worker, [statement = std::move(statement)](OdbcSession& session) { return session.run(statement); }, true);
        pool->release(worker);
        return answer;
    }
    Result<std::unique_ptr<OdbcTransaction>> begin(const std::string& name) override {
        auto pool = JF_TRY(find(name));
        auto worker = JF_TRY(pool->take());
        return std::unique_ptr<OdbcTransaction>(std::make_unique<Transaction>(std::move(pool), std::move(worker)));
    }
    Result<OdbcConnect> connector(const std::string& name) override {
        const auto pool = JF_TRY(find(name));
        if (!pool->settings().enabled) return fail(ErrorCode::closed, "database {} is switched off by enabled = no in res_odbc.conf", name);
        return OdbcConnect([session = pool->settings().session] { return connect(session); });
    }

    // Connections of databases that changed end with their last user.
    void set(std::vector<DatabaseSettings> settings) {
        std::map<std::string, std::shared_ptr<Pool>, CaseInsensitiveLess> fresh;
        for (DatabaseSettings& each : settings) {
            const auto before = pools_.find(each.name);
            const bool same = before != pools_.end() && before->second->settings() == each;
            auto& pool = fresh[each.name] = same ? before->second : std::make_shared<Pool>(module_, each);
            if (!same) pool->connect_early();
        }
        for (const auto& [name, pool] : std::exchange(pools_, std::move(fresh))) {
            const auto now = pools_.find(name);
            if (now != pools_.end() && now->second == pool) continue;
            pool->close_later();
            old_.push_back(pool);
        }
    }
    Result<void> close() {
        for (const auto& [name, pool] : pools_) JF_TRY(pool->close());
        for (const auto& pool : old_) JF_TRY(pool->close());
        old_.clear();
        return {};
    }
    // Closes what is left of databases as they were before. Waits.
    void close_old() {
        for (const auto& pool : std::exchange(old_, {}))
            if (pool->in_use() > 0 || !pool->close()) old_.push_back(pool);
    }
    Result<void> show(Console& console) const {
        JF_TRY(console.write("\nODBC DSN Settings\n-----------------\n\n"));
        for (const auto& [name, pool] : pools_) {
            const DatabaseSettings& settings = pool->settings();
            JF_TRY(console.print("  Name:   {}\n  DSN:    {}\n    Number of active connections: {} (out of {})\n    In use: {}\n    State: {}\n\n", name,
                                 settings.session.dsn, pool->connections(), settings.max_connections, pool->in_use(),
                                 !settings.enabled                               ? std::string("switched off")
                                 : pool->away_for() > Clock::duration::zero() ? fmt::format("away, asked again in {} s", std::chrono::ceil<std::chrono::seconds>(pool->away_for()).count())
                                                                              : std::string("usable")));
        }
        return {};
    }

  private:
    Result<std::shared_ptr<Pool>> find(const std::string& name) const {
        const auto found = pools_.find(name);
        if (found == pools_.end()) return fail(ErrorCode::not_found, "res_odbc.conf has no database [{}]", name);
        return found->second;
    }
    Module& module_;
    std::map<std::string, std::shared_ptr<Pool>, CaseInsensitiveLess> pools_;
    std::vector<std::shared_ptr<Pool>> old_;
};

std::vector<DatabaseSettings> read_databases(const ConfigFile& file, Diagnostics& findings) {
    std::vector<DatabaseSettings> list;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "ENV")) {
            findings.error(category.place(), "variables of the environment are not set from here: give them to the daemon at its start");
            continue;
        }
        DatabaseSettings settings = database_options().read(category, findings);
        settings.name = category.name();
        if (settings.enabled && settings.session.dsn.empty())
            findings.error(category.place(), "database [{}] needs dsn, the name of a data source in odbc.ini", category.name());
        settings.session.query_timeout = std::chrono::ceil<std::chrono::seconds>(settings.timeout);
        list.push_back(std::move(settings));
    }
    return list;
}

Result<void> load(Module& module) {
    // Drivers that unixODBC loads leave memory behind.
    JF_TRY(keep_library(reinterpret_cast<const void*>(&SQLAllocHandle)));
    auto& databases = module.own<Databases>(module);
    JF_TRY(module.add(CommandInfo{"odbc show", "List the databases of res_odbc.conf", "Their connections, and whether one is away."},
                      [&databases](Console& console, CommandWords) { return databases.show(console); }));
    JF_TRY(module.provide<OdbcService>(databases));
    module.on_unload([&databases] { return databases.close(); });
    module.on_reload([&databases]() -> Result<void> {
        databases.close_old();
        return {};
    });
    return module.add(ConfigFileSpec{.file = "res_odbc.conf", .prepare = [&databases](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [&databases, list = read_databases(file, findings)]() mutable { databases.set(std::move(list)); };
    }});
}

}  // namespace
}  // namespace jackfield::odbc

JACKFIELD_MODULE("res_odbc", "Connections to databases by ODBC", jackfield::odbc::load)
