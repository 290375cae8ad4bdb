// The REST interface's state: settings, applications, channels in Stasis, bridges, playbacks, recordings.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "core/channel/channel.hpp"
#include "core/module/module.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "modules/res_ari/applications.hpp"
#include "modules/res_ari/playback.hpp"
#include "modules/res_ari/recording.hpp"
#include "modules/res_ari/settings.hpp"
#include "modules/res_ari/stasis.hpp"

namespace jackfield::ari {

// A bridge that was made here: it lives until it is deleted.
struct BridgeRecord {
    std::shared_ptr<Bridge> bridge;
    std::deque<std::shared_ptr<Playing>> playbacks;  // that wait; the first one plays
    bool plays = false, music = false;
};

class Ari {
  public:
    Ari();
    Ari(const Ari&) = delete;
    Ari& operator=(const Ari&) = delete;

    void set(Settings settings) { settings_ = std::move(settings); }
    const Settings& settings() const { return settings_; }
    Applications& applications() { return applications_; }

    // --- channels in Stasis (stasis.cpp) ---------------------------------------------------------------------------
    // Null: the channel is not in a Stasis application.
    std::shared_ptr<Control> control(Channel& channel) const;
    // Runs the application on the channel's own fiber until it leaves. Waits. Returns where it is to go on; nothing: at
    // the next priority. Errors: not_found (nobody has the application connected), hangup and its like.
    Result<std::optional<Place>> run(Channel& channel, std::string application, std::vector<std::string> arguments);
    // For a channel without dialplan: a fiber that runs the application, and then the dialplan when it is sent there.
    Result<void> start(Custody custody, std::string application, std::vector<std::string> arguments);

    // --- bridges ----------------------------------------------------------------------------------------------------
    std::map<std::string, std::unique_ptr<BridgeRecord>, std::less<>>& bridges() { return bridges_; }
    const BridgeRecord* find_bridge(std::string_view id) const {
        const auto found = bridges_.find(id);
        return found == bridges_.end() ? nullptr : found->second.get();
    }

    // --- playbacks and recordings (playback.cpp, recording.cpp) -----------------------------------------------------
    std::map<std::string, std::shared_ptr<Playing>, std::less<>>& playbacks() { return playbacks_; }
    std::map<std::string, std::shared_ptr<LiveRecording>, std::less<>>& recordings() { return recordings_; }

    // Ends sessions, recordings and bridges of this module. Waits.
    Result<void> stop();
    TaskGroup& fibers() { return *fibers_; }
    void restart() {
        if (!fibers_) fibers_ = std::make_unique<TaskGroup>("ari");
    }

  private:
    Settings settings_;
    Applications applications_;
    std::map<std::uint64_t, std::shared_ptr<Control>> controls_;  // by channel number
    std::map<std::string, std::unique_ptr<BridgeRecord>, std::less<>> bridges_;
    std::map<std::string, std::shared_ptr<Playing>, std::less<>> playbacks_;
    std::map<std::string, std::shared_ptr<LiveRecording>, std::less<>> recordings_;
    std::unique_ptr<TaskGroup> fibers_;
};

// events.cpp: what the core publishes becomes events of applications.
void add_events(Ari& ari, Module& module);

}  // namespace jackfield::ari
