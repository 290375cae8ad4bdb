// Reads a configuration file and offers what it says as a service.
#include "core/module/module.hpp"
#include "core/module/module_config.hpp"
#include "tests/unit/core/module/modules/counter_service.hpp"

using namespace jackfield;

namespace {

struct Settings {
    int start;
};
const Options<Settings> options{{"start", &Settings::start, 1, Range{0, 100}, "First number"}};

struct State final : CounterService {
    Settings settings{};
    int reloads = 0;
    int next() override { return settings.start + 1000 * reloads; }
};

Result<void> load(Module& module) {
    State& state = module.own<State>();
    JF_TRY(module.add(settings_file("configured.conf", "general", options, state.settings)));
    module.on_reload([&state]() -> Result<void> {
        ++state.reloads;
        return {};
    });
    return module.provide<CounterService>(state);
}

}  // namespace

JACKFIELD_MODULE("configured", "Has a file", load);
