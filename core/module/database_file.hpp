// The database's file: SQLite calls, nothing else. Private to core/module.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

struct sqlite3;

namespace jackfield::detail {

// One connection. Everything blocks; one thread at a time.
class DatabaseFile {
  public:
    using Values = std::map<std::string, std::string, std::less<>>;
    using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;  // empty: delete

    // Opens or makes the file and reads it into `values`. A damaged one is moved away and replaced.
    static Result<std::unique_ptr<DatabaseFile>> open(const std::string& path, Values& values);
    ~DatabaseFile();

    // All of it or nothing, on the disk when it returns.
    Result<void> write(const Changes& changes);
    Result<std::vector<std::string>> query(const std::string& sql, std::size_t most_rows);

  private:
    explicit DatabaseFile(sqlite3* handle) : handle_(handle) {}
    sqlite3* handle_;
};

}  // namespace jackfield::detail
