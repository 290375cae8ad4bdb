// The SQL of realtime look-ups: names are checked and quoted, values stand apart for the driver to bind.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/module/realtime.hpp"

namespace jackfield {

enum class SqlPlaceholders : unsigned char { question_marks, numbered };  // ? of SQLite and ODBC, $1 of PostgreSQL

struct SqlCommand {
    std::string text;
    std::vector<std::string> values;
};

// Errors of all: invalid (a name that is no identifier, an unknown operator). Pure.
Result<SqlCommand> select_command(const std::string& table, std::span<const RealtimeCondition> conditions, std::size_t most,
                                  SqlPlaceholders placeholders);
Result<SqlCommand> update_command(const std::string& table, std::span<const RealtimeCondition> conditions,
                                  const RealtimeFields& values, SqlPlaceholders placeholders);
Result<SqlCommand> store_command(const std::string& table, const RealtimeFields& values, SqlPlaceholders placeholders);
Result<SqlCommand> destroy_command(const std::string& table, std::span<const RealtimeCondition> conditions,
                                   SqlPlaceholders placeholders);

// A connection to a database that speaks SQL: the driver only runs what is made here. On the database's thread, which it blocks.
class SqlRealtimeConnection : public RealtimeConnection {
  public:
    explicit SqlRealtimeConnection(SqlPlaceholders placeholders) : placeholders_(placeholders) {}
    Result<std::vector<RealtimeRow>> select(const std::string& table, std::span<const RealtimeCondition> conditions,
                                            std::size_t most) final;
    Result<std::uint64_t> update(const std::string& table, std::span<const RealtimeCondition> conditions, const RealtimeFields& values) final;
    Result<std::uint64_t> store(const std::string& table, const RealtimeFields& values) final;
    Result<std::uint64_t> destroy(const std::string& table, std::span<const RealtimeCondition> conditions) final;

  private:
    // Rows without their columns that are NULL, `most` at most. Errors of both: closed (the connection is of no use any more), failed.
    virtual Result<std::vector<RealtimeRow>> rows(const SqlCommand& command, std::size_t most) = 0;
    // How many rows were changed.
    virtual Result<std::uint64_t> change(const SqlCommand& command) = 0;

    SqlPlaceholders placeholders_;
};

}  // namespace jackfield
