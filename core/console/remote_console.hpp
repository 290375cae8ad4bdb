// The console at a terminal: line editing, history, completion by the daemon, log lines as they come.
#pragma once

#include <optional>
#include <string>

namespace jackfield {

struct RemoteConsoleSettings {
    std::string socket;            // path of the daemon's control socket
    bool colours = true;           // only where the terminal has them
    bool mute = false;             // no log lines
    bool quiet = false;            // no greeting
    std::optional<int> verbose;    // this console's own level (-v); empty: the daemon's
    bool local = false;            // the console of `-c`: leaving it stops the daemon
};

// Runs one command and prints its answer. Blocks. Returns the exit code: 0, 1 when the command failed or nobody answers.
int run_remote_command(const RemoteConsoleSettings& settings, const std::string& command);
// Reads and runs lines until `exit`, `quit` or the end of input; connects anew after a restart of the daemon. Blocks.
// Returns the exit code.
int run_remote_console(const RemoteConsoleSettings& settings);

}  // namespace jackfield
