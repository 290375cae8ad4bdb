// Live recordings of channels and bridges.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/channel/channel.hpp"
#include "core/media/sound_file.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_ari/json.hpp"

namespace jackfield::ari {

class Ari;
class Pausable;  // the tap that can be switched off

struct LiveRecording {
    enum class End : unsigned char { stop, cancel, digit, silence, target_gone };
    std::string name, format, target_uri, target;
    bool of_bridge = false, beep = false, append = false;
    std::string state = "queued", cause;  // recording, paused, done, failed, canceled
    std::chrono::seconds maximum{0}, silence{0};
    std::string terminate_on;  // digits that end it
    std::chrono::milliseconds length{0};
    Queue<End> ends{4};
    Pausable* tap = nullptr;  // while it runs
    std::unique_ptr<MediaStream::Attached> attached, silence_watch;
    Latch finished;
};

JsonObject to_json(const LiveRecording& recording);
// A name that stays below the folder of recordings.
bool acceptable_name(std::string_view name);
// Begins on a fiber of its own. Errors: limit.
Result<void> start_recording(Ari& ari, std::shared_ptr<LiveRecording> recording);
void pause_recording(LiveRecording& recording, bool paused);
void mute_recording(LiveRecording& recording, bool muted);

}  // namespace jackfield::ari
