// cdr_pgsql - call records in a PostgreSQL table: cdr_pgsql.conf.
#include "modules/res_cdr/postgres_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "pgsql"));
    return module.add(postgres_spec("cdr_pgsql.conf", "cdr", slot));
}

}  // namespace

JACKFIELD_MODULE("cdr_pgsql", "PostgreSQL CDR Backend", load, "res_cdr")
