// cel_pgsql - call events in a PostgreSQL table: cel_pgsql.conf.
#include "modules/res_cdr/postgres_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CelService>(module, "pgsql"));
    return module.add(postgres_spec("cel_pgsql.conf", "cel", slot));
}

}  // namespace

JACKFIELD_MODULE("cel_pgsql", "PostgreSQL CEL Backend", load, "res_cel")
