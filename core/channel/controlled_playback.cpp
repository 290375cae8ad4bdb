// Playing under control: the keys of the listener and the commands of others move one Playback.
#include "core/channel/controlled_playback.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/channel/channel_private.hpp"
#include "core/media/sound_file.hpp"

namespace jackfield {
namespace {

// What control_playback() finds; stands in the channel's attachments while play_controlled() runs.
struct Controls {
    Queue<PlaybackControl>* queue = nullptr;
};

class ControlScope {
  public:
    ControlScope(Channel& channel, Queue<PlaybackControl>& queue)
        : channel_(channel.share()), outer_(std::exchange(channel.attachment<Controls>().queue, &queue)) {}
    ~ControlScope() { channel_->attachment<Controls>().queue = outer_; }
    ControlScope(const ControlScope&) = delete;
    ControlScope& operator=(const ControlScope&) = delete;

  private:
    std::shared_ptr<Channel> channel_;
    Queue<PlaybackControl>* outer_;
};

std::optional<PlaybackControl> meaning(const PlaybackKeys& keys, char key) {
    if (keys.forward.contains(key)) return PlaybackControl::forward;
    if (keys.rewind.contains(key)) return PlaybackControl::rewind;
    if (keys.pause.contains(key)) return PlaybackControl::pause;
    if (keys.restart.contains(key)) return PlaybackControl::restart;
    return {};
}

// One prompt that plays.
class Player {
  public:
    Player(Playback& sound, const PlaybackKeys& keys) : sound_(sound), keys_(keys) {}

    // True: it has to end.
    bool obey(PlaybackControl control) {
        if (control == PlaybackControl::stop) return true;
        if (control == PlaybackControl::forward) sound_.skip(keys_.skip);
        if (control == PlaybackControl::rewind) sound_.skip(-keys_.skip);
        if (control == PlaybackControl::restart) sound_.seek({});
        paused_ = control == PlaybackControl::pause && !paused_;  // whatever moves it plays on
        sound_.pause(paused_);
        return false;
    }

  private:
    Playback& sound_;
    const PlaybackKeys& keys_;
    bool paused_ = false;
};

}  // namespace

Result<void> play_controlled(Channel& channel, const std::string& prompt, const PlaybackKeys& keys, ControlledPlayback& playback) {
    const InterruptScope scope(ChannelAccess::internals(channel).hangup);
    auto source = JF_TRY(open_prompt(prompt, channel.attributes().language, channel.media().write_codec()));
    const auto sound = playback_of(*source);
    if (playback.start.count() > 0) sound->seek(playback.start);
    Queue<PlaybackControl> commands;
    const ControlScope reachable(channel, commands);
    const PlayGuard playing(channel, ChannelAccess::start(channel, std::move(source), ChannelAccess::Playing::prompt));
    Player player(*sound, keys);
    while (!playing.ended().is_set()) {
        const auto ready = select({&playing.ended(), &channel.digits(), &commands});
        playback.at = sound->position().at;
        if (!ready) return std::unexpected(ready.error());
        while (const auto key = channel.digits().try_pop()) {
            if (keys.stop.contains(*key)) {
                playback.key = *key;
                return {};
            }
            if (const auto control = meaning(keys, *key)) (void)player.obey(*control);
        }
        while (const auto control = commands.try_pop())
            if (player.obey(*control)) {
                playback.stopped = true;
                return {};
            }
    }
    playback.at = sound->position().length;
    return {};
}

long long tell_playback(Channel& channel, const Result<void>& played, const ControlledPlayback& playback) {
    const bool to_the_end = played ? !playback.key && !playback.stopped : played.error().code == ErrorCode::not_found;
    const long long offset = to_the_end ? -1 : playback.at.count();
    channel.set_variable("CPLAYBACKSTATUS", !played              ? "ERROR"
                                            : playback.key       ? "USERSTOPPED"
                                            : playback.stopped   ? "REMOTESTOPPED"
                                                                 : "SUCCESS");
    channel.set_variable("CPLAYBACKOFFSET", std::to_string(offset));
    channel.set_variable("CPLAYBACKSTOPKEY", playback.key ? std::string(1, playback.key) : std::string());
    return offset;
}

Result<void> control_playback(Channel& channel, PlaybackControl control) {
    const Controls* controls = channel.find_attachment<Controls>();
    if (!controls || !controls->queue) return fail(ErrorCode::not_found, "{} plays nothing that could be controlled", channel.name());
    controls->queue->push(control);
    return {};
}

}  // namespace jackfield
