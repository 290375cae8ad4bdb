// cdr_custom - call records as lines of one's own form: cdr_custom.conf, files below astlogdir/cdr-custom.
#include "modules/res_cdr/custom_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "custom"));
    return module.add(custom_file_spec("cdr_custom.conf", record_log_folder() + "/cdr-custom", slot));
}

}  // namespace

JACKFIELD_MODULE("cdr_custom", "Customizable Comma Separated Values CDR Backend", load, "res_cdr")
