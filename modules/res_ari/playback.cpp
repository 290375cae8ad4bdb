// Playing media of URIs, one playback after the other.
#include "modules/res_ari/playback.hpp"

#include "core/base/log.hpp"
#include "core/console/daemon_control.hpp"
#include "core/media/say.hpp"
#include "core/media/tone.hpp"
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {
namespace {

constexpr std::size_t most_waiting = 64;

// Ends the playback in every case: played, stopped, or dropped because its channel has ended.
struct Finisher {
    Ari* ari;
    std::shared_ptr<Playing> playing;
    Finisher(Ari& of, std::shared_ptr<Playing> what) : ari(&of), playing(std::move(what)) {}
    Finisher(Finisher&&) noexcept = default;
    ~Finisher() {
        if (playing) finish("failed");
    }
    void tell(std::string_view type) const {
        Subjects subjects;
        (playing->of_bridge ? subjects.bridges : subjects.channels).push_back(playing->target);
        ari->applications().publish(type, {{"playback", to_json(*playing)}}, subjects);
    }
    void finish(std::string_view state) const {
        if (std::exchange(playing->finished, true)) return;
        playing->state = state;
        playing->file.reset();
        ari->playbacks().erase(playing->id);
        tell("PlaybackFinished");
    }
};

Result<std::vector<std::string>> prompts_of(std::string_view scheme, const std::string& rest,
                                            const std::string& language) {
    if (scheme == "sound") return std::vector{rest};
    if (scheme == "recording") return std::vector{recording_folder() + "/" + rest};
    if (scheme == "digits") return say_digits(rest, language);
    if (scheme == "characters") return say_letters(rest, language);
    const auto number = parse_number<std::int64_t>(rest);
    if (!number) return fail(ErrorCode::invalid, "'{}' is not a number", rest);
    return say_number(*number, language);
}

// "ring" or "ring;tonezone=fr", or a description such as "440/200,0/200".
Result<std::unique_ptr<Source>> open_tone(std::string_view text) {
    const Halves halves = split_once(text, ';');
    const auto zones = tone_zones();
    std::string_view country = zones ? std::string_view(zones->default_country) : std::string_view();
    if (halves.second.starts_with("tonezone=")) country = halves.second.substr(9);
    const std::string* description = zones ? zones->find(country, halves.first) : nullptr;
    return make_tone(description ? std::string_view(*description) : halves.first);
}

// Plays a source to its end on one kind of target.
using Play = std::function<Result<void>(std::unique_ptr<Source>)>;

Result<void> play_one(Playing& playing, const std::string& uri, const Codec* codec, const Play& play) {
    const Halves halves = split_once(uri, ':');
    if (halves.first == "tone") return play(JF_TRY(open_tone(halves.second)));
    const auto prompts = JF_TRY(prompts_of(halves.first, std::string(halves.second), playing.language));
    for (const std::string& prompt : prompts) {
        auto source = JF_TRY(open_prompt(prompt, playing.language, codec));
        playing.file = playback_of(*source);
        if (playing.file && playing.offset.count() > 0) playing.file->seek(std::exchange(playing.offset, {}));
        if (playing.file && playing.state == "paused") playing.file->pause(true);
        JF_TRY(play(std::move(source)));
    }
    playing.file.reset();
    return {};
}

void play_all(const Finisher& finisher, const Codec* codec, const Play& play) {
    Playing& playing = *finisher.playing;
    if (playing.finished || playing.stop.reason()) return finisher.finish("done");
    const InterruptScope scope(playing.stop);
    bool failed = false;
    for (playing.position = 0; playing.position < playing.media.size(); ++playing.position) {
        playing.state = playing.position == 0 ? "playing" : "continuing";
        finisher.tell(playing.position == 0 ? "PlaybackStarted" : "PlaybackContinuing");
        playing.state = "playing";
        auto played = play_one(playing, playing.media[playing.position], codec, play);
        if (played) continue;
        failed = played.error().code != ErrorCode::cancelled;
        if (failed && !ends_application(played.error().code))
            log_warning("Playback of {}: {}", playing.media[playing.position], played.error().text);
        if (ends_application(played.error().code)) break;
    }
    playing.position = playing.media.size();
    finisher.finish(failed ? "failed" : "done");
}

Play on_mixer(Bridge& bridge) {
    return [&bridge](std::unique_ptr<Source> source) -> Result<void> {
        if (!bridge.mixer()) return fail(ErrorCode::unsupported, "only mixing bridges can be played to");
        auto ended = std::make_shared<Latch>();
        bridge.mixer()->play(std::move(source), [ended] { ended->set(); });
        auto waited = ended->wait();
        if (!waited && bridge.mixer()) bridge.mixer()->stop_playing();
        return waited;
    };
}

}  // namespace

std::string recording_folder() {
    const DaemonControl* daemon = DaemonControl::instance();
    return (daemon ? daemon->settings().directories.spool : std::string(".")) + "/recording";
}

JsonObject to_json(const Playing& playing) {
    JsonObject object;
    object["id"] = playing.id;
    object["media_uri"] = playing.media[std::min(playing.position, playing.media.size() - 1)];
    if (playing.position + 1 < playing.media.size()) object["next_media_uri"] = playing.media[playing.position + 1];
    object["target_uri"] = playing.target_uri;
    object["language"] = playing.language;
    object["state"] = playing.state;
    return object;
}

Result<void> check_media(const std::vector<std::string>& uris) {
    if (uris.empty()) return fail(ErrorCode::invalid, "media is missing");
    for (const std::string& uri : uris) {
        const Halves halves = split_once(uri, ':');
        bool known = false;
        for (const std::string_view scheme : {"sound", "recording", "number", "digits", "characters", "tone"})
            known = known || halves.first == scheme;
        if (!known || halves.second.empty()) return fail(ErrorCode::invalid, "Invalid media URI {}", uri);
        if (halves.second.find("..") != std::string_view::npos)
            return fail(ErrorCode::invalid, "Invalid media URI {}", uri);
    }
    return {};
}

Result<void> start_on_channel(Ari& ari, Channel& channel, std::shared_ptr<Playing> playing) {
    ari.playbacks()[playing->id] = playing;
    auto posted = channel.post_work([finisher = Finisher(ari, playing)](Channel& on) {
        play_all(finisher, on.media().write_codec(),
                 [&](std::unique_ptr<Source> source) { return on.play_source(std::move(source)); });
    });
    return posted;
}

Result<void> start_on_bridge(Ari& ari, BridgeRecord& record, std::shared_ptr<Playing> playing) {
    if (record.playbacks.size() >= most_waiting)
        return fail(ErrorCode::limit, "too many playbacks wait for this bridge");
    record.playbacks.push_back(playing);
    ari.playbacks()[playing->id] = playing;
    if (record.plays) return {};
    record.plays = true;
    auto started = ari.fibers().spawn(
        "playback on " + record.bridge->id(), [&ari, id = record.bridge->id(), bridge = record.bridge] {
            const auto rest = [&]() -> BridgeRecord* {
                const auto found = ari.bridges().find(id);
                return found == ari.bridges().end() ? nullptr : found->second.get();
            };
            for (BridgeRecord* record = rest(); record && !record->playbacks.empty(); record = rest()) {
                const Finisher finisher(ari, std::move(record->playbacks.front()));
                record->playbacks.pop_front();
                play_all(finisher, nullptr, on_mixer(*bridge));
            }
            if (BridgeRecord* record = rest()) record->plays = false;
        });
    if (started) return started;
    record.plays = false;
    record.playbacks.pop_back();
    Finisher(ari, playing).finish("failed");
    return started;
}

Result<void> control_playback(Playing& playing, std::string_view operation) {
    const bool known = operation == "restart" || operation == "pause" || operation == "unpause" ||
                       operation == "reverse" || operation == "forward";
    if (!known) return fail(ErrorCode::invalid, "Invalid operation '{}'", operation);
    if (playing.state != "playing" && playing.state != "paused")
        return fail(ErrorCode::refused, "The playback is {}", playing.state);
    if (!playing.file) return fail(ErrorCode::refused, "A tone can only be stopped");
    if (operation == "restart") playing.file->seek({});
    if (operation == "reverse") playing.file->skip(-playing.skip);
    if (operation == "forward") playing.file->skip(playing.skip);
    if (operation == "pause" || operation == "unpause") {
        playing.state = operation == "pause" ? "paused" : "playing";
        playing.file->pause(operation == "pause");
    }
    return {};
}

}  // namespace jackfield::ari
