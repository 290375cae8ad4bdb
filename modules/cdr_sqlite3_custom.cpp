// cdr_sqlite3_custom - call records in a table of one's own columns: cdr_sqlite3_custom.conf, astlogdir/master.db.
#include "modules/res_cdr/sqlite_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "sqlite3_custom"));
    return module.add(ConfigFileSpec{
        .file = "cdr_sqlite3_custom.conf", .prepare = [slot](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [slot, table = read_sqlite_table(file, record_log_folder(), findings)]() mutable {
                slot->set(table ? make_sqlite_sink(std::move(*table)) : nullptr);
            };
        }});
}

}  // namespace

JACKFIELD_MODULE("cdr_sqlite3_custom", "SQLite3 Custom CDR Module", load, "res_cdr")
