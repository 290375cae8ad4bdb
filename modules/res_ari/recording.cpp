// Recording to a file until something ends it.
#include "modules/res_ari/recording.hpp"

#include <unistd.h>

#include <array>
#include <atomic>

#include "core/base/log.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/offload.hpp"
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {

// Passes on to the file's tap, or not, or as silence. Media thread; switched by the control thread.
class Pausable final : public Tap {
  public:
    explicit Pausable(std::unique_ptr<Tap> to)
        : Tap(to->direction(), to->place()),
          to_(std::move(to)),
          pass_(running_gate() ? running_gate()->hold() : Gate::Pass()) {}
    const Codec* wants() const override { return to_->wants(); }
    void hear(const Frame& frame, Direction direction) override {
        if (paused.load(std::memory_order_relaxed)) return;
        if (!muted.load(std::memory_order_relaxed) || !frame.codec || !frame.codec->linear)
            return to_->hear(frame, direction);
        Frame silent = frame;
        silent.payload = std::span<const std::uint8_t>(zeroes_).first(std::min(frame.payload.size(), zeroes_.size()));
        to_->hear(silent, direction);
    }
    std::atomic<bool> paused{false}, muted{false};

  private:
    static constexpr std::array<std::uint8_t, FrameBuffer::capacity> zeroes_{};
    std::unique_ptr<Tap> to_;
    Gate::Pass pass_;
};

namespace {

void tell(Ari& ari, const LiveRecording& recording, std::string_view type) {
    Subjects subjects;
    (recording.of_bridge ? subjects.bridges : subjects.channels).push_back(recording.target);
    ari.applications().publish(type, {{"recording", to_json(recording)}}, subjects);
}

// Attaches the file's tap to what is recorded. Errors: not_found (it is gone), unsupported.
Result<void> attach(Ari& ari, LiveRecording& recording, Recording& file) {
    auto tap = std::make_unique<Pausable>(file.tap());
    recording.tap = tap.get();
    if (recording.of_bridge) {
        const BridgeRecord* record = ari.find_bridge(recording.target);
        if (!record) return fail(ErrorCode::not_found, "the bridge is gone");
        if (!record->bridge->mixer()) return fail(ErrorCode::unsupported, "only mixing bridges can be recorded");
        recording.attached = record->bridge->mixer()->add(std::move(tap));
        return {};
    }
    Channel* channel = find_channel(recording.target);
    if (!channel) return fail(ErrorCode::not_found, "the channel is gone");
    if (recording.silence.count())
        recording.silence_watch = channel->media().watch_silence(256, [&ari, name = recording.name](const MediaStream::SilenceEvent& event) {
            const auto found = ari.recordings().find(name);
            if (found != ari.recordings().end() && event.silent && event.length >= found->second->silence)
                found->second->ends.push(LiveRecording::End::silence);
        });
    recording.attached = channel->media().add(std::move(tap));
    return {};
}

Result<void> beep(const LiveRecording& recording) {
    Channel* channel = recording.of_bridge || !recording.beep ? nullptr : find_channel(recording.target);
    if (!channel) return {};
    return run_command(*channel, [](Channel& on) -> Result<void> {
        JF_TRY(on.play("beep"));
        return {};
    });
}

// Waits for what ends it, and keeps the file.
Result<LiveRecording::End> record(Ari& ari, LiveRecording& recording, const std::string& path) {
    (void)beep(recording);
    auto file = JF_TRY(Recording::create(path, recording.format, recording.append, Tap::Direction::read));
    JF_TRY(attach(ari, recording, *file));
    recording.state = "recording";
    tell(ari, recording, "RecordingStarted");
    Timeout limit;
    if (recording.maximum.count()) limit = recording.maximum;
    const auto ended = recording.ends.pop(limit);
    recording.silence_watch.reset();
    recording.tap = nullptr;
    recording.attached.reset();
    const Shield shield;
    recording.length = file->length();
    JF_TRY(file->close(ended && *ended == LiveRecording::End::silence ? std::chrono::milliseconds(recording.silence)
                                                                      : std::chrono::milliseconds(0)));
    return ended ? *ended : LiveRecording::End::stop;
}

}  // namespace

JsonObject to_json(const LiveRecording& recording) {
    JsonObject object;
    object["name"] = recording.name;
    object["format"] = recording.format;
    object["state"] = recording.state;
    object["target_uri"] = recording.target_uri;
    if (recording.length.count())
        object["duration"] = std::chrono::duration_cast<std::chrono::seconds>(recording.length).count();
    if (!recording.cause.empty()) object["cause"] = recording.cause;
    return object;
}

bool acceptable_name(std::string_view name) {
    if (name.empty() || name.size() > 200) return false;
    for (const std::string_view part : split(name, '/'))
        if (part.empty() || part.starts_with('.')) return false;
    return name.find('\0') == std::string_view::npos;
}

Result<void> start_recording(Ari& ari, std::shared_ptr<LiveRecording> recording) {
    ari.recordings()[recording->name] = recording;
    auto started = ari.fibers().spawn("recording " + recording->name, [&ari, recording] {
        const std::string path = recording_folder() + "/" + recording->name;
        const auto ended = record(ari, *recording, path);
        recording->attached.reset();
        recording->tap = nullptr;
        const Shield shield;
        if (ended && *ended == LiveRecording::End::cancel) {
            recording->state = "canceled";
            (void)offload([&] { ::unlink((path + "." + recording->format).c_str()); });
        } else {
            recording->state = ended ? "done" : "failed";
            if (!ended) recording->cause = ended.error().text;
        }
        ari.recordings().erase(recording->name);
        tell(ari, *recording, ended ? "RecordingFinished" : "RecordingFailed");
        recording->finished.set();
    });
    if (!started) ari.recordings().erase(recording->name);
    return started;
}

void pause_recording(LiveRecording& recording, bool paused) {
    if (recording.tap) recording.tap->paused = paused;
    recording.state = paused ? "paused" : "recording";
}

void mute_recording(LiveRecording& recording, bool muted) {
    if (recording.tap) recording.tap->muted = muted;
}

}  // namespace jackfield::ari
