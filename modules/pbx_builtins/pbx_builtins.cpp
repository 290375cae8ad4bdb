// pbx_builtins: the applications that every dialplan uses.
#include "modules/pbx_builtins/pbx_builtins.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    JF_TRY(pbx_builtins::add_call_control(module));
    JF_TRY(pbx_builtins::add_background(module));
    JF_TRY(pbx_builtins::add_goto(module));
    JF_TRY(pbx_builtins::add_times(module));
    JF_TRY(pbx_builtins::add_set(module));
    return pbx_builtins::add_say(module);
}

}  // namespace

JACKFIELD_MODULE("pbx_builtins", "Applications that every dialplan uses", load)
