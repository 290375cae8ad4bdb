// The module loader: modules.conf, dependencies, ABI check, load, unload and reload at run time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/diagnostics.hpp"
#include "core/module/module.hpp"

namespace jackfield {

struct ModuleSettings {           // modules.conf
    bool autoload = true;         // load all of the directory
    std::vector<std::string> preload, load, require, preload_require, noload;  // names without ".so"
};

struct ModuleSummary {            // for `module show`
    std::string name, description, status;  // status: "Running" or "Not Running"
    std::uint64_t uses;           // passes of its gate and modules that need it
};

// Control thread; load, unload and reload wait and so run on a fiber. They run one at a time, each waits for the one
// before it; so a module's own load, on_reload and on_unload functions must not call them.
class ModuleLoader {
  public:
    explicit ModuleLoader(std::string directory);
    ~ModuleLoader();

    // Loads what modules.conf says, dependencies first. Errors: a `require`d module that failed. Others are logged.
    Result<void> load_all(const ModuleSettings& settings);
    Result<void> load(std::string_view name);  // errors: not_found, exists, refused (ABI: both tags named), the load's own
    // Closes the gate, waits up to `grace` for it to empty. Errors: busy with the count ("busy: 3 calls"), not_found.
    Result<void> unload(std::string_view name, std::chrono::milliseconds grace = std::chrono::milliseconds(200));
    // Applies the module's configuration files and runs its on_reload functions. Errors: not_found, the module's own.
    Result<void> reload(std::string_view name);
    Result<void> reload_all();    // every module, in order of loading; goes on after an error, which is logged
    // Reads and prepares every configuration file and applies nothing (`core check`). Errors: interruption.
    Result<Diagnostics> check();
    // At stop, in reverse order: a module that is still busy after `grace` is left in memory, and logged.
    Result<void> unload_all(std::chrono::milliseconds grace = std::chrono::milliseconds(200));

    // Runs before a module's code is unmapped, when everything it registered has been undone: returns when no other
    // thread can be inside that code. Set by core/main (MediaEngine::pass_turn). Waits.
    void set_unload_barrier(std::function<Result<void>()> barrier);

    std::vector<ModuleSummary> list() const;
    std::vector<std::string> available() const;  // names in the directory, for completion
    bool loaded(std::string_view name) const;
    static ModuleLoader* instance();

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
