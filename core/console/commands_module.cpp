// module load|unload|reload|refresh|show
#include "core/base/strings.hpp"
#include "core/config/transaction.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/daemon_control.hpp"
#include "core/module/loader.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

ModuleLoader& loader() { return *ModuleLoader::instance(); }

std::vector<std::string> loaded_names(CommandWords, std::size_t, std::string_view) {
    std::vector<std::string> names;
    for (const ModuleSummary& module : loader().list()) names.push_back(module.name);
    return names;
}

std::vector<std::string> names_to_reload(CommandWords arguments, std::size_t index, std::string_view word) {
    std::vector<std::string> names = loaded_names(arguments, index, word);
    if (config_manager())
        for (const auto& [part, file] : config_manager()->users()) names.push_back(part);
    return names;
}

std::vector<std::string> names_to_load(CommandWords, std::size_t, std::string_view) {
    std::vector<std::string> names;
    for (std::string& name : loader().available())
        if (!loader().loaded(name)) names.push_back(std::move(name));
    return names;
}

Result<void> load(Console& console, CommandWords words) {
    if (words.empty()) return fail(ErrorCode::invalid, "Usage: module load NAME [NAME...]");
    for (const std::string& name : words) {
        JF_TRY(loader().load(name));
        JF_TRY(console.print("Loaded {}\n", name));
    }
    return {};
}

Result<void> unload(Console& console, CommandWords words) {
    if (words.empty()) return fail(ErrorCode::invalid, "Usage: module unload NAME [NAME...]");
    for (const std::string& name : words) {
        auto unloaded = loader().unload(name);
        if (!unloaded)
            return fail(unloaded.error().code, "Unable to unload module {}: {}", name, unloaded.error().text);
        JF_TRY(console.print("Unloaded {}\n", name));
    }
    return {};
}

Result<void> reload_modules(Console& console, CommandWords words) {
    if (words.empty()) {
        if (DaemonControl* control = DaemonControl::instance()) JF_TRY(control->reload_all());
        return console.write("All modules and files were reloaded\n");
    }
    for (const std::string& name : words) {
        auto reloaded = loader().reload(name);
        publish(DaemonReloaded{name, reloaded.has_value()});
        if (!reloaded) return fail(reloaded.error().code, "Module '{}': {}", name, reloaded.error().text);
        JF_TRY(console.print("Module '{}' reloaded successfully.\n", name));
    }
    return {};
}

Result<void> refresh(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: module refresh NAME");
    JF_TRY(loader().unload(words[0]));
    JF_TRY(loader().load(words[0]));
    return console.print("Unloaded and loaded {}\n", words[0]);
}

Result<void> show_modules(Console& console, CommandWords words) {
    if (!words.empty() && (words[0] != "like" || words.size() != 2))
        return fail(ErrorCode::invalid, "Usage: module show [like TEXT]");
    JF_TRY(console.print("{:<30} {:<40.40} {:<10} {:<11} {:>13}\n", "Module", "Description", "Use Count", "Status",
                         "Support Level"));
    std::size_t count = 0;
    for (const ModuleSummary& module : loader().list()) {
        const std::string file = module.name + ".so";
        if (words.size() == 2 && find_ignoring_case(file, words[1]) == std::string_view::npos) continue;
        JF_TRY(console.print("{:<30} {:<40.40} {:<10} {:<11} {:>13}\n", file, module.description, module.uses,
                             module.status, "core"));
        ++count;
    }
    return console.print("{} modules loaded\n", count);
}

}  // namespace

Result<void> add_module_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"module load NAME...", "Load a module", "Loads what it needs as well.", true}, load,
                    names_to_load));
    JF_TRY(core.add(CommandInfo{"module unload NAME...", "Unload a module",
                                "Refused with the number of calls while it is in use.", true},
                    unload, loaded_names));
    JF_TRY(core.add(CommandInfo{"module reload [NAME...]", "Read a module's files anew",
                                "Of all modules without a name. A file with an error changes nothing.", true},
                    reload_modules, names_to_reload));
    JF_TRY(core.add(CommandInfo{"module refresh NAME", "Unload a module and load it again",
                                "For a module that was built anew.", true},
                    refresh, loaded_names));
    return core.add(CommandInfo{"module show [like] [TEXT]", "List the modules",
                                "`like` selects by a part of the file's name."},
                    show_modules);
}

}  // namespace jackfield
