// The recordings that MixMonitor started: each lives until it is stopped or its channel ends.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/channel/channel_events.hpp"
#include "core/media/sound_file.hpp"
#include "core/sdk.hpp"

namespace jackfield::mixmonitor {

struct Order {
    std::string mixed, said, heard;      // files with their extension; empty: not wanted
    std::string command;                 // shell command for afterwards
    bool append = false, only_bridged = false, end_beep = false;
};

// What media threads ask for each frame.
struct Gates {
    std::atomic<bool> audible{true};                     // false: what is heard is left out (option b, outside of a bridge)
    std::atomic<bool> read_muted{false}, write_muted{false};  // silence instead of what comes from the channel, of what goes to it
};

struct Monitor {
    std::string id;
    Order order;
    std::vector<std::unique_ptr<Recording>> recordings;
    std::vector<std::unique_ptr<MediaStream::Attached>> taps;
    std::shared_ptr<Gates> gates;
};

class Monitors;
// The features automixmon and automon: a code pressed during a call starts its recording, and stops it.
Result<void> add_one_touch(Module& module, Monitors& monitors);

// Plays a beep on the channel, whatever runs on it, as soon as its service fiber gets to it. Never waits.
void beep(Channel& channel);

// Control thread. Each start and end is an event of the manager.
class Monitors {
  public:
    Monitors();
    // Waits (files are opened). Returns the recording's id. Errors: Recording::create's.
    Result<std::string> start(Channel& channel, Order order);
    // The one of that id, else the newest. Ends it on a fiber of its own; false: the channel has none.
    bool stop(Channel& channel, std::string_view id);
    const Monitor* find(Channel& channel, std::string_view id) const;
    // Silence in the file instead of one side or both; of the recording of that id, or of all. False: the channel has none.
    bool mute(Channel& channel, std::string_view id, Tap::Direction direction, bool on);

  private:
    void channel_ended(Channel& channel);
    void bridged(Channel& channel, bool on);
    static void finish(std::vector<Monitor> monitors, const std::string& channel_name);
    std::unordered_map<std::uint64_t, std::vector<Monitor>> by_channel_;
    std::uint64_t last_id_ = 0;
    Subscription ended_, entered_, left_;
};

}  // namespace jackfield::mixmonitor
