// Built with another ABI tag.
#include "core/module/module.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module&) { return {}; }

}  // namespace

JACKFIELD_MODULE("other_abi", "Built for another ABI", load);
