// The daemon as a process of its host: background, process id file, user, limits, signals.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "core/config/daemon_settings.hpp"

namespace jackfield {

// Where the running program is: "/usr/sbin". Empty when unknown.
std::string program_directory();

// Makes the directories that the daemon writes to, owned by the user that it will run as.
Result<void> make_directories(const DirectorySettings& directories, const std::string& user, const std::string& group);
// Gives up root's rights. Names; an empty one changes nothing. Errors: not_found, refused.
Result<void> become_user(const std::string& user, const std::string& group);
// As many open files as allowed, or `wanted`; core files when `dump_core`. Failures are logged.
void set_limits(unsigned wanted_files, bool dump_core);
Result<void> set_realtime_priority();

// Held as long as the daemon runs: a lock on the file with its process id, which ends with the process however that
// ends, so that a stale file never keeps a new daemon from starting.
class PidFile {
  public:
    // Errors: exists (another daemon holds it; its process id is named), failed.
    static Result<PidFile> take(const std::string& path);
    PidFile() = default;
    PidFile(PidFile&& other) noexcept;
    PidFile& operator=(PidFile&& other) noexcept;
    ~PidFile();  // removes the file

  private:
    int descriptor_ = -1;
    std::string path_;
};

// Going to the background in two steps, so that who started the daemon learns whether it came up.
class Background {
  public:
    // Forks; the parent waits until ready() or the child's end, then exits with 0 or 1. Before any thread is started.
    Result<void> enter();
    void ready(bool success);  // once; closes standard input, output and error of the child

  private:
    int report_ = -1;
};

// What to do on a signal; functions run on the control thread in a later turn.
struct SignalActions {
    std::function<void()> stop, reload, rotate;
};
// SIGTERM and SIGINT: stop, SIGHUP: reload, SIGUSR2: rotate; SIGPIPE and SIGUSR1 are ignored. After the ControlLoop has
// been made.
void watch_signals(SignalActions actions);
void unwatch_signals();

}  // namespace jackfield
