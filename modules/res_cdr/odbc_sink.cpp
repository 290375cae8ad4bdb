// ODBC: one connection of res_odbc's kind for each table, one transaction for each batch. How long a silent server is waited for is
// the driver's affair, and holds up this backend only.
//
// When the connection is lost behind COMMIT, the server may still be at it, so that a look at the table says nothing yet. PostgreSQL
// has advisory locks, held by each transaction as in postgres_sink.cpp. Elsewhere the next try looks as a serializable transaction:
// databases that lock what is read (SQL Server, MySQL) then wait for the earlier one to end, and a file of SQLite has one writer
// at a time and none after its process has gone. A unique index on uniqueid and sequence is proof against all others.
#include "modules/res_cdr/odbc_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "modules/res_cdr/table_columns.hpp"
#include "modules/res_odbc/odbc.hpp"

namespace jackfield {
namespace {

struct OdbcTable {
    std::string connection, table;
    bool utc = false;
    ColumnMapping columns;
    std::vector<std::pair<std::string, std::string>> filters;  // field and what it must be
};

ColumnKind kind_of(OdbcKind kind) {
    switch (kind) {
        case OdbcKind::whole: return ColumnKind::whole;
        case OdbcKind::fraction: return ColumnKind::fraction;
        case OdbcKind::time: return ColumnKind::time;
        default: return ColumnKind::text;
    }
}

// A table by its connection; the lane's thread.
class Table {
  public:
    Table(OdbcConnect connect, OdbcTable table) : connect_(std::move(connect)), table_(std::move(table)) { time_.utc = table_.utc; }
    Result<void> write(const RecordBatch& batch) {
        if (!session_) JF_TRY(open());
        auto done = write_all(batch);
        if (!done) (void)session_->rollback();
        if (!done && done.error().code != ErrorCode::invalid) session_.reset();
        return done;
    }

  private:
    using Values = std::vector<std::optional<std::string>>;

    Result<void> open() {
        auto session = JF_TRY(connect_());
        columns_.clear();
        for (OdbcColumn& each : JF_TRY(session->columns(table_.table))) {
            TableColumn column{std::move(each.name), kind_of(each.kind), each.longest};
            if (column_wanted(column, table_.columns)) columns_.push_back(std::move(column));
        }
        if (columns_.empty()) return fail(ErrorCode::failed, "database {} has no table {}", table_.connection, table_.table);
        lock_.clear();
        if (session->product() == "PostgreSQL") lock_ = fmt::format("SELECT pg_advisory_xact_lock({})", writer_lock(table_.table));
        JF_TRY(session->begin({}));
        session_ = std::move(session);
        return {};
    }
    Values values_of(const Record& record) const {
        Values values;
        for (const TableColumn& column : columns_) values.push_back(column_value(record, column, table_.columns, time_));
        return values;
    }
    bool passes(const Record& record) const {
        return std::ranges::all_of(table_.filters, [&](const auto& each) { return record.get(each.first) == each.second; });
    }
    // `form` has {table}, and {names}, {marks} and {conditions} of the columns that the record has something for. True: there is a row.
    Result<bool> run(const Record& record, std::string_view form) const {
        const Values values = values_of(record);
        std::string names, marks, conditions;
        OdbcStatement statement{.text = {}, .values = {}, .most_rows = 1};
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!values[i]) continue;
            names += (names.empty() ? "" : ", ") + columns_[i].name;
            marks += marks.empty() ? "?" : ", ?";
            conditions += (conditions.empty() ? "" : " AND ") + columns_[i].name + " = ?";
            statement.values.push_back(*values[i]);
        }
        statement.text = fmt::format(fmt::runtime(form), fmt::arg("table", table_.table), fmt::arg("names", names), fmt::arg("marks", marks),
                                     fmt::arg("conditions", conditions));
        const OdbcAnswer answer = JF_TRY(session_->run(statement));
        return !answer.rows.empty();
    }
    Result<void> write_all(const RecordBatch& batch) const {
        std::vector<const Record*> records;
        for (const Record& record : batch.records)
            if (passes(record)) records.push_back(&record);
        if (records.empty()) return {};
        if (!lock_.empty())
            JF_TRY(session_->run({.text = lock_, .values = {}}));
        else if (batch.perhaps_written)
            JF_TRY(session_->begin("serializable"));
        // A batch is written whole or not at all, so two of its records tell of the rest; one alone may look like an older call.
        constexpr std::string_view find = "SELECT 1 FROM {table} WHERE {conditions}";
        if (batch.perhaps_written && JF_TRY(run(*records.front(), find)) && JF_TRY(run(*records.back(), find))) return session_->rollback();
        for (const Record* record : records) (void)JF_TRY(run(*record, "INSERT INTO {table} ({names}) VALUES ({marks})"));
        return session_->commit();
    }

    OdbcConnect connect_;
    OdbcTable table_;
    RecordTime time_;
    std::unique_ptr<OdbcSession> session_;
    std::vector<TableColumn> columns_;
    std::string lock_;  // the statement for it; empty: the isolation serves instead
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

// The tables of the last configuration. Control thread.
struct Tables {
    std::vector<OdbcTable> wanted;
    void make(BackendSlot* slot) const {
        std::vector<Table> made;
        for (const OdbcTable& table : wanted) {
            const auto odbc = find_service<OdbcService>();
            auto connect = odbc ? (*odbc)->connector(table.connection) : Result<OdbcConnect>(std::unexpected(odbc.error()));
            if (connect)
                made.emplace_back(*std::move(connect), table);
            else
                log_error("The table {} gets no records: {}", table.table, connect.error().text);
        }
        slot->set(made.empty() ? nullptr : std::make_shared<OdbcSink>(std::move(made)));
    }
};

}  // namespace

Result<void> add_odbc_backend(Module& module, std::string file, BackendSlot* slot) {
    auto& tables = module.own<Tables>();
    // Read by res_odbc, which was loaded before and so has what it says now.
    JF_TRY(module.add(ConfigFileSpec{.file = "res_odbc.conf", .prepare = [&tables, slot](const ConfigFile&, Diagnostics&) -> ConfigApply {
        return [&tables, slot] {
            if (!tables.wanted.empty()) tables.make(slot);
        };
    }}));
    return module.add(ConfigFileSpec{.file = std::move(file), .prepare = [&tables, slot](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
        std::vector<OdbcTable> wanted;
        for (const ConfigCategory& category : read.categories())
            if (!category.is_template()) wanted.push_back(read_table(category, findings));
        return [&tables, slot, wanted = std::move(wanted)] {
            tables.wanted = wanted;
            tables.make(slot);
        };
    }});
}

}  // namespace jackfield
