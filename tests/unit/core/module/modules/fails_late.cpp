// Registers a service and then fails to load.
#include "core/module/module.hpp"
#include "tests/unit/core/module/modules/counter_service.hpp"

using namespace jackfield;

namespace {

class Counter final : public CounterService {
  public:
    int next() override { return 0; }
};

Result<void> load(Module& module) {
    JF_TRY(module.provide<CounterService>(module.own<Counter>()));
    return fail(ErrorCode::failed, "the line is cut");
}

}  // namespace

JACKFIELD_MODULE("fails_late", "Fails after it has registered something", load);
