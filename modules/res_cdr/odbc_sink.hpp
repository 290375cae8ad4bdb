// The service interface of res_cdr: records into tables that ODBC reaches.
#pragma once

#include <string>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"

namespace jackfield {

// Tables by the connections of res_odbc.conf, from the tables' own file: a section for each table (cdr_adaptive_odbc.conf,
// cel_odbc.conf) or [global] with `dsn` (cdr_odbc.conf). The module names res_odbc among those that it needs.
Result<void> add_odbc_backend(Module& module, std::string file, BackendSlot* slot);

}  // namespace jackfield
