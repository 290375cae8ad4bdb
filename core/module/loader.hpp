// The module loader: modules.conf, dependencies, ABI check, load, unload and reload at run time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
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

// Control thread; load, unload and reload wait and so run on a fiber.
class ModuleLoader {
  public:
    explicit ModuleLoader(std::string directory);
    ~ModuleLoader();

    // Loads what modules.conf says, dependencies first. Errors: a `require`d module that failed. Others are logged.
    Result<void> load_all(const ModuleSettings& settings);
    Result<void> load(std::string_view name);  // errors: not_found, exists, refused (ABI: both tags named), the load's own
    // Closes the gate, waits up to `grace` for it to empty. Errors: busy with the count ("busy: 3 calls"), not_found.
    Result<void> unload(std::string_view name, std::chrono::milliseconds grace = std::chrono::milliseconds(200));
    Result<void> reload(std::string_view name);
    Result<void> unload_all();    // at stop, in reverse order; gates are waited for

    std::vector<ModuleSummary> list() const;
    std::vector<std::string> available() const;  // names in the directory, for completion
    bool loaded(std::string_view name) const;
    static ModuleLoader* instance();

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
