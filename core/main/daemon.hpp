// The daemon: everything made in order, run, and taken down in the opposite order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "core/config/transaction.hpp"
#include "core/console/console_server.hpp"
#include "core/console/daemon_control.hpp"
#include "core/main/configuration.hpp"
#include "core/main/deadline.hpp"
#include "core/main/host_process.hpp"
#include "core/main/invocation.hpp"
#include "core/media/media_stream.hpp"
#include "core/module/database.hpp"
#include "core/module/loader.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

enum class Outcome : unsigned char { stopped, restart, failed };

// One run. Made and run on the main thread, which becomes the control thread.
class Daemon final : public DaemonControl {
  public:
    Daemon(const Invocation& invocation, Configuration configuration);
    ~Daemon() override;

    // Until it is stopped. `started` is told once whether everything came up.
    Outcome run(std::function<void(bool success)> started);
    // --check: loads modules so that their files are known, checks all files, prints the findings. True: no errors.
    bool check();

    Result<void> request_stop(StopRequest request) override;
    bool abort_stop() override;
    std::optional<StopRequest> stop_requested() const override { return stop_; }
    Latch& booted() override { return booted_; }
    Result<void> reload_all() override;
    const DaemonSettings& settings() const override { return configuration_.settings; }
    const std::string& configuration_file() const override { return configuration_.file; }
    Instant started() const override { return started_; }
    Instant last_reload() const override { return reloaded_; }
    WallTime started_at() const override { return started_at_; }
    WallTime last_reload_at() const override { return reloaded_at_; }

  private:
    Result<void> prepare();
    Result<void> boot();
    Result<void> declare_core_files();
    Result<void> load_modules();
    void wait_for_stop();
    void stop_everything();
    void hang_up_all_channels();
    void review_load();
    void start_local_console();

    const Invocation& invocation_;
    Configuration configuration_;
    Instant started_ = Clock::now(), reloaded_ = started_;
    WallTime started_at_ = wall_now(), reloaded_at_ = started_at_;
    std::function<void(bool)> report_start_;

    std::unique_ptr<ConfigManager> config_;
    std::unique_ptr<ControlLoop> loop_;
    // In the order in which they are made; destroyed the other way round, on the control thread.
    std::unique_ptr<MediaEngine> media_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<Module> core_, logger_;
    std::unique_ptr<ModuleLoader> loader_;
    std::unique_ptr<ConsoleServer> consoles_;
    std::unique_ptr<Timer> load_review_;
    std::thread local_console_;
    std::unique_ptr<Deadline> deadline_;

    Latch booted_;
    Queue<int> stop_changed_{4};   // wakes the fiber that waits for the end
    std::optional<StopRequest> stop_;
    bool stopping_ = false, overloaded_ = false, failed_ = false;
};

}  // namespace jackfield
