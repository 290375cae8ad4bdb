// The key/value database (Asterisk's astdb): families of keys with a text each, in SQLite, durable over a crash.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct DatabaseEntry {
    std::string family, key, value;  // family: all but the last part, "a/b" of "/a/b/key"
};

// Published for each key that was written or deleted, in the order of the changes, before it is on the disk.
struct DatabaseChanged {
    static constexpr std::string_view topic = "database.changed";
    std::string_view family, key;
    const std::string* value;  // null: deleted
};

// All of it is in memory: reading never waits. Writes go to the disk in order, those of one turn in one transaction, on
// a thread of their own; the functions that write return when the disk has it (WAL, synchronous=FULL: a value once
// confirmed survives kill -9 and loss of power as far as the disk keeps its word). The file has the table of Asterisk's
// astdb.sqlite3, which may be copied here. Control thread only.
class Database {
  public:
    // Reads the file or makes it. A damaged one is renamed to <path>.damaged-<seconds since 1970>, what could be read of
    // it is kept, and an error is logged. Blocks: at start, before the loop runs. Errors: failed (not writable).
    static Result<std::unique_ptr<Database>> open(const std::string& path);
    ~Database();  // writes what is left; blocks for it
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    static Database* instance();  // null when there is none

    std::optional<std::string> get(std::string_view family, std::string_view key) const;
    // Those whose family is `family` or below it, sorted; empty: all. `after`: a path() to go on behind, for slices.
    std::vector<DatabaseEntry> list(std::string_view family = {}, std::string_view after = {},
                                    std::size_t at_most = static_cast<std::size_t>(-1)) const;
    std::vector<DatabaseEntry> find_key(std::string_view key) const;  // in all families: `database showkey`
    std::size_t size() const;

    // Waits until it is on the disk, not interruptible. Errors: invalid (no family, no key, or longer than
    // longest_path), limit (value longer than longest_value), failed (disk: memory has the value, and writing it is
    // tried again every 5 s).
    Result<void> put(std::string_view family, std::string_view key, std::string value);
    // Waits likewise. Errors: not_found, failed.
    Result<void> del(std::string_view family, std::string_view key);
    // Deletes a family with all below it, or with `key` only what begins at /family/key. Waits likewise. Returns how
    // many there were.
    Result<std::size_t> del_tree(std::string_view family, std::string_view key = {});
    // Never waits; for code that is not on a fiber. Errors: invalid, limit.
    Result<void> put_later(std::string_view family, std::string_view key, std::string value);
    void del_later(std::string_view family, std::string_view key);

    // Runs an SQL statement on the file, after everything written before: one string per row, columns separated by '|'.
    // Only statements that read. Waits. Errors: invalid with SQLite's text, refused (it would write), limit (too many rows).
    Result<std::vector<std::string>> query(std::string sql);

    static std::string path(std::string_view family, std::string_view key);  // "/family/key"
    static constexpr std::size_t longest_path = 512;
    static constexpr std::size_t longest_value = 1024 * 1024;

  private:
    struct Private;
    explicit Database(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
