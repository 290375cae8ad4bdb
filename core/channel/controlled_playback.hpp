// A prompt that its listener moves about in: forward, back, pause, restart, stop.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"

namespace jackfield {

struct PlaybackKeys {                         // empty: no key does that
    std::string stop = {}, forward = {}, rewind = {}, pause = {}, restart = {};
    std::chrono::milliseconds skip{3000};     // of forward and rewind
};

struct ControlledPlayback {
    std::chrono::milliseconds start{0};       // in: where to begin, kept within the file
    std::chrono::milliseconds at{0};          // out: where it ended, also when playing failed by hang-up and its like
    char key = 0;                             // out: the key of `stop` that ended it; 0: played to its end, or stopped
    bool stopped = false;                     // out: by control_playback()
};

// Plays one prompt in the channel's language and waits for its end. Does not answer. Keys that do nothing are used up.
// Errors: not_found, invalid, hangup and its like.
Result<void> play_controlled(Channel& channel, const std::string& prompt, const PlaybackKeys& keys, ControlledPlayback& playback);

// Sets CPLAYBACKSTATUS (SUCCESS, USERSTOPPED, REMOTESTOPPED, ERROR), CPLAYBACKOFFSET and CPLAYBACKSTOPKEY. Returns the offset
// in milliseconds, -1 for the end of the file.
long long tell_playback(Channel& channel, const Result<void>& played, const ControlledPlayback& playback);

// From outside (AMI's ControlPlayback) what the keys do. Never waits.
enum class PlaybackControl : unsigned char { stop, forward, rewind, pause, restart };
// Errors: not_found (nothing of the kind plays there).
Result<void> control_playback(Channel& channel, PlaybackControl control);

}  // namespace jackfield
