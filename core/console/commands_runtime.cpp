// fiber show, watchdog show, config list
#include <fmt/ranges.h>

#include "core/config/daemon_settings.hpp"
#include "core/config/transaction.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/watchdog.hpp"

namespace jackfield {
namespace {

std::string call_text(CallId id) { return id ? fmt::format("C-{:08x}", id.value) : std::string("-"); }

Result<void> show_fibers(Console& console, CommandWords) {
    Table table(console, {{"Id", 8, true}, {"Name", 32}, {"Module", 20}, {"Call", 10}, {"Since", 10, true}, {"Waits at", 0}});
    JF_TRY(table.header());
    const auto fibers = list_fibers();
    for (const FiberSummary& fiber : fibers) {
        std::string place = fiber.waits_at.empty() ? "(runs)" : fiber.waits_at;
        if (!fiber.circle.empty())
            place += fmt::format(" CIRCLE: {} -> {}", fmt::join(fiber.circle, " -> "), fiber.id);
        JF_TRY(table.row({std::to_string(fiber.id), fiber.name, fiber.module, call_text(fiber.call_id),
                          fmt::format("{:.1f} s", static_cast<double>(fiber.since.count()) / 1000), place}));
    }
    return console.print("{} fibers of at most {}\n", fibers.size(), fiber_limit());
}

Result<void> show_watchdog(Console& console, CommandWords) {
    const WatchdogStatus status = watchdog_status();
    JF_TRY(console.print("Turns of the control thread that were too long: {} warned about, {} reported\n",
                         status.warnings, status.reports));
    for (const Stall& stall : status.latest) {
        JF_TRY(console.print("{} ms in {}{}{}\n", stall.length.count(), stall.module, stall.fiber.empty() ? "" : ", fiber ",
                             stall.fiber));
        for (const std::string& frame : stall.back_trace) JF_TRY(console.print("    {}\n", frame));
    }
    return {};
}

Result<void> show_files(Console& console, CommandWords) {
    Table table(console, {{"Module", 24}, {"File", 0}});
    JF_TRY(table.header());
    if (!config_manager()) return {};
    for (const auto& [module, file] : config_manager()->users()) JF_TRY(table.row({module, file}));
    return {};
}

}  // namespace

Result<void> add_runtime_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"fiber show", "List what waits, where and since when",
                                "Each call, console and background task is a fiber. Fibers that wait for each other, which "
                                "only a fault in a module brings about, are marked with their circle."},
                    show_fibers));
    JF_TRY(core.add(CommandInfo{"watchdog show", "List what held up the control thread",
                                "With module, fiber and back trace of the latest ones."},
                    show_watchdog));
    return core.add(CommandInfo{"config list", "List the configuration files and who reads them",
                                "`module reload` takes the names of both columns."},
                    show_files);
}

}  // namespace jackfield
