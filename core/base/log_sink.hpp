// Where log lines go: sinks, levels, formats, rotation. core/base/log.hpp is what writes lines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"

namespace jackfield {

// --- Levels -------------------------------------------------------------------------------------------------------

// The name printed for a level, e.g. "WARNING". Levels above dtmf are those that add_log_level() made.
std::string log_level_name(LogLevel level);
// The level of a name, letter case aside; built-in ones and added ones.
std::optional<LogLevel> find_log_level(std::string_view name);
// Adds a level by name (the Log application's own levels), or gives the one there is. Sinks whose configuration names
// it begin to get its lines. At most 16 can be added: ErrorCode::limit. ErrorCode::invalid: not letters, digits and _.
Result<LogLevel> add_log_level(std::string_view name);
Result<void> remove_log_level(std::string_view name);  // built-in ones stay: ErrorCode::refused
std::vector<std::string> log_level_names();            // for `logger show levels`, in order of their numbers

// What `core set verbose|debug LEVEL [MODULE]` sets. Without a module: for all. A module is a file's name without its
// ending ("transport"), a folder or its beginning ("channels/sip"), or a name given to name_log_module ("chan_sip").
// Level 0 with a module removes the module's own setting.
void set_verbose_level(int level, std::string_view module = {});
void set_debug_level(int level, std::string_view module = {});
int verbose_level(std::string_view module = {});
int debug_level(std::string_view module = {});
// The module loader tells which files a module's name stands for: of "channels/sip/chan_sip.cpp" the whole folder, of
// "apps/echo.cpp" that file.
void name_log_module(std::string_view name, std::string_view main_file);

// --- Lines --------------------------------------------------------------------------------------------------------

struct LogLine {
    LogLevel level = LogLevel::notice;
    std::uint8_t detail = 0;           // of verbose and debug
    bool by_setting = true;            // false: only a sink with its own verbose(n)/debug(n) wants it
    std::uint32_t line = 0;
    const char* file = "";             // static storage: path from the project's root
    const char* function = "";         // static storage
    WallTime time{};
    std::uint32_t thread = 0;          // Linux thread id
    CallId call;
    std::string_view text;             // valid during the call only
};

enum class LogFormat : std::uint8_t {
    standard,  // [default]: date, level, thread, call id, file, text; a console adds line and function
    plain,     // [plain]: as standard with line and function, no colours
    json,      // [json]: one object per line
};

// One line as text without the final newline. Control characters are made visible and every further line of the text is
// indented, so that nothing that came from the network can pass for a line of its own.
std::string format_log_line(const LogLine& line, LogFormat format, bool console, bool colours);

// --- Sinks --------------------------------------------------------------------------------------------------------

struct LogSinkSettings {
    std::string name;    // "console", "syslog.local0", or a file's name, relative to the log directory or absolute
    std::string levels;  // "notice,warning,error", "verbose(3)", "debug(2)", "*", with "[json]" and its like in front
};

enum class LogRotation : std::uint8_t {
    none,        // open anew only; something else moves the files
    sequential,  // the newest archive has the highest number
    rotate,      // the newest archive is .0, older ones move up
    timestamp,   // .<seconds since 1970>
};
std::optional<LogRotation> parse_log_rotation(std::string_view word);

struct LoggerSettings {
    std::string directory = ".";              // astlogdir
    std::string date_format = "%b %e %T";     // strftime, with %q for milliseconds (%3q, %6q: so many digits)
    bool append_host_name = false;
    bool use_call_ids = true;
    LogRotation rotation = LogRotation::sequential;
    bool rotate_on_start = false;             // `rotatestrategy` aside, logger.conf can ask for it
    std::string exec_after_rotate;            // shell command; $filename is the archive
    unsigned queue_limit = 1000;              // lines waiting for the writer; at most 4096
    bool console = false;                     // the daemon runs in the foreground: write to stderr
    bool console_colours = true;              // only where stderr is a terminal
    std::vector<LogSinkSettings> sinks;
};

// Checks "name => levels" as logger.conf writes it, without opening anything: ErrorCode::invalid with a text that names
// the wrong word. Level names that may be added later are accepted only when they are well-formed.
Result<void> check_log_sink(const LogSinkSettings& sink);

// Opens the sinks and starts the writer thread if there is none. Replaces what was configured before, except sinks added
// by add_log_sink(). A sink that can't be opened is kept (to be tried again at rotation) and reported in the error; all
// else is in force even then. Control thread or start-up; opens local files.
Result<void> configure_log(const LoggerSettings& settings);
// Adds or removes a sink while running (`logger add channel`, `logger remove channel`).
Result<void> add_log_sink(const LogSinkSettings& sink);
Result<void> remove_log_sink(std::string_view name);
// Renames the files and opens new ones; done by the writer, which logs failures. Doesn't wait (see flush_log()).
// With a name: that file only; ErrorCode::not_found when there is none.
Result<void> rotate_log(std::string_view name = {});

struct LogSinkStatus {
    std::string name;        // as configured
    std::string path;        // of the file; empty for others
    std::string kind;        // "File", "Syslog", "Console"
    std::string format;      // "default", "plain", "json"
    std::string levels;      // names, e.g. "NOTICE WARNING VERBOSE(3)"
    bool enabled = true;     // false: can't be written at present
    std::uint64_t written = 0, lost = 0;
    bool dynamic = false;    // added by add_log_sink()
};
std::vector<LogSinkStatus> log_sinks();
std::uint64_t lost_log_lines();  // dropped because the queue was full, since the start

// Waits until everything logged before has been written. Blocks the thread: for shutdown and tests.
void flush_log();
// Writes what is queued, ends the writer thread and closes the sinks; later lines go straight to stderr. Called at exit
// by itself.
void stop_log();

// Told each time that a log file was opened (error 0) or could not be (errno): on the thread that tried, the writer's or
// the one that configures. It must be quick and must not log. A plain function, so that it is always there; null: none.
using LogFileWatcher = void (*)(const std::string& path, int error);
void watch_log_files(LogFileWatcher watcher);

// Silences the daemon's own console (`logger mute`); files and remote consoles are not concerned.
void mute_console(bool muted);
bool console_muted();

// A listener for lines, for remote consoles and tests: destroying it ends the calls for certain. The callback runs on
// the writer thread (on the logging thread itself while no writer runs); it must be quick and must not log.
class LogSubscription {
  public:
    LogSubscription() = default;
    // levels as in LogSinkSettings; empty: those of the sink "console".
    LogSubscription(std::string levels, std::function<void(const LogLine&)> callback);
    ~LogSubscription();
    LogSubscription(LogSubscription&&) noexcept = default;
    LogSubscription& operator=(LogSubscription&& other) noexcept;
    void mute(bool muted);
    // A console's own `core set verbose`: overrides the general setting for this listener.
    void set_verbose(int level);
    explicit operator bool() const { return listener_ != nullptr; }

    struct Listener;

  private:
    std::shared_ptr<Listener> listener_;
};

}  // namespace jackfield
