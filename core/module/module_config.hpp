// Configuration files of modules: declared at load, read anew by `module reload` and `core reload`, all or nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/options.hpp"
#include "core/config/transaction.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// A configuration file that a module reads: module.add(ConfigFileSpec{...}).
struct ConfigFileSpec {
    std::string file;                            // "pjsip.conf", relative to the configuration folder
    std::vector<std::string> alternatives = {};  // read instead when `file` is not there: "sip.conf"
    bool required = false;                       // false: without the file prepare gets an empty ConfigFile
    // Builds everything that follows from the file and touches nothing that is in force; runs on a thread of the pool.
    // What it returns puts that into force: on the control thread, without waiting or failing. An error in the findings
    // means that nothing of the whole reload is applied. Sockets and the like are opened there, not in the module's load
    // function: `jackfield --check` loads modules and prepares their files, but applies nothing.
    std::function<ConfigApply(const ConfigFile& file, Diagnostics& findings)> prepare;
};
// Reads, prepares and applies the file at once, so that the module has its settings when add() returns. Waits.
// Errors: invalid with the first finding (all of them are logged).
Result<Registration> register_in(Module& module, ConfigFileSpec spec);

// For parts of the core: stays declared also when the file has errors (which are logged), so that a reload can put it
// right; until then the defaults stand. Waits when called on a fiber. Errors: invalid (no configuration).
Result<void> declare_file(Module& part, ConfigFileSpec spec);

// The usual case: one section, one table of options. `settings` and `options` live in the module; `changed` runs on the
// control thread after each time they were set.
template <class S>
ConfigFileSpec settings_file(std::string file, std::string section, const Options<S>& options, S& settings,
                             std::function<void()> changed = {}) {
    ConfigFileSpec spec;
    spec.file = std::move(file);
    spec.prepare = [section = std::move(section), &options, &settings, changed = std::move(changed)](
                       const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
        for (const ConfigCategory& category : read.categories())
            if (!category.is_template() && !equals_ignoring_case(category.name(), section))
                unknown_section(category, {section}, findings);
        return [&settings, changed, fresh = options.read(read, section, findings)]() mutable {
            settings = std::move(fresh);
            if (changed) changed();
        };
    };
    return spec;
}

// True while `jackfield --check` runs: files are prepared and never applied, and nothing is to be started.
bool checking_configuration();

// Set by core/main before any module is loaded (unit tests: their own manager over MemoryFiles). Null: none.
void set_config_manager(ConfigManager* manager, bool only_check = false);
ConfigManager* config_manager();

// Reads files anew whose module or name is one of `names` (all when empty) in one transaction; the findings are logged.
// Waits. Errors: invalid with the first finding; nothing was changed then.
Result<void> reload_configuration(const std::vector<std::string>& names = {});
// Reads and prepares all files, whether they changed or not, and applies nothing. Waits.
Diagnostics check_configuration();

}  // namespace jackfield
