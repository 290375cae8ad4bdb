// modules.conf: which modules are loaded at start.
#include "core/module/modules_file.hpp"

#include "core/config/options.hpp"

namespace jackfield {
namespace {

Option<ModuleSettings> name_list(std::string_view key, std::vector<std::string> ModuleSettings::*member,
                                 std::string_view text) {
    // One name a line; a comma list is not Asterisk's syntax and does no harm.
    return {key, member, {}, text};
}

const Options<ModuleSettings>& options() {
    using S = ModuleSettings;
    static const Options<S> table{
        {"autoload", &S::autoload, true, "Load every module of the module folder"},
        name_list("load", &S::load, "Load this module, also when autoload is off"),
        name_list("preload", &S::preload, "Load it before all others"),
        name_list("require", &S::require, "Load it; the daemon does not start when that fails"),
        name_list("preload-require", &S::preload_require, "Both"),
        name_list("noload", &S::noload, "Never load it at start"),
    };
    return table;
}

}  // namespace

ModuleSettings read_module_settings(const ConfigFile& file, Diagnostics& findings) {
    ModuleSettings settings = options().defaults();
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "modules"))
            options().apply(category, settings, findings);
        else if (equals_ignoring_case(category.name(), "global"))
            findings.notice(category.place(), "[global] is ignored: modules never share symbols here");
        else
            unknown_section(category, {"modules"}, findings);
    }
    return settings;
}

}  // namespace jackfield
