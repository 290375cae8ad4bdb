// cel_sqlite3_custom - call events in a table of one's own columns: cel_sqlite3_custom.conf, astlogdir/master.db.
#include "modules/res_cdr/sqlite_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CelService>(module, "sqlite3_custom"));
    return module.add(ConfigFileSpec{
        .file = "cel_sqlite3_custom.conf", .prepare = [slot](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [slot, table = read_sqlite_table(file, record_log_folder(), findings)]() mutable {
                slot->set(table ? make_sqlite_sink(std::move(*table)) : nullptr);
            };
        }});
}

}  // namespace

JACKFIELD_MODULE("cel_sqlite3_custom", "SQLite3 Custom CEL Module", load, "res_cel")
