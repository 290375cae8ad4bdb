// The control socket: serves consoles (`jackfield -r`, `-rx`) on fibers.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "core/base/result.hpp"

namespace jackfield {

struct ConsoleServerSettings {
    std::string path;           // of the socket
    mode_t mode = 0600;         // astctlpermissions
    std::string owner, group;   // astctlowner, astctlgroup; empty: the daemon's own
};

// Every connection has a fiber that runs its commands one after the other; several consoles do not wait for each other.
// Who is at the other end is known by SO_PEERCRED. Control thread.
class ConsoleServer {
  public:
    // Errors: failed (the path can't be bound, unknown owner or group).
    static Result<std::unique_ptr<ConsoleServer>> start(const ConsoleServerSettings& settings);
    ~ConsoleServer();  // ends all connections; waits for their fibers, so destroy it on one
    // Writes a line to every console that shows log lines, e.g. before a stop.
    void announce(const std::string& text);
    std::size_t connections() const;

    struct Private;

  private:
    explicit ConsoleServer(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
