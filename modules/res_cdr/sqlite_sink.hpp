// The service interface of res_cdr: records into a table of an SQLite database.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/record_template.hpp"

namespace jackfield {

struct SqliteTable {
    std::string file, table;
    // `create` without arguments: made when the table is not there.
    std::string create;
    std::vector<std::pair<std::string, RecordTemplate>> columns;  // name and value
    RecordTime time;
    std::chrono::milliseconds busy_timeout{1000};
};
// Opens the database at the first record. Values are bound, never part of a statement.
std::shared_ptr<RecordSink> make_sqlite_sink(SqliteTable table);

// The [master] section of cdr_sqlite3_custom.conf and cel_sqlite3_custom.conf: table, columns, values, busy_timeout. Nothing
// when the file has no such section or errors. `folder`: of the database, master.db.
std::optional<SqliteTable> read_sqlite_table(const ConfigFile& file, std::string_view folder, Diagnostics& findings);

}  // namespace jackfield
