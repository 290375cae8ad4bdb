// Refuses to be unloaded once.
#include "core/module/module.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    module.on_unload([asked = 0]() mutable -> Result<void> {
        if (++asked == 1) return fail(ErrorCode::busy, "a conference is going on");
        return {};
    });
    return {};
}

}  // namespace

JACKFIELD_MODULE("patient", "Refuses once", load);
