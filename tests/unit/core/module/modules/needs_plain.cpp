// Uses plain's service while it loads, so plain must be loaded first.
#include "core/module/module.hpp"
#include "tests/unit/core/module/modules/counter_service.hpp"

using namespace jackfield;

namespace {

Result<void> load(Module&) {
    auto counter = JF_TRY(find_service<CounterService>());
    if (counter->next() < 1) return fail(ErrorCode::failed, "the counter does not count");
    return {};
}

}  // namespace

JACKFIELD_MODULE("needs_plain", "Needs plain", load, "plain");
