// cel_custom - call events as lines of one's own form: cel_custom.conf, files below astlogdir/cel-custom.
#include "modules/res_cdr/custom_file.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CelService>(module, "custom"));
    return module.add(custom_file_spec("cel_custom.conf", record_log_folder() + "/cel-custom", slot));
}

}  // namespace

JACKFIELD_MODULE("cel_custom", "Customizable Comma Separated Values CEL Backend", load, "res_cel")
