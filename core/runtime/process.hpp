// Outside programs, started by posix_spawn and awaited by pidfd.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

struct ProcessOptions {
    std::vector<std::string> arguments;    // arguments[0] is the program, searched in PATH
    std::vector<std::string> environment;  // "NAME=value", added to ours
    std::string directory;                 // working directory; empty: ours
    // Descriptors given to the child: child_descriptors[i] becomes descriptor i; -1: /dev/null. All others are closed.
    std::vector<int> child_descriptors;
};

class Process {
  public:
    // Never waits long (the spawn itself). Errors: not_found, failed.
    static Result<std::unique_ptr<Process>> start(ProcessOptions options);
    ~Process();  // a child that still runs is sent SIGTERM, then SIGKILL after 2 s, and reaped

    pid_t pid() const;
    void signal(int number);
    void signal_alone(int number);  // to the program, not to its children
    // It may go on without us: the destructor then ends nothing, and it is reaped when it ends by itself.
    void let_go();
    // Waits for its end; the exit code, or 128 + the signal that ended it.
    Result<int> wait(Timeout timeout = {});

    struct Output {
        int exit_code;
        std::string text;  // what it wrote to standard output, up to `limit` bytes
    };
    // Waits until the program has ended and returns what it printed. Errors: timeout (the program is ended), not_found.
    static Result<Output> run(ProcessOptions options, Timeout timeout, std::size_t limit = 64 * 1024);
    static Result<Output> run_shell(const std::string& command, Timeout timeout, std::size_t limit = 64 * 1024);

  private:
    struct Private;
    explicit Process(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
