// cdr_odbc - call records in tables by ODBC: cdr_odbc.conf and the connections of res_odbc.conf.
#include "modules/res_cdr/odbc_sink.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "odbc"));
    return add_odbc_backend(module, "cdr_odbc.conf", slot);
}

}  // namespace

JACKFIELD_MODULE("cdr_odbc", "ODBC CDR Backend", load, "res_cdr", "res_odbc")
