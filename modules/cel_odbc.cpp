// cel_odbc - call events in tables by ODBC: cel_odbc.conf and the connections of res_odbc.conf.
#include "modules/res_cdr/odbc_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CelService>(module, "odbc"));
    return add_odbc_backend(module, "cel_odbc.conf", slot);
}

}  // namespace

JACKFIELD_MODULE("cel_odbc", "ODBC CEL backend", load, "res_cel", "res_odbc")
