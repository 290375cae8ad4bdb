// cdr_sqlite - call records in an SQLite database that needs no configuration: astlogdir/cdr.db, table cdr.
#include <array>

#include "modules/res_cdr/sqlite_sink.hpp"

using namespace jackfield;

namespace {

constexpr std::array<std::string_view, 21> columns{"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel",
                                                   "lastapp", "lastdata", "start", "answer", "end", "duration", "billsec",
                                                   "disposition", "amaflags", "uniqueid", "userfield", "linkedid", "peeraccount",
                                                   "sequence"};

SqliteTable default_table() {
    SqliteTable table;
    table.file = record_log_folder() + "/cdr.db";
    table.table = "cdr";
    table.create = "CREATE TABLE IF NOT EXISTS cdr (id INTEGER PRIMARY KEY";
    Diagnostics findings;
    const std::string file = "cdr_sqlite";
    const ConfigEntry entry{.key = "column", .value = {}, .file = &file};
    for (const std::string_view name : columns) {
        const bool number = name == "duration" || name == "billsec" || name == "sequence";
        table.create += fmt::format(", \"{}\" {}", name, number ? "INTEGER" : "TEXT");
        table.columns.emplace_back(name, RecordTemplate(fmt::format("${{CDR({})}}", name), entry, findings));
    }
    table.create += "); CREATE INDEX IF NOT EXISTS cdr_uniqueid ON cdr(uniqueid); CREATE INDEX IF NOT EXISTS cdr_start ON cdr(start)";
    return table;
}

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "sqlite"));
    if (!checking_configuration()) slot->set(make_sqlite_sink(default_table()));
    return {};
}

}  // namespace

JACKFIELD_MODULE("cdr_sqlite", "SQLite CDR Backend", load, "res_cdr")
