// Offers a service, and writes lines into the log so that the writer holds pointers into this file.
#include <memory>

#include "core/base/log.hpp"
#include "core/module/module.hpp"
#include "tests/unit/core/module/modules/counter_service.hpp"

using namespace jackfield;

namespace {

class Counter final : public CounterService {
  public:
    int next() override { return ++count_; }

  private:
    int count_ = 0;
};

Result<void> load(Module& module) {
    Counter& counter = module.own<Counter>();
    log_debug(9, "the counter is there");
    // Without -fno-gnu-unique this alone would pin the library.
    const auto shared = std::make_shared<Counter>();
    return module.provide<CounterService>(counter);
}

}  // namespace

JACKFIELD_MODULE("plain", "Counts", load);
