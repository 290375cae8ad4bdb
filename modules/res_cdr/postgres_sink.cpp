// PostgreSQL by libpq: never waits for the server longer than a deadline, one transaction for each batch.
//
// When the connection is lost behind COMMIT, its server process may still be at it, so that a look at the table says nothing yet.
// So each transaction holds an advisory lock of its writer and table: the next try gets it when the earlier transaction has
// ended, and sees then what became of it.
#include "modules/res_cdr/postgres_sink.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;  // with a server that has accepted and does not answer

struct FinishConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;

ColumnKind kind_of(std::string_view type) {
    if (type.starts_with("int") || type == "bigint" || type == "smallint") return ColumnKind::whole;
    if (type.starts_with("float") || type == "numeric" || type == "real") return ColumnKind::fraction;
    if (type.starts_with("timestamp") || type == "date" || type == "time") return ColumnKind::time;
    return ColumnKind::text;
}

class PostgresSink final : public RecordSink {
  public:
    explicit PostgresSink(PostgresTable table) : table_(std::move(table)), lock_(writer_lock(table_.table)) {
        time_.utc = table_.utc;
        time_.format = "%Y-%m-%d %H:%M:%S";
    }

    Result<void> write(const RecordBatch& batch) override {
        stopping_ = &batch.stopping;
        auto done = connection_ ? Result<void>() : open();
        if (done) done = write_all(batch);
        if (!done && done.error().code == ErrorCode::invalid && !run("ROLLBACK")) done = fail(ErrorCode::closed, "the connection was lost");
        if (!done && done.error().code != ErrorCode::invalid) connection_.reset();
        return done;
    }

  private:
    using Parameters = std::vector<std::optional<std::string>>;

    // Waits for the socket. Errors: timeout, cancelled.
    Result<void> wait_for(short events, std::chrono::steady_clock::time_point end) {
        for (;;) {
            if (*stopping_) return fail(ErrorCode::cancelled, "the daemon stops");
            if (std::chrono::steady_clock::now() > end) return fail(ErrorCode::timeout, "the server {} does not answer", table_.host);
            pollfd socket{PQsocket(connection_.get()), events, 0};
            if (::poll(&socket, 1, 50) > 0) return {};
        }
    }

    Result<void> open() {
        const std::array<const char*, 9> names{"host", "port", "dbname", "user", "password", "application_name", "client_encoding", "tcp_user_timeout", nullptr};
        std::array<const char*, 9> values{table_.host.c_str(), table_.port.c_str(), table_.database.c_str(), table_.user.c_str(),
                                          table_.password.c_str(), table_.application.c_str(), table_.encoding.c_str(), "10000", nullptr};
        connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
        const auto end = std::chrono::steady_clock::now() + patience;
        for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
            if (state == PGRES_POLLING_FAILED || PQstatus(connection_.get()) == CONNECTION_BAD)
                return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(connection_.get())));
            JF_TRY(wait_for(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, end));
            state = PQconnectPoll(connection_.get());
        }
        PQsetnonblocking(connection_.get(), 1);
        // What a vanished machine of ours has begun must not hold the lock for hours.
        JF_TRY(run("SELECT set_config('idle_in_transaction_session_timeout', '60s', false)"));
        if (!table_.time_zone.empty()) JF_TRY(run("SELECT set_config('TimeZone', $1, false)", {table_.time_zone}));
        return read_columns();
    }

    // Runs one statement. Errors: invalid (the server refuses it), others (the connection is of no use any more).
    Result<Answer> ask(const std::string& text, const Parameters& parameters = {}) {
        std::vector<const char*> values;
        for (const auto& each : parameters) values.push_back(each ? each->c_str() : nullptr);
        if (!PQsendQueryParams(connection_.get(), text.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0))
            return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(connection_.get())));
        const auto end = std::chrono::steady_clock::now() + patience;
        for (int left = 1; (left = PQflush(connection_.get())) != 0;) {
            if (left < 0) return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(connection_.get())));
            JF_TRY(wait_for(POLLIN | POLLOUT, end));
            if (!PQconsumeInput(connection_.get())) return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(connection_.get())));
        }
        Answer last;
        for (;;) {
            while (PQisBusy(connection_.get())) {
                JF_TRY(wait_for(POLLIN, end));
                if (!PQconsumeInput(connection_.get())) return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(connection_.get())));
            }
            Answer answer(PQgetResult(connection_.get()));
            if (!answer) break;
            last = std::move(answer);
        }
        const auto status = last ? PQresultStatus(last.get()) : PGRES_FATAL_ERROR;
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
        const char* state = last ? PQresultErrorField(last.get(), PG_DIAG_SQLSTATE) : nullptr;
        const std::string_view sql_state = state ? state : "";
        // 22: data exception, 23: integrity constraint. Others (shutdown, no such table, read only) may pass.
        const bool refused = sql_state.starts_with("22") || sql_state.starts_with("23");
        return fail(refused ? ErrorCode::invalid : ErrorCode::failed, "{}", trim(last ? PQresultErrorMessage(last.get()) : PQerrorMessage(connection_.get())));
    }
    Result<void> run(const std::string& text, const Parameters& parameters = {}) {
        JF_TRY(ask(text, parameters));
        return {};
    }

    Result<void> read_columns() {
        const Answer answer = JF_TRY(ask("SELECT a.attname, t.typname, a.atttypmod FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
                                         "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                                         {table_.table}));
        columns_.clear();
        std::string names, marks, conditions;
        for (int row = 0; row < PQntuples(answer.get()); ++row) {
            TableColumn column;
            column.name = PQgetvalue(answer.get(), row, 0);
            column.kind = kind_of(PQgetvalue(answer.get(), row, 1));
            // Of varchar(n) it is n + 4.
            const int modifier = parse_number<int>(PQgetvalue(answer.get(), row, 2)).value_or(-1);
            if (column.kind == ColumnKind::text && modifier > 4) column.longest = static_cast<std::size_t>(modifier - 4);
            if (!column_wanted(column, table_.columns)) continue;
            const std::string name = fmt::format("\"{}\"", column.name);
            columns_.push_back(column);
            names += (names.empty() ? "" : ",") + name;
            marks += fmt::format("{}${}", marks.empty() ? "" : ",", columns_.size());
            conditions += fmt::format("{}{} IS NOT DISTINCT FROM ${}", conditions.empty() ? "" : " AND ", name, columns_.size());
        }
        if (columns_.empty()) return fail(ErrorCode::failed, "the database {} has no table {}", table_.database, table_.table);
        insert_ = fmt::format("INSERT INTO {} ({}) VALUES ({})", table_.table, names, marks);
        find_ = fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", table_.table, conditions);
        return {};
    }

    Parameters values_of(const Record& record) const {
        Parameters values;
        for (const TableColumn& column : columns_) values.push_back(column_value(record, column, table_.columns, time_));
        return values;
    }

    Result<bool> has(const Record& record) {
        const Answer answer = JF_TRY(ask(find_, values_of(record)));
        return PQntuples(answer.get()) > 0;
    }
    Result<void> write_all(const RecordBatch& batch) {
        JF_TRY(run("BEGIN"));
        JF_TRY(run("SELECT pg_advisory_xact_lock($1)", {std::to_string(lock_)}));
        // A batch is written whole or not at all, so two of its records tell of the rest; one alone may look like an older call.
        if (batch.perhaps_written && JF_TRY(has(batch.records.front())) && JF_TRY(has(batch.records.back()))) return run("ROLLBACK");
        for (const Record& record : batch.records) JF_TRY(run(insert_, values_of(record)));
        return run("COMMIT");
    }

    PostgresTable table_;
    const std::int64_t lock_;
    RecordTime time_;
    std::unique_ptr<PGconn, FinishConnection> connection_;
    std::vector<TableColumn> columns_;
    std::string insert_, find_;
    const std::atomic<bool>* stopping_ = nullptr;
};

const Options<PostgresTable>& table_options(const std::string& default_table) {
    using T = PostgresTable;
    static const Options<T> options{
        {"hostname", &T::host, "localhost", "The server, or the folder of its socket"},
        {"port", &T::port, "5432", "Its port"},
        {"dbname", &T::database, "asterisk", "The database"},
        {"user", &T::user, "asterisk", "Who logs in"},
        {"password", &T::password, "", "Password"},
        {"table", &T::table, default_table, "The table; its columns say what is written"},
        {"application", &T::application, "asterisk", "How the session is called in the server's lists"},
        {"encoding", &T::encoding, "UTF8", "The client's encoding"},
        {"timezone", &T::time_zone, "", "Time zone of the session"},
        {"usegmtime", &T::utc, false, "Times in UTC"},
        Option<T>::alias("appname", "application"),
        Option<T>::absent("show_user_defined", "the type of a user-defined event is in the column userdeftype"),
        Option<T>::absent("schema", "write table=schema.table"),
    };
    return options;
}

}  // namespace

ConfigFileSpec postgres_spec(std::string file, std::string default_table, BackendSlot* slot) {
    return ConfigFileSpec{
        .file = std::move(file),
        .prepare = [slot, default_table = std::move(default_table)](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
            for (const ConfigCategory& category : read.categories())
                if (!category.is_template() && !equals_ignoring_case(category.name(), "global") &&
                    !equals_ignoring_case(category.name(), "columns"))
                    unknown_section(category, {"global", "columns"}, findings);
            const ConfigCategory* global = read.find("global");
            if (!global) return [slot] { slot->set(nullptr); };
            PostgresTable table = table_options(default_table).read(*global, findings);
            if (const ConfigCategory* columns = read.find("columns"))
                for (const ConfigEntry& entry : columns->entries())
                    if (!table.columns.read(entry))
                        findings.error(entry.place(), "'{}' is neither alias FIELD => COLUMN nor static \"TEXT\" => COLUMN", entry.key);
            return [slot, table = std::move(table)] { slot->set(std::make_shared<PostgresSink>(table)); };
        }};
}

}  // namespace jackfield
