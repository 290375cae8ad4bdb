// res_config_sqlite3 - Realtime in SQLite files (res_config_sqlite3.conf).
#include <sqlite3.h>

#include <map>
#include <memory>

#include "core/module/realtime.hpp"
#include "core/module/realtime_sql.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr int busy_milliseconds = 4000;  // another process writes: less than a look-up waits

struct Database {
    std::string file;
};
const Options<Database>& options() {
    static const Options<Database> table{
        Option<Database>("dbfile", [](Database& database, std::string_view value, const ConfigEntry&) -> Result<void> {
            if (value.empty()) return fail(ErrorCode::invalid, "the path of a SQLite file is expected");
            database.file = value;
            return {};
        }, "", "Path of the SQLite file; it is made when it is not there"),
        Option<Database>::ignored("debug", "what is asked is in the log at debug level 3"),
        Option<Database>::ignored("batch", "each change is durable when it has been made"),
        Option<Database>::absent("requirements", "tables are not altered by the daemon; make the columns yourself")};
    return table;
}

using Databases = std::map<std::string, Database>;
Databases& databases() {
    static Databases instance;
    return instance;
}

struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

class Connection final : public SqlRealtimeConnection {
  public:
    static Result<std::unique_ptr<RealtimeConnection>> open(const std::string& file) {
        sqlite3* raw = nullptr;
        const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
        std::unique_ptr<sqlite3, Close> database(raw);
        if (code != SQLITE_OK) return fail(ErrorCode::closed, "can't open {}: {}", file, sqlite3_errstr(code));
        sqlite3_busy_timeout(raw, busy_milliseconds);
        // Else a column that does not exist, in its quotes, counts as a text and the look-up as one without rows.
        sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
        return std::make_unique<Connection>(std::move(database));
    }
    explicit Connection(std::unique_ptr<sqlite3, Close> database)
        : SqlRealtimeConnection(SqlPlaceholders::question_marks), database_(std::move(database)) {}

  private:
    std::unexpected<Error> failed() const { return fail(ErrorCode::failed, "{}", sqlite3_errmsg(database_.get())); }
    Result<Statement> prepare(const SqlCommand& command) const {
        sqlite3_stmt* raw = nullptr;
        const int code = sqlite3_prepare_v2(database_.get(), command.text.data(), static_cast<int>(command.text.size()), &raw, nullptr);
        Statement statement(raw);
        if (code != SQLITE_OK) return failed();
        int place = 0;
        for (const std::string& value : command.values)
            sqlite3_bind_text(raw, ++place, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
        return statement;
    }
    static RealtimeRow row_of(sqlite3_stmt* statement) {
        RealtimeRow row;
        for (int i = 0; i < sqlite3_column_count(statement); ++i) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
            if (text) row.emplace_back(sqlite3_column_name(statement, i), text);
        }
        return row;
    }
    Result<std::vector<RealtimeRow>> rows(const SqlCommand& command, std::size_t) override {
        const Statement statement = JF_TRY(prepare(command));
        std::vector<RealtimeRow> rows;
        int code;
        while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) rows.push_back(row_of(statement.get()));
        if (code != SQLITE_DONE) return failed();
        return rows;
    }
    Result<std::uint64_t> change(const SqlCommand& command) override {
        const Statement statement = JF_TRY(prepare(command));
        if (sqlite3_step(statement.get()) != SQLITE_DONE) return failed();
        return static_cast<std::uint64_t>(sqlite3_changes(database_.get()));
    }

    std::unique_ptr<sqlite3, Close> database_;
};

class Driver final : public RealtimeDriver {
  public:
    Result<Connect> open(const std::string& database) override {
        const auto found = databases().find(database);
        if (found == databases().end())
            return fail(ErrorCode::not_found, "res_config_sqlite3.conf has no section [{}]", database);
        return Connect([file = found->second.file] { return Connection::open(file); });
    }
};

ConfigFileSpec databases_file() {
    ConfigFileSpec spec;
    spec.file = "res_config_sqlite3.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        Databases fresh;
        for (const ConfigCategory& category : file.categories()) {
            if (category.is_template()) continue;
            Database database = options().read(category, findings);
            if (database.file.empty()) findings.error(category.place(), "[{}] has no dbfile", category.name());
            fresh.emplace(category.name(), std::move(database));
        }
        return [fresh = std::move(fresh)]() mutable { databases() = std::move(fresh); };
    };
    return spec;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(databases_file()));
    return module.add("sqlite3", module.own<Driver>());
}

}  // namespace

JACKFIELD_MODULE("res_config_sqlite3", "Realtime in SQLite files", load)
