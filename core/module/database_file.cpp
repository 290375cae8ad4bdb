// The database's file: opening, replacing a damaged one, writing changes in one transaction.
#include "core/module/database_file.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"

namespace jackfield::detail {
namespace {

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

std::unexpected<Error> failure(sqlite3* handle, ErrorCode code = ErrorCode::failed) {
    return fail(code, "{}", sqlite3_errmsg(handle));
}

Result<Statement> prepare(sqlite3* handle, const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle, sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK)
        return failure(handle, ErrorCode::invalid);
    return Statement(statement);
}

Result<void> execute(sqlite3* handle, const char* sql) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure(handle);
    return {};
}

std::string column(sqlite3_stmt* statement, int index) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
    return text ? std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, index))) : std::string();
}

Result<void> bind(sqlite3* handle, sqlite3_stmt* statement, int index, const std::string& text) {
    if (sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK)
        return failure(handle);
    return {};
}

Result<void> step_once(sqlite3* handle, sqlite3_stmt* statement) {
    const int done = sqlite3_step(statement);
    sqlite3_reset(statement);
    if (done != SQLITE_DONE) return failure(handle);
    return {};
}

bool is_damage(sqlite3* handle) {
    const int code = sqlite3_errcode(handle);
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

// Reads all that can be read; stops at the first damaged page.
Result<void> prepare_and_read(sqlite3* handle, DatabaseFile::Values& values) {
    JF_TRY(execute(handle, "PRAGMA journal_mode=WAL"));
    JF_TRY(execute(handle, "PRAGMA synchronous=FULL"));
    // Asterisk's table: its file works here and ours there.
    JF_TRY(execute(handle, "CREATE TABLE IF NOT EXISTS astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))"));
    const Statement all = JF_TRY(prepare(handle, "SELECT key, value FROM astdb"));
    int step;
    while ((step = sqlite3_step(all.get())) == SQLITE_ROW)
        values.insert_or_assign(column(all.get(), 0), column(all.get(), 1));
    if (step != SQLITE_DONE) return failure(handle);
    return {};
}

Result<void> apply(sqlite3* handle, const DatabaseFile::Changes& changes) {
    const Statement put = JF_TRY(prepare(handle, "INSERT OR REPLACE INTO astdb(key, value) VALUES(?, ?)"));
    const Statement del = JF_TRY(prepare(handle, "DELETE FROM astdb WHERE key = ?"));
    for (const auto& [key, value] : changes) {
        sqlite3_stmt* statement = value ? put.get() : del.get();
        JF_TRY(bind(handle, statement, 1, key));
        if (value) JF_TRY(bind(handle, statement, 2, *value));
        JF_TRY(step_once(handle, statement));
    }
    return {};
}

Result<Handle> connect(const std::string& path) {
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    Handle handle(raw);
    if (opened != SQLITE_OK)
        return fail(ErrorCode::failed, "can't open the database {}: {}", path,
                    raw ? sqlite3_errmsg(raw) : "out of memory");
    sqlite3_extended_result_codes(raw, 0);
    sqlite3_busy_timeout(raw, 2000);  // somebody looks at it with the sqlite3 program
    return handle;
}

}  // namespace

Result<std::unique_ptr<DatabaseFile>> DatabaseFile::open(const std::string& path, Values& values) {
    Handle handle = JF_TRY(connect(path));
    auto read = prepare_and_read(handle.get(), values);
    if (read) return std::unique_ptr<DatabaseFile>(new DatabaseFile(handle.release()));
    if (!is_damage(handle.get())) return fail(read.error().code, "database {}: {}", path, read.error().text);

    handle.reset();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    const std::string aside = fmt::format("{}.damaged-{}", path, seconds);
    for (const char* part : {"", "-wal", "-shm"}) {
        std::error_code error;
        std::filesystem::rename(path + part, aside + part, error);
        if (error && *part == 0)
            return fail(ErrorCode::failed, "database {} is damaged and can't be renamed: {}", path, error.message());
    }
    log_error("The database {} is damaged ({}); it is now {}, and {} entries of it could be kept", path,
              read.error().text, aside, values.size());

    handle = JF_TRY(connect(path));
    Values none;
    if (auto made = prepare_and_read(handle.get(), none); !made)
        return fail(ErrorCode::failed, "can't make a new database {}: {}", path, made.error().text);
    std::unique_ptr<DatabaseFile> file(new DatabaseFile(handle.release()));
    Changes kept;
    for (const auto& [key, value] : values) kept.emplace(key, value);
    JF_TRY(file->write(kept));
    return file;
}

DatabaseFile::~DatabaseFile() { sqlite3_close_v2(handle_); }

Result<void> DatabaseFile::write(const Changes& changes) {
    if (changes.empty()) return {};
    JF_TRY(execute(handle_, "BEGIN IMMEDIATE"));
    auto written = apply(handle_, changes);
    if (written) written = execute(handle_, "COMMIT");
    if (!written) (void)execute(handle_, "ROLLBACK");
    return written;
}

Result<std::vector<std::string>> DatabaseFile::query(const std::string& sql, std::size_t most_rows) {
    const Statement statement = JF_TRY(prepare(handle_, sql));
    if (!statement) return fail(ErrorCode::invalid, "an SQL statement was expected");
    // What memory holds would not learn of a change made here.
    if (!sqlite3_stmt_readonly(statement.get()))
        return fail(ErrorCode::refused, "only statements that read; use `database put` and `database del`");
    std::vector<std::string> rows;
    for (;;) {
        const int step = sqlite3_step(statement.get());
        if (step == SQLITE_DONE) return rows;
        if (step != SQLITE_ROW) return failure(handle_, ErrorCode::invalid);
        if (rows.size() == most_rows)
            return fail(ErrorCode::limit, "more than {} rows; add a LIMIT to the statement", most_rows);
        std::string row;
        for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
            if (i > 0) row += '|';
            row += column(statement.get(), i);
        }
        rows.push_back(std::move(row));
    }
}

}  // namespace jackfield::detail
