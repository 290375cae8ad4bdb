// Playbacks: prompts, numbers, tones and recordings played to a channel or a bridge.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/channel/channel.hpp"
#include "core/media/sound_file.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_ari/json.hpp"

namespace jackfield::ari {

class Ari;
struct BridgeRecord;

struct Playing {
    std::string id, target_uri, language;
    std::vector<std::string> media;  // URIs, in order
    std::size_t position = 0;
    std::string state = "queued";  // playing, continuing, paused, done, failed
    std::string target;            // unique id of the channel or id of the bridge
    bool of_bridge = false, finished = false;
    std::chrono::milliseconds offset{0}, skip{3000};
    Interrupter stop;                // ends it
    std::shared_ptr<Playback> file;  // of the prompt that plays; null: a tone or silence
};

JsonObject to_json(const Playing& playing);
// Errors: invalid (a URI that is none of sound:, recording:, number:, digits:, characters:, tone:).
Result<void> check_media(const std::vector<std::string>& uris);
// Queue it; what was queued before is played first. Errors: limit.
Result<void> start_on_channel(Ari& ari, Channel& channel, std::shared_ptr<Playing> playing);
Result<void> start_on_bridge(Ari& ari, BridgeRecord& bridge, std::shared_ptr<Playing> playing);
// "restart", "pause", "unpause", "reverse", "forward". Errors: invalid, refused (it is not in a state for that).
Result<void> control_playback(Playing& playing, std::string_view operation);
std::string recording_folder();  // where recordings are kept: spool/recording

}  // namespace jackfield::ari
