// Half of a circle of needs.
#include "core/module/module.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module&) { return {}; }

}  // namespace

JACKFIELD_MODULE("circle_a", "Half of a circle", load, "circle_b");
