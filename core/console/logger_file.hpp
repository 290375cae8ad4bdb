// logger.conf: where log lines go.
#pragma once

#include "core/base/log_sink.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {

// Reads the file over `base`, which says what the daemon knows by itself (directory, foreground, colours). Without
// [logfiles]: console and a file "messages.log" with notices, warnings and errors. Pure.
LoggerSettings read_logger_settings(const ConfigFile& file, const LoggerSettings& base, Diagnostics& findings);

// The declaration for core/main: applies by configure_log().
ConfigFileSpec logger_file(LoggerSettings base);

}  // namespace jackfield
