// The end of patience at a stop, and the restart in place.
#include "core/main/deadline.hpp"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"

namespace jackfield {
namespace {

constexpr const char* restart_variable = "JACKFIELD_RESTARTED";

std::vector<std::string>& remembered() {
    static std::vector<std::string> arguments;
    return arguments;
}

}  // namespace

Deadline::Deadline(std::chrono::milliseconds limit, bool restart)
    : thread_([this, limit, restart] {
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, limit, [this] { return off_; })) return;
          log_warning("Stopping took longer than {} ms; the process ends now", limit.count());
          leave_now(restart);
      }) {}

Deadline::~Deadline() {
    {
        const std::scoped_lock lock(mutex_);
        off_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void leave_now(bool restart) {
    flush_log();
    if (restart) restart_program();
    ::_exit(0);
}

void remember_arguments(int count, char** arguments) { remembered().assign(arguments, arguments + count); }

void restart_program() {
    std::vector<char*> arguments;
    for (std::string& argument : remembered()) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    ::setenv(restart_variable, "1", 1);
    // The new program must not inherit what was ignored or blocked here.
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGPIPE, SIGUSR1}) ::signal(number, SIG_DFL);
    ::execv("/proc/self/exe", arguments.data());
    log_error("The restart failed: {}", ::strerror(errno));
    flush_log();
    ::_exit(1);
}

bool was_restarted() {
    static const bool restarted = [] {
        const bool set = ::getenv(restart_variable) != nullptr;
        ::unsetenv(restart_variable);
        return set;
    }();
    return restarted;
}

}  // namespace jackfield
