// pbx_config: the dialplan of extensions.conf.
#include "core/dialplan/dialplan_store.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    // Undone last: what the file had put into the plan goes when nothing reads it anew any more.
    module.keep(Registration([] { remove_extensions_file(); }));
    return module.add(extensions_file(module.name()));
}

}  // namespace

JACKFIELD_MODULE("pbx_config", "Dialplan of extensions.conf", load)
