// core stop|restart|abort|waitfullybooted|reload|check|show uptime|version|settings|sysinfo|threads, core set ...
#include <dirent.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/daemon_control.hpp"
#include "core/console/date_text.hpp"
#include "core/console/version.hpp"
#include "core/media/media_stream.hpp"
#include "core/module/loader.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

Result<DaemonControl*> daemon_control() {
    DaemonControl* control = DaemonControl::instance();
    if (!control) return fail(ErrorCode::not_found, "no daemon runs in this process");
    return control;
}

// --- Stopping -----------------------------------------------------------------------------------------------------

constexpr Text stop_usage(
    "Ends the daemon: `now` at once, hanging up all calls; `gracefully` takes no new calls and ends after the last one; "
    "`when convenient` takes calls and ends at a moment without any.");

Result<void> stop(Console& console, StopRequest request) {
    DaemonControl* control = JF_TRY(daemon_control());
    JF_TRY(control->request_stop(request));
    if (request.when == StopRequest::When::now) return {};
    return console.print("Waiting for {} calls to end ({}); `core abort shutdown` calls it off\n", channel_count(),
                         request.when == StopRequest::When::gracefully ? "new ones are refused" : "new ones are taken");
}

Result<void> add_stop_commands(Module& core) {
    using When = StopRequest::When;
    struct Variant {
        CommandInfo info;
        StopRequest request;
    };
    const Variant variants[] = {
        {{"core stop now", "End the daemon at once", stop_usage, true}, {When::now, false}},
        {{"core stop gracefully", "End the daemon after the last call", stop_usage, true}, {When::gracefully, false}},
        {{"core stop when convenient", "End the daemon when there is no call", stop_usage, true},
         {When::when_convenient, false}},
        {{"core restart now", "Start the daemon anew at once", stop_usage, true}, {When::now, true}},
        {{"core restart gracefully", "Start the daemon anew after the last call", stop_usage, true},
         {When::gracefully, true}},
        {{"core restart when convenient", "Start the daemon anew when there is no call", stop_usage, true},
         {When::when_convenient, true}},
    };
    for (const Variant& variant : variants)
        JF_TRY(core.add(variant.info, [request = variant.request](Console& console, CommandWords) {
            return stop(console, request);
        }));
    return {};
}

Result<void> abort_shutdown(Console& console, CommandWords) {
    DaemonControl* control = JF_TRY(daemon_control());
    if (!control->abort_stop()) return fail(ErrorCode::not_found, "No shutdown or restart is waiting");
    return console.write("The shutdown or restart is called off\n");
}

Result<void> wait_fully_booted(Console& console, CommandWords) {
    DaemonControl* control = JF_TRY(daemon_control());
    JF_TRY(control->booted().wait());
    return console.write("Jackfield has fully booted.\n");
}

Result<void> reload_all(Console& console, CommandWords words) {
    if (words.empty()) {
        DaemonControl* control = JF_TRY(daemon_control());
        JF_TRY(control->reload_all());
        return console.write("All modules and files were reloaded\n");
    }
    for (const std::string& module : words) {
        JF_TRY(ModuleLoader::instance()->reload(module));
        publish(DaemonReloaded{module, true});
        JF_TRY(console.print("Module '{}' reloaded successfully.\n", module));
    }
    return {};
}

Result<void> check_all(Console& console, CommandWords) {
    const Diagnostics findings = JF_TRY(ModuleLoader::instance()->check());
    for (const Diagnostic& finding : findings.list()) JF_TRY(console.print("{}\n", finding.to_string()));
    JF_TRY(console.print("{} errors, {} warnings\n", findings.errors(), findings.warnings()));
    if (findings.has_errors()) return fail(ErrorCode::invalid, "The configuration has errors");
    return {};
}

// --- Showing ------------------------------------------------------------------------------------------------------

Result<void> show_uptime(Console& console, CommandWords words) {
    DaemonControl* control = JF_TRY(daemon_control());
    const auto seconds = [](Instant since) {
        return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since);
    };
    if (!words.empty() && words[0] == "seconds") {
        JF_TRY(console.print("System uptime: {}\n", seconds(control->started()).count()));
        return console.print("Last reload: {}\n", seconds(control->last_reload()).count());
    }
    JF_TRY(console.print("System uptime: {}\n", span_text(seconds(control->started()))));
    return console.print("Last reload: {}\n", span_text(seconds(control->last_reload())));
}

Result<void> show_version(Console& console, CommandWords) {
    utsname host{};
    ::uname(&host);
    return console.print("{} {} on {} running {}\n", version(), build_details(), host.machine, host.sysname);
}

Result<void> show_settings(Console& console, CommandWords) {
    DaemonControl* control = JF_TRY(daemon_control());
    const DaemonSettings& settings = control->settings();
    utsname host{};
    ::uname(&host);
    JF_TRY(console.print("\nPBX Core settings\n-----------------\n"));
    const auto line = [&](std::string_view name, std::string_view value) {
        return console.print("  {:<28} {}\n", fmt::format("{}:", name), value);
    };
    const auto limit = [](auto value) { return value == 0 ? std::string("Not set") : fmt::format("{}", value); };
    JF_TRY(line("Version", version()));
    JF_TRY(line("Build", build_details()));
    JF_TRY(line("Maximum calls", fmt::format("{} (Current {})", limit(channel_limits().max_calls), channel_count())));
    JF_TRY(line("Maximum open file handles", fmt::format("{}", ::sysconf(_SC_OPEN_MAX))));
    JF_TRY(line("Root console verbosity", fmt::format("{}", verbose_level())));
    JF_TRY(line("Debug level", fmt::format("{}", debug_level())));
    JF_TRY(line("Maximum load average", limit(settings.options.max_load)));
    JF_TRY(line("Minimum free memory", settings.options.min_free_memory == 0
                                           ? std::string("Not set")
                                           : fmt::format("{} MB", settings.options.min_free_memory)));
    JF_TRY(line("Startup time", date_text(control->started_at())));
    JF_TRY(line("Last reload time", date_text(control->last_reload_at())));
    JF_TRY(line("System", fmt::format("{}/{} on {}", host.sysname, host.release, host.machine)));
    JF_TRY(line("System name", settings.options.effective_system_name()));
    JF_TRY(line("Default language", settings.options.default_language));
    JF_TRY(line("Executable includes", settings.options.exec_includes ? "Enabled" : "Disabled"));
    JF_TRY(line("Media threads", MediaEngine::instance() ? fmt::format("{}", MediaEngine::instance()->threads()) : "0"));
    JF_TRY(line("Fibers", fmt::format("{} (at most {})", fiber_count(), fiber_limit())));

    JF_TRY(console.print("\n* Subsystems\n  -------------\n"));
    JF_TRY(line("Configuration file", control->configuration_file()));
    for (const OptionHelp& directory : directory_options().help(&settings.directories))
        JF_TRY(line(directory.name, directory.value));
    JF_TRY(line("Control socket", settings.directories.run + "/" + settings.socket.name));
    return console.write("\n");
}

Result<void> show_sysinfo(Console& console, CommandWords) {
    struct sysinfo info {};
    if (::sysinfo(&info) != 0) return fail(ErrorCode::failed, "the system does not tell");
    const auto mebibytes = [&](unsigned long units) { return units / 1024 * info.mem_unit / 1024; };
    JF_TRY(console.print("\nSystem Statistics\n-----------------\n"));
    JF_TRY(console.print("  System Uptime:             {} hours\n", info.uptime / 3600));
    JF_TRY(console.print("  Total RAM:                 {} MiB\n", mebibytes(info.totalram)));
    JF_TRY(console.print("  Free RAM:                  {} MiB\n", mebibytes(info.freeram)));
    JF_TRY(console.print("  Buffer RAM:                {} MiB\n", mebibytes(info.bufferram)));
    JF_TRY(console.print("  Total Swap Space:          {} MiB\n", mebibytes(info.totalswap)));
    JF_TRY(console.print("  Free Swap Space:           {} MiB\n\n", mebibytes(info.freeswap)));
    return console.print("  Number of Processes:       {}\n\n", info.procs);
}

Result<void> show_threads(Console& console, CommandWords) {
    DIR* tasks = ::opendir("/proc/self/task");
    if (!tasks) return fail(ErrorCode::failed, "/proc is not there");
    std::vector<std::string> ids;
    while (const dirent* entry = ::readdir(tasks))
        if (entry->d_name[0] != '.') ids.emplace_back(entry->d_name);
    ::closedir(tasks);
    for (const std::string& id : ids) {
        std::ifstream file("/proc/self/task/" + id + "/comm");
        std::string name;
        std::getline(file, name);
        JF_TRY(console.print("{:>8} {}\n", id, name));
    }
    return console.print("{} threads listed.\n", ids.size());
}

// --- Levels -------------------------------------------------------------------------------------------------------

// "core set verbose|debug [atleast] LEVEL [MODULE]", also "off".
Result<void> set_level(Console& console, CommandWords words, const char* what, int (*get)(std::string_view),
                       void (*set)(int, std::string_view)) {
    const bool at_least = !words.empty() && words[0] == "atleast";
    if (at_least) words = words.subspan(1);
    const auto level = words.empty()           ? std::nullopt
                       : words[0] == "off"     ? std::optional(0)
                                               : parse_number<int>(words[0]);
    if (!level || *level < 0) return fail(ErrorCode::invalid, "Usage: core set {} [atleast] LEVEL [MODULE]", what);
    const std::string module = words.size() > 1 && words[1] != "silent" ? words[1] : std::string();
    const int before = get(module);
    const int now = at_least ? std::max(before, *level) : *level;
    set(now, module);
    const auto text = [](int value) { return value == 0 ? std::string("OFF") : std::to_string(value); };
    const std::string place = module.empty() ? std::string() : fmt::format(" for '{}'", module);
    if (before == now) return console.print("Console {} is still {}{}.\n", what, text(now), place);
    return console.print("Console {} was {} and is now {}{}.\n", what, text(before), text(now), place);
}

std::vector<std::string> level_completion(CommandWords, std::size_t index, std::string_view) {
    if (index == 0) return {"0", "1", "2", "3", "4", "5", "atleast", "off"};
    std::vector<std::string> names;
    if (ModuleLoader::instance())
        for (const ModuleSummary& module : ModuleLoader::instance()->list()) names.push_back(module.name);
    return names;
}

}  // namespace

Result<void> add_daemon_commands(Module& core) {
    JF_TRY(add_stop_commands(core));
    JF_TRY(core.add(CommandInfo{"core abort shutdown", "Call a waiting stop or restart off",
                                "Calls off what `core stop gracefully` and its like asked for.", true},
                    abort_shutdown));
    JF_TRY(core.add(CommandInfo{"core waitfullybooted", "Wait until all modules are loaded",
                                "Comes back when the start is complete; at once when it is."},
                    wait_fully_booted));
    JF_TRY(core.add(CommandInfo{"core reload [module...]", "Read configuration anew",
                                "Reads the files of all modules, or of those named, in one transaction: when any file "
                                "has an error nothing changes, and the log says where it is.",
                                true},
                    reload_all));
    JF_TRY(core.add(CommandInfo{"core check", "Check all configuration files",
                                "Reads and checks every file and touches nothing that runs."},
                    check_all));
    JF_TRY(core.add(CommandInfo{"core show uptime [seconds]", "Time since start and since the last reload",
                                "With `seconds` as plain numbers for programs."},
                    show_uptime));
    JF_TRY(core.add(CommandInfo{"core show version", "Version of the daemon", "Version, compiler and machine."},
                    show_version));
    JF_TRY(core.add(CommandInfo{"core show settings", "Limits, levels, directories", "What jackfield.conf and the "
                                "command line settled."},
                    show_settings));
    JF_TRY(core.add(CommandInfo{"core show sysinfo", "Memory and load of the machine", "As the kernel reports it."},
                    show_sysinfo));
    JF_TRY(core.add(CommandInfo{"core show threads", "Threads of the daemon", "Kernel thread ids and names."},
                    show_threads));
    JF_TRY(core.add(CommandInfo{"core set verbose [atleast] LEVEL [module]", "Set the level of verbose lines",
                                "0 to 5 and more; for one module, source file or folder only when it is named."},
                    [](Console& console, CommandWords words) {
                        return set_level(console, words, "verbose", verbose_level, set_verbose_level);
                    },
                    level_completion));
    return core.add(CommandInfo{"core set debug [atleast] LEVEL [module]", "Set the level of debug lines",
                                "0 to 9; for one module, source file or folder only when it is named."},
                    [](Console& console, CommandWords words) {
                        return set_level(console, words, "debug", debug_level, set_debug_level);
                    },
                    level_completion);
}

}  // namespace jackfield
