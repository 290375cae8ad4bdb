// logger.conf: where log lines go.
#include "core/console/logger_file.hpp"

#include "core/base/log.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

Result<void> read_rotation(LoggerSettings& settings, std::string_view value, const ConfigEntry&) {
    const auto rotation = parse_log_rotation(value);
    if (!rotation) return fail(ErrorCode::invalid, "expected none, sequential, rotate or timestamp");
    settings.rotation = *rotation;
    return {};
}

const Options<LoggerSettings>& options() {
    using S = LoggerSettings;
    using O = Option<S>;
    static const Options<S> table{
        {"dateformat", &S::date_format, "%b %e %T", "Date of each line: strftime, and %q for parts of a second (%3q)"},
        {"appendhostname", &S::append_host_name, false, "Put the host's name behind the names of log files"},
        {"use_callids", &S::use_call_ids, true, "Write the call's id on each line of a call"},
        {"rotatestrategy", read_rotation, "sequential",
         "What `logger rotate` does with old files: none, sequential, rotate or timestamp"},
        {"rotate_on_start", &S::rotate_on_start, false, "Begin new files at each start"},
        {"exec_after_rotate", &S::exec_after_rotate, "", "Command run after a rotation; ${filename} is the old file"},
        {"logger_queue_limit", &S::queue_limit, 1000, Range{1, 4096}, "Most lines that wait to be written"},
        O::ignored("queue_log", "the queue log is configured where queues are"),
        O::ignored("queue_log_to_file", "the queue log is configured where queues are"),
        O::ignored("queue_log_name", "the queue log is configured where queues are"),
        O::ignored("queue_log_realtime_use_gmt", "the queue log is configured where queues are"),
        O::ignored("queue_adaptive_realtime", "the queue log is configured where queues are"),
        O::ignored("event_log", "it has had no effect for a long time"),
    };
    return table;
}

void read_sinks(const ConfigCategory& category, LoggerSettings& settings, Diagnostics& findings) {
    for (const ConfigEntry& entry : category.entries()) {
        LogSinkSettings sink{std::string(entry.key), std::string(entry.value)};
        if (const auto good = check_log_sink(sink); !good)
            findings.error(entry.place(), "{}: {}", entry.key, good.error().text);
        else
            settings.sinks.push_back(std::move(sink));
    }
}

}  // namespace

LoggerSettings read_logger_settings(const ConfigFile& file, const LoggerSettings& base, Diagnostics& findings) {
    LoggerSettings settings = base;
    settings.sinks.clear();
    bool sinks_given = false;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "general")) {
            options().apply(category, settings, findings);
        } else if (equals_ignoring_case(category.name(), "logfiles")) {
            sinks_given = true;
            read_sinks(category, settings, findings);
        } else {
            unknown_section(category, {"general", "logfiles"}, findings);
        }
    }
    if (!sinks_given)
        settings.sinks = {{"console", "notice,warning,error,verbose"}, {"messages.log", "notice,warning,error"}};
    return settings;
}

ConfigFileSpec logger_file(LoggerSettings base) {
    watch_log_files([](const std::string& path, int error) {
        post([path, error] { publish(LogFileOpened{path, error}); });
    });
    ConfigFileSpec spec;
    spec.file = "logger.conf";
    spec.prepare = [base = std::move(base)](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [settings = read_logger_settings(file, base, findings)] {
            if (const auto done = configure_log(settings); !done) log_warning("{}", done.error().text);
        };
    };
    return spec;
}

}  // namespace jackfield
