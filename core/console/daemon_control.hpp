// What commands ask of the daemon as a whole: stopping, restarting, waiting until it is up. core/main implements it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/config/daemon_settings.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

struct StopRequest {
    enum class When : unsigned char { now, gracefully, when_convenient } when = When::now;
    bool restart = false;
};

// Control thread.
class DaemonControl {
  public:
    virtual ~DaemonControl() = default;
    // Never waits. now: ends calls and the process within a second. gracefully: no new calls, ends after the last one.
    // when_convenient: ends at a moment without calls. A later request replaces one that has not begun. Errors: busy (the
    // daemon is ending already).
    virtual Result<void> request_stop(StopRequest request) = 0;
    virtual bool abort_stop() = 0;                      // false: there was nothing to abort
    virtual std::optional<StopRequest> stop_requested() const = 0;
    virtual Latch& booted() = 0;                        // set when all modules are loaded
    // Reads logger.conf, modules' files and everything else anew, then on_reload of every module. Waits.
    virtual Result<void> reload_all() = 0;
    virtual const DaemonSettings& settings() const = 0;
    virtual const std::string& configuration_file() const = 0;
    virtual Instant started() const = 0;
    virtual Instant last_reload() const = 0;
    virtual WallTime started_at() const = 0;
    virtual WallTime last_reload_at() const = 0;

    static DaemonControl* instance();
    static void set_instance(DaemonControl* control);
};

// Whether jackfield.conf lets clients of AMI and ARI use what is for the dialplan only (live_dangerously).
bool live_dangerously();

// Events.
struct DaemonBooted {
    static constexpr std::string_view topic = "daemon.booted";
};
struct DaemonStopping {
    static constexpr std::string_view topic = "daemon.stopping";
    bool restart;
};
struct DaemonReloaded {
    static constexpr std::string_view topic = "daemon.reloaded";
    std::string_view module;  // empty: all
    bool success;
};

}  // namespace jackfield
