// ODBC: one connection for each table, one transaction for each batch. How long a silent server is waited for is the driver's
// affair, and holds up this backend only.
#include "modules/res_cdr/odbc_sink.hpp"

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <array>

#include "core/module/keep_library.hpp"

namespace jackfield {
namespace {

constexpr SQLULEN patience = 10;  // seconds

class Handle {
  public:
    Handle() = default;
    Handle(SQLSMALLINT kind, SQLHANDLE parent) : kind_(kind) {
        if (!SQL_SUCCEEDED(SQLAllocHandle(kind, parent, &handle_))) handle_ = SQL_NULL_HANDLE;
    }
    Handle(Handle&& other) noexcept : kind_(other.kind_), handle_(std::exchange(other.handle_, SQLHANDLE{})) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(kind_, other.kind_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Handle() {
        if (handle_ == SQL_NULL_HANDLE) return;
        if (kind_ == SQL_HANDLE_DBC) SQLDisconnect(handle_);
        SQLFreeHandle(kind_, handle_);
    }
    SQLHANDLE get() const { return handle_; }
    explicit operator bool() const { return handle_ != SQL_NULL_HANDLE; }

    // What the driver says; 22 and 23 are refusals of the data (ISO 9075 SQLSTATE classes).
    std::unexpected<Error> failed() const {
        std::array<SQLCHAR, 6> state{};
        std::array<SQLCHAR, 512> text{};
        SQLINTEGER native = 0;
        SQLSMALLINT size = 0;
        if (!SQL_SUCCEEDED(SQLGetDiagRec(kind_, handle_, 1, state.data(), &native, text.data(), text.size(), &size)))
            return fail(ErrorCode::failed, "the ODBC driver gives no reason");
        const std::string_view code(reinterpret_cast<const char*>(state.data()));
        return fail(code.starts_with("22") || code.starts_with("23") ? ErrorCode::invalid : ErrorCode::failed, "{}: {}", code,
                    reinterpret_cast<const char*>(text.data()));
    }

  private:
    SQLSMALLINT kind_ = SQL_HANDLE_ENV;
    SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

SQLCHAR* sql_text(const std::string& text) { return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str())); }

ColumnKind kind_of(SQLSMALLINT type) {
    switch (type) {
        case SQL_INTEGER: case SQL_SMALLINT: case SQL_TINYINT: case SQL_BIGINT: return ColumnKind::whole;
        case SQL_DECIMAL: case SQL_NUMERIC: case SQL_FLOAT: case SQL_REAL: case SQL_DOUBLE: return ColumnKind::fraction;
        case SQL_TYPE_TIMESTAMP: case SQL_TYPE_DATE: case SQL_TYPE_TIME: case SQL_DATETIME: return ColumnKind::time;
        default: return ColumnKind::text;
    }
}

// A table by its connection; the lane's thread.
class Table {
  public:
    Table(OdbcConnection connection, OdbcTable table) : connection_(std::move(connection)), table_(std::move(table)) {
        time_.utc = table_.utc;
    }
    Result<void> write(const RecordBatch& batch) {
        if (!database_) {
            if (auto opened = open(); !opened) {
                close();
                return opened;
            }
        }
        auto done = write_all(batch);
        if (!done) SQLEndTran(SQL_HANDLE_DBC, database_.get(), SQL_ROLLBACK);
        if (!done && done.error().code != ErrorCode::invalid) close();
        return done;
    }

  private:
    using Values = std::vector<std::optional<std::string>>;

    void close() {
        database_ = Handle();
        environment_ = Handle();
    }
    Result<void> open() {
        environment_ = Handle(SQL_HANDLE_ENV, SQL_NULL_HANDLE);
        SQLSetEnvAttr(environment_.get(), SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
        database_ = Handle(SQL_HANDLE_DBC, environment_.get());
        if (!database_) return environment_.failed();
        SQLSetConnectAttr(database_.get(), SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(patience), 0);
        SQLSetConnectAttr(database_.get(), SQL_ATTR_CONNECTION_TIMEOUT, reinterpret_cast<SQLPOINTER>(patience), 0);
        if (!SQL_SUCCEEDED(SQLConnect(database_.get(), sql_text(connection_.dsn), SQL_NTS, sql_text(connection_.user), SQL_NTS,
                                      sql_text(connection_.password), SQL_NTS)))
            return database_.failed();
        if (!SQL_SUCCEEDED(SQLSetConnectAttr(database_.get(), SQL_ATTR_AUTOCOMMIT, reinterpret_cast<SQLPOINTER>(SQL_AUTOCOMMIT_OFF), 0)))
            return database_.failed();
        return read_columns();
    }
    Result<Handle> statement() const {
        Handle made(SQL_HANDLE_STMT, database_.get());
        if (!made) return database_.failed();
        SQLSetStmtAttr(made.get(), SQL_ATTR_QUERY_TIMEOUT, reinterpret_cast<SQLPOINTER>(patience), 0);
        return made;
    }
    Result<void> read_columns() {
        const Handle list = JF_TRY(statement());
        if (!SQL_SUCCEEDED(SQLColumns(list.get(), nullptr, 0, nullptr, 0, sql_text(table_.table), SQL_NTS, nullptr, 0))) return list.failed();
        columns_.clear();
        while (SQL_SUCCEEDED(SQLFetch(list.get()))) {
            std::array<char, 256> name{};
            SQLSMALLINT type = 0;
            SQLINTEGER size = 0;
            SQLGetData(list.get(), 4, SQL_C_CHAR, name.data(), name.size(), nullptr);
            SQLGetData(list.get(), 5, SQL_C_SHORT, &type, 0, nullptr);
            SQLGetData(list.get(), 7, SQL_C_LONG, &size, 0, nullptr);
            TableColumn column{name.data(), kind_of(type), 0};
            // Drivers give a huge size for text without a limit.
            if (column.kind == ColumnKind::text && size > 0 && size < 65536) column.longest = static_cast<std::size_t>(size);
            if (column_wanted(column, table_.columns)) columns_.push_back(std::move(column));
        }
        if (columns_.empty()) return fail(ErrorCode::failed, "{} has no table {}", connection_.dsn, table_.table);
        return {};
    }
    Values values_of(const Record& record) const {
        Values values;
        for (const TableColumn& column : columns_) values.push_back(column_value(record, column, table_.columns, time_));
        return values;
    }
    // Runs `text` with a parameter for each value that is there. True: there is a row.
    Result<bool> run(const std::string& text, const Values& values, bool rows) const {
        const Handle made = JF_TRY(statement());
        SQLUSMALLINT place = 0;
        std::vector<SQLLEN> sizes(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!values[i]) continue;
            sizes[i] = static_cast<SQLLEN>(values[i]->size());
            SQLBindParameter(made.get(), ++place, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, std::max<SQLULEN>(values[i]->size(), 1), 0,
                             sql_text(*values[i]), sizes[i], &sizes[i]);
        }
        const SQLRETURN done = SQLExecDirect(made.get(), sql_text(text), SQL_NTS);
        if (!SQL_SUCCEEDED(done) && done != SQL_NO_DATA) return made.failed();
        return rows && SQL_SUCCEEDED(SQLFetch(made.get()));
    }
    bool passes(const Record& record) const {
        return std::ranges::all_of(table_.filters, [&](const auto& each) { return record.get(each.first) == each.second; });
    }
    Result<void> write_all(const RecordBatch& batch) const {
        bool first = batch.perhaps_written;
        for (const Record& record : batch.records) {
            if (!passes(record)) continue;
            const Values values = values_of(record);
            std::string names, marks, conditions;
            for (std::size_t i = 0; i < values.size(); ++i) {
                if (!values[i]) continue;
                names += (names.empty() ? "" : ", ") + columns_[i].name;
                marks += marks.empty() ? "?" : ", ?";
                conditions += (conditions.empty() ? "" : " AND ") + columns_[i].name + " = ?";
            }
            // A batch is written whole or not at all, so its first record tells of the rest.
            if (std::exchange(first, false) && JF_TRY(run(fmt::format("SELECT 1 FROM {} WHERE {}", table_.table, conditions), values, true)))
                return {};
            (void)JF_TRY(run(fmt::format("INSERT INTO {} ({}) VALUES ({})", table_.table, names, marks), values, false));
        }
        if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, database_.get(), SQL_COMMIT))) return database_.failed();
        return {};
    }

    OdbcConnection connection_;
    OdbcTable table_;
    RecordTime time_;
    Handle environment_, database_;
    std::vector<TableColumn> columns_;
};

class OdbcSink final : public RecordSink {
  public:
    explicit OdbcSink(std::vector<Table> tables) : tables_(std::move(tables)) {}
    Result<void> write(const RecordBatch& batch) override {
        // When a later table fails, the earlier ones find on the next try that they have the batch.
        for (Table& table : tables_) JF_TRY(table.write(batch));
        return {};
    }

  private:
    std::vector<Table> tables_;
};

const Options<OdbcConnection>& connection_options() {
    using C = OdbcConnection;
    static const Options<C> options{
        {"dsn", &C::dsn, "", "Name of the data source in odbc.ini"},
        {"username", &C::user, "", "Who logs in"},
        {"password", &C::password, "", "Password"},
        {"enabled", &C::enabled, true, "Whether the connection may be used"},
    };
    return options;
}

const Options<OdbcTable>& table_options() {
    using T = OdbcTable;
    static const Options<T> options{
        {"connection", &T::connection, "", "A section of res_odbc.conf"},
        {"table", &T::table, "", "The table; its columns say what is written"},
        {"usegmtime", &T::utc, false, "Times in UTC"},
        Option<T>::alias("dsn", "connection"),
        Option<T>::ignored("loguniqueid", "the table's columns say what is written"),
        Option<T>::ignored("newcdrcolumns", "the table's columns say what is written"),
        Option<T>::ignored("dispositionstring", "a column of text gets the word, one of numbers the number"),
        Option<T>::ignored("hrtime", "columns of fractions get billsec and duration with a fraction"),
        Option<T>::ignored("allowleapsecond", "times have no leap seconds"),
    };
    return options;
}

OdbcTable read_table(const ConfigCategory& category, Diagnostics& findings) {
    OdbcTable table = table_options().defaults();
    for (const ConfigEntry& entry : category.entries()) {
        const Halves halves = split_once(entry.key, ' ');
        if (halves.found && equals_ignoring_case(halves.first, "filter"))
            table.filters.emplace_back(trim(halves.second), entry.value);
        else if (!table.columns.read(entry))
            table_options().apply(entry, table, findings);
    }
    if (table.table.empty()) table.table = "cdr";
    if (table.connection.empty()) findings.error(category.place(), "[{}] needs connection, a section of res_odbc.conf", category.name());
    return table;
}

// Both files together make the sink, whichever comes first.
struct Sources {
    std::map<std::string, OdbcConnection, CaseInsensitiveLess> connections;
    std::vector<OdbcTable> tables;
    void make(BackendSlot* slot) const {
        std::vector<Table> made;
        for (const OdbcTable& table : tables) {
            const auto found = connections.find(table.connection);
            if (found == connections.end() || !found->second.enabled) {
                log_error("res_odbc.conf has no connection {}, which the table {} needs", table.connection, table.table);
                continue;
            }
            made.emplace_back(found->second, table);
        }
        slot->set(made.empty() ? nullptr : std::make_shared<OdbcSink>(std::move(made)));
    }
};

}  // namespace

Result<void> add_odbc_backend(Module& module, std::string file, BackendSlot* slot) {
    JF_TRY(keep_library(reinterpret_cast<const void*>(&SQLAllocHandle)));  // its drivers leave memory behind
    auto& sources = module.own<Sources>();
    JF_TRY(module.add(ConfigFileSpec{.file = "res_odbc.conf", .prepare = [&sources, slot](const ConfigFile& read, Diagnostics&) -> ConfigApply {
        // The file is shared with others: what is no part of a connection is not judged here.
        std::map<std::string, OdbcConnection, CaseInsensitiveLess> connections;
        for (const ConfigCategory& category : read.categories()) {
            if (category.is_template()) continue;
            OdbcConnection connection = connection_options().defaults();
            Diagnostics ignored;
            for (const ConfigEntry& entry : category.entries())
                if (connection_options().knows(entry.key)) connection_options().apply(entry, connection, ignored);
            connections.emplace(category.name(), std::move(connection));
        }
        return [&sources, slot, connections = std::move(connections)] {
            sources.connections = connections;
            if (!sources.tables.empty()) sources.make(slot);
        };
    }}));
    return module.add(ConfigFileSpec{.file = std::move(file), .prepare = [&sources, slot](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
        std::vector<OdbcTable> tables;
        for (const ConfigCategory& category : read.categories())
            if (!category.is_template()) tables.push_back(read_table(category, findings));
        return [&sources, slot, tables = std::move(tables)] {
            sources.tables = tables;
            sources.make(slot);
        };
    }});
}

}  // namespace jackfield
