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

}  // namespace jackfield
