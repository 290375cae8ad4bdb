// The service interface of res_cdr: records into a table of a PostgreSQL database.
#pragma once

#include <memory>
#include <string>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/table_columns.hpp"

namespace jackfield {

struct PostgresTable {
    std::string host, port, database, user, password, table, application, encoding, time_zone;
    bool utc = false;
    ColumnMapping columns;
};

// cdr_pgsql.conf and cel_pgsql.conf: [global] and [columns]. Without [global] there is no backend.
ConfigFileSpec postgres_spec(std::string file, std::string default_table, BackendSlot* slot);

}  // namespace jackfield
