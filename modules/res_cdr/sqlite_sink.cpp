// SQLite: one transaction for each batch.
#include "modules/res_cdr/sqlite_sink.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"

namespace jackfield {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinishStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

std::string identifier(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text.append(c == '"' ? 2 : 1, c);
    return text += '"';
}

class SqliteSink final : public RecordSink {
  public:
    explicit SqliteSink(SqliteTable table) : table_(std::move(table)) {}

    Result<void> write(const RecordBatch& batch) override {
        if (!database_) {
            if (auto opened = open(); !opened) {
                close();
                return opened;
            }
        }
        auto done = write_all(batch);
        if (!done) (void)sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        // Whatever it was (the file was moved, the disk is full), the next try begins afresh.
        if (!done && done.error().code != ErrorCode::invalid) close();
        return done;
    }

  private:
    Result<void> open() {
        std::error_code error;
        std::filesystem::create_directories(std::filesystem::path(table_.file).parent_path(), error);
        sqlite3* made = nullptr;
        const int opened = sqlite3_open(table_.file.c_str(), &made);
        database_.reset(made);
        if (opened != SQLITE_OK) return failed("can't open");
        sqlite3_busy_timeout(made, static_cast<int>(table_.busy_timeout.count()));
        JF_TRY(run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
        JF_TRY(run(table_.create));
        std::string names, marks, conditions;
        for (const auto& [column, value] : table_.columns) {
            names += (names.empty() ? "" : ",") + identifier(column);
            marks += marks.empty() ? "?" : ",?";
            conditions += (conditions.empty() ? "" : " AND ") + identifier(column) + " = ?";
        }
        insert_ = JF_TRY(prepare(fmt::format("INSERT INTO {} ({}) VALUES ({})", identifier(table_.table), names, marks)));
        find_ = JF_TRY(prepare(fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", identifier(table_.table), conditions)));
        return {};
    }
    void close() {
        insert_.reset();
        find_.reset();
        database_.reset();
    }

    Result<void> write_all(const RecordBatch& batch) {
        JF_TRY(run("BEGIN IMMEDIATE"));
        // A batch is written whole or not at all, so two of its records tell of the rest; one alone may look like an older call.
        if (batch.perhaps_written && JF_TRY(step(*find_, batch.records.front())) && JF_TRY(step(*find_, batch.records.back())))
            return run("ROLLBACK");
        for (const Record& record : batch.records) (void)JF_TRY(step(*insert_, record));
        return run("COMMIT");
    }

    // True: there is a row.
    Result<bool> step(sqlite3_stmt& statement, const Record& record) {
        int place = 0;
        for (const auto& [column, value] : table_.columns) {
            const std::string text = value.fill(record, table_.time);
            sqlite3_bind_text(&statement, ++place, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
        }
        const int done = sqlite3_step(&statement);
        auto problem = done == SQLITE_ROW || done == SQLITE_DONE ? Result<void>() : failed("can't write to");
        sqlite3_reset(&statement);
        JF_TRY(std::move(problem));
        return done == SQLITE_ROW;
    }

    Result<Statement> prepare(const std::string& text) {
        sqlite3_stmt* made = nullptr;
        if (sqlite3_prepare_v2(database_.get(), text.c_str(), -1, &made, nullptr) != SQLITE_OK)
            return std::unexpected(failed("the table's columns are not those of the configuration in").error());
        return Statement(made);
    }
    Result<void> run(const std::string& text) {
        if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failed("can't write to");
        return {};
    }
    Result<void> failed(std::string_view what) const {
        const int code = database_ ? sqlite3_errcode(database_.get()) : SQLITE_NOMEM;
        const bool refused = code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG;
        return fail(refused ? ErrorCode::invalid : ErrorCode::failed, "{} {}: {}", what, table_.file,
                    database_ ? sqlite3_errmsg(database_.get()) : "no memory");
    }

    SqliteTable table_;
    std::unique_ptr<sqlite3, CloseDatabase> database_;
    Statement insert_, find_;
};

struct Section {
    std::string table, columns, values;
    std::chrono::milliseconds busy_timeout{1000};
};

const Options<Section>& section_options() {
    using namespace std::chrono_literals;
    static const Options<Section> options{
        {"table", &Section::table, "", "The table; it is made when it is not there"},
        {"columns", &Section::columns, "", "Its columns, separated by commas"},
        {"values", &Section::values, "", "A value for each column, in single quotes: '${CDR(clid)}','${CDR(src)}'"},
        {"busy_timeout", &Section::busy_timeout, 1000ms, Range{0ms, 60000ms}, "How long another writer is waited for (milliseconds)", 1ms},
    };
    return options;
}

// 'text','text': the parts without their quotes; two quotes in one are a quote.
std::vector<std::string> quoted_values(std::string_view text) {
    std::vector<std::string> values;
    while (!(text = trim(text)).empty()) {
        std::string value;
        if (text.front() == '\'') {
            text.remove_prefix(1);
            while (!text.empty() && (text.front() != '\'' || text.substr(1).starts_with('\''))) {
                if (text.front() == '\'') text.remove_prefix(1);
                value += text.front();
                text.remove_prefix(1);
            }
            text.remove_prefix(text.empty() ? 0 : 1);
        } else {
            value = trim(text.substr(0, text.find(',')));
        }
        values.push_back(std::move(value));
        const auto comma = text.find(',');
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return values;
}

}  // namespace

std::shared_ptr<RecordSink> make_sqlite_sink(SqliteTable table) { return std::make_shared<SqliteSink>(std::move(table)); }

std::optional<SqliteTable> read_sqlite_table(const ConfigFile& file, std::string_view folder, Diagnostics& findings) {
    for (const ConfigCategory& category : file.categories())
        if (!category.is_template() && !equals_ignoring_case(category.name(), "master")) unknown_section(category, {"master"}, findings);
    const ConfigCategory* master = file.find("master");
    if (!master) return {};
    const Section section = section_options().read(*master, findings);
    const auto names = split_list(section.columns);
    const auto values = quoted_values(section.values);
    if (section.table.empty()) findings.error(master->place(), "table: the name of a table is expected");
    if (names.empty() || names.size() != values.size()) {
        findings.error(master->place(), "there are {} columns and {} values; each column needs one", names.size(), values.size());
        return {};
    }
    SqliteTable table;
    table.file = fmt::format("{}/master.db", folder);
    table.table = section.table;
    table.busy_timeout = section.busy_timeout;
    std::string columns = "AcctId INTEGER PRIMARY KEY";
    for (std::size_t i = 0; i < names.size(); ++i) {
        table.columns.emplace_back(names[i], RecordTemplate(values[i], *master->find("values"), findings));
        columns += fmt::format(", {} VARCHAR", identifier(names[i]));
    }
    table.create = fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", identifier(section.table), columns);
    if (findings.has_errors()) return {};
    return table;
}

}  // namespace jackfield
