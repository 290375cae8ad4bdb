// The console's side of the control socket: a plain blocking client, for `jackfield -r` and `-rx`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/console/console_protocol.hpp"

namespace jackfield {

struct DaemonIdentity {  // of the daemon's hello
    int pid = 0;
    std::string version, host_name, system_name;
    int verbose = 0;
};

// One connection. Everything blocks; one thread at a time.
class ConsoleClient {
  public:
    // Errors: not_found (nobody listens there), refused (permissions), invalid (another protocol version).
    static Result<ConsoleClient> connect(const std::string& path);
    ConsoleClient(ConsoleClient&& other) noexcept;
    ConsoleClient& operator=(ConsoleClient&& other) noexcept;
    ~ConsoleClient();

    const DaemonIdentity& daemon() const { return daemon_; }
    int descriptor() const { return descriptor_; }
    Result<void> send(FrameKind kind, std::string_view text);
    // The next frame; nothing when none came within the time (no time: waits for ever). Errors: closed.
    Result<std::optional<ConsoleFrame>> receive(std::optional<std::chrono::milliseconds> limit = std::nullopt);

  private:
    explicit ConsoleClient(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
    FrameReader reader_;
    DaemonIdentity daemon_;
};

}  // namespace jackfield
