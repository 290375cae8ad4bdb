// logger show|rotate|reload|add|remove|mute|set
#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {
namespace {

Result<void> show_log_channels(Console& console, CommandWords) {
    JF_TRY(console.print("Lines lost because the queue was full: {}\n\n", lost_log_lines()));
    JF_TRY(console.print("{:<35} {:<8} {:<10} {:<9} {}\n", "Channel", "Type", "Formatter", "Status", "Configuration"));
    JF_TRY(console.print("{:<35} {:<8} {:<10} {:<9} {}\n", "-------", "----", "---------", "------", "-------------"));
    for (const LogSinkStatus& sink : log_sinks())
        JF_TRY(console.print("{:<35} {:<8} {:<10} {:<9} - {}\n", sink.path.empty() ? sink.name : sink.path, sink.kind,
                             sink.format, sink.enabled ? "Enabled" : "Disabled", sink.levels));
    return {};
}

Result<void> show_levels(Console& console, CommandWords) {
    JF_TRY(console.print("Level                    Number\n------------------------ ------\n"));
    int number = 0;
    for (const std::string& name : log_level_names()) JF_TRY(console.print("{:<24} {}\n", name, number++));
    return {};
}

Result<void> rotate(Console& console, CommandWords words) {
    if (words.empty()) JF_TRY(rotate_log());
    for (const std::string& name : words) JF_TRY(rotate_log(name));
    return console.write("The log files are being rotated\n");
}

Result<void> reload_logger(Console& console, CommandWords) {
    JF_TRY(reload_configuration({"logger"}));
    return console.write("The logger's configuration was reloaded\n");
}

Result<void> add_channel(Console& console, CommandWords words) {
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: logger add channel NAME LEVELS");
    JF_TRY(check_log_sink({words[0], words[1]}));
    JF_TRY(add_log_sink({words[0], words[1]}));
    return console.print("Log channel '{}' was added\n", words[0]);
}

Result<void> remove_channel(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: logger remove channel NAME");
    JF_TRY(remove_log_sink(words[0]));
    return console.print("Log channel '{}' was removed\n", words[0]);
}

std::vector<std::string> dynamic_sinks(CommandWords, std::size_t, std::string_view) {
    std::vector<std::string> names;
    for (const LogSinkStatus& sink : log_sinks())
        if (sink.dynamic) names.push_back(sink.name);
    return names;
}

Result<void> mute(Console& console, CommandWords) {
    mute_console(!console_muted());
    return console.print("The daemon's own console is {}\n", console_muted() ? "muted" : "not muted any more");
}

}  // namespace

Result<void> add_logger_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"logger show channels", "List where log lines go",
                                "Files, syslog and consoles with their levels."},
                    show_log_channels));
    JF_TRY(core.add(CommandInfo{"logger show levels", "List the levels of log lines",
                                "Built-in ones, and those that modules and the dialplan added."},
                    show_levels));
    JF_TRY(core.add(CommandInfo{"logger rotate [FILE...]", "Rotate the log files",
                                "By logger.conf's `rotatestrategy`; only those named when any is.", true},
                    rotate));
    JF_TRY(core.add(CommandInfo{"logger reload", "Read logger.conf anew", "The same as `module reload logger`.", true},
                    reload_logger));
    JF_TRY(core.add(CommandInfo{"logger add channel NAME LEVELS", "Log to a further place",
                                "NAME and LEVELS as in logger.conf, e.g. calls.log verbose(3),warning. It stays until "
                                "the daemon ends or `logger remove channel`.",
                                true},
                    add_channel));
    JF_TRY(core.add(CommandInfo{"logger remove channel NAME", "Stop logging to a place",
                                "For those that `logger add channel` made.", true},
                    remove_channel, dynamic_sinks));
    return core.add(CommandInfo{"logger mute", "Silence the daemon's own console, or let it speak again",
                                "Files and remote consoles are not concerned."},
                    mute);
}

}  // namespace jackfield
