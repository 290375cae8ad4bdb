// logger.conf: where log lines go.
#pragma once

#include "core/base/log_sink.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {

// Reads the file over `base`, which says what the daemon knows by itself (directory, foreground, colours). Without
// [logfiles]: console and a file "messages.log" with notices, warnings and errors. Pure.
LoggerSettings read_logger_settings(const ConfigFile& file, const LoggerSettings& base, Diagnostics& findings);

// On the event bus: a log file was opened (again), or could not be.
struct LogFileOpened {
    static constexpr std::string_view topic = "log.file";
    std::string path;
    int error;  // errno; 0: it is open
};

// The declaration for core/main: applies by configure_log(). From then on LogFileOpened is published.
ConfigFileSpec logger_file(LoggerSettings base);

}  // namespace jackfield
