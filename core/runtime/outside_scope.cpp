// Marks what a fiber does for somebody outside.
#include "core/runtime/outside_scope.hpp"

#include "core/runtime/fiber_private.hpp"

namespace jackfield {

OutsideScope::OutsideScope(bool trusted) : counted_(!trusted && on_fiber()) {
    if (counted_) ++fiber_scheduler->running()->outside_scopes;
}

OutsideScope::~OutsideScope() {
    if (counted_) --fiber_scheduler->running()->outside_scopes;
}

bool acts_for_outside() { return on_fiber() && fiber_scheduler->running()->outside_scopes > 0; }

}  // namespace jackfield
