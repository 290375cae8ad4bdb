// Has another name than its file.
#include "core/module/module.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module&) { return {}; }

}  // namespace

JACKFIELD_MODULE("right_name", "Named wrongly", load);
