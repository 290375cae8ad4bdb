// The service interface of res_cdr: records into tables that ODBC reaches.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/table_columns.hpp"

namespace jackfield {

struct OdbcConnection {
    std::string dsn, user, password;
    bool enabled = true;
};
struct OdbcTable {
    std::string connection, table;
    bool utc = false;
    ColumnMapping columns;
    std::vector<std::pair<std::string, std::string>> filters;  // field and what it must be
};

// Reads res_odbc.conf for the connections, and the tables' own file: a section for each table (cdr_adaptive_odbc.conf,
// cel_odbc.conf) or [global] with `dsn` (cdr_odbc.conf).
Result<void> add_odbc_backend(Module& module, std::string file, BackendSlot* slot);

}  // namespace jackfield
