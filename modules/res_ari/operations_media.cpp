// /playbacks, /recordings, /sounds
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/runtime/offload.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;
namespace fs = std::filesystem;

constexpr std::size_t most_listed = 100'000;  // files of one listing
constexpr std::uintmax_t largest_download = 256 * 1024 * 1024;

// --- playbacks -----------------------------------------------------------------------------------------------------

std::shared_ptr<Playing> playing_of(const Request& request) {
    const auto found = request.ari.playbacks().find(request.get("playbackId"));
    return found == request.ari.playbacks().end() ? nullptr : found->second;
}

Answer get_playback(Request& request) {
    const auto playing = playing_of(request);
    return playing ? ok(to_json(*playing)) : error(404, "Playback not found");
}

Answer stop_playback(Request& request) {
    const auto playing = playing_of(request);
    if (!playing) return error(404, "Playback not found");
    playing->stop.interrupt(ErrorCode::cancelled);
    return done();
}

Answer steer_playback(Request& request) {
    const auto playing = playing_of(request);
    if (!playing) return error(404, "Playback not found");
    const auto steered = control_playback(*playing, request.get("operation"));
    if (steered) return done();
    return error(steered.error().code == ErrorCode::invalid ? 400 : 409, steered.error().text);
}

// --- live recordings -----------------------------------------------------------------------------------------------

std::shared_ptr<LiveRecording> live(const Request& request) {
    const auto found = request.ari.recordings().find(request.get("recordingName"));
    return found == request.ari.recordings().end() ? nullptr : found->second;
}

Answer get_live(Request& request) {
    const auto recording = live(request);
    return recording ? ok(to_json(*recording)) : error(404, "Recording not found");
}

Answer end_live(Request& request, LiveRecording::End end) {
    const auto recording = live(request);
    if (!recording) return error(404, "Recording not found");
    recording->ends.push(end);
    (void)recording->finished.wait(std::chrono::seconds(10));  // the file is whole when the answer comes
    return done();
}
Answer stop_live(Request& request) { return end_live(request, LiveRecording::End::stop); }
Answer cancel_live(Request& request) { return end_live(request, LiveRecording::End::cancel); }

Answer switch_live(Request& request, void (*change)(LiveRecording&, bool), bool on) {
    const auto recording = live(request);
    if (!recording) return error(404, "Recording not found");
    if (!recording->tap) return error(409, "Recording not in session");
    change(*recording, on);
    return done();
}
Answer pause_live(Request& request) { return switch_live(request, pause_recording, true); }
Answer unpause_live(Request& request) { return switch_live(request, pause_recording, false); }
Answer mute_live(Request& request) { return switch_live(request, mute_recording, true); }
Answer unmute_live(Request& request) { return switch_live(request, mute_recording, false); }

// --- stored recordings ---------------------------------------------------------------------------------------------

// Of all formats that are there; asked before a job goes to the pool, where the registry may not be touched.
std::vector<std::string> sound_extensions() {
    std::vector<std::string> all;
    for (const SoundFileFormat* format : list_sound_formats())
        for (const std::string& extension : format->extensions) all.push_back("." + extension);
    return all;
}

bool is_sound(const fs::path& path, const std::vector<std::string>& extensions) {
    return std::ranges::find(extensions, path.extension().string()) != extensions.end();
}

JsonObject stored_json(const std::string& name, const std::string& extension) {
    return {{"name", to_json(name)}, {"format", to_json(extension)}};
}

struct Stored {
    std::string name, format;
};

// Blocks on the disk.
std::vector<Stored> stored_below(const std::string& folder, const std::vector<std::string>& extensions) {
    std::vector<Stored> found;
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
         !error && at != fs::recursive_directory_iterator() && found.size() < most_listed; at.increment(error)) {
        if (!at->is_regular_file(error) || !is_sound(at->path(), extensions)) continue;
        const fs::path name = fs::relative(at->path(), folder, error);
        found.push_back({(name.parent_path() / name.stem()).string(), at->path().extension().string().substr(1)});
    }
    return found;
}

// The file of that name in the first format that it is there in. Blocks on the disk.
std::optional<fs::path> stored_file(const std::string& name, const std::vector<std::string>& extensions) {
    std::error_code error;
    for (const std::string& extension : extensions)
        if (const fs::path path = recording_folder() + "/" + name + extension; fs::is_regular_file(path, error))
            return path;
    return {};
}

Answer list_stored(Request&) {
    const auto found = offload([folder = recording_folder(), extensions = sound_extensions()] {
        return Result<std::vector<Stored>>(stored_below(folder, extensions));
    });
    JsonArray all;
    if (found)
        for (const Stored& each : *found) all.emplace_back(stored_json(each.name, each.format));
    return ok(std::move(all));
}

// Runs `job` with the file in the pool; nothing when there is none of that name.
template <class Job>
Answer with_stored(Request& request, Job job) {
    const std::string name = request.get("recordingName");
    if (!acceptable_name(name)) return error(404, "Recording not found");
    auto made = offload([&, extensions = sound_extensions()]() -> Result<Answer> {
        const auto path = stored_file(name, extensions);
        return path ? job(name, *path) : error(404, "Recording not found");
    });
    return made ? *std::move(made) : error(500, made.error().text);
}

Answer get_stored(Request& request) {
    return with_stored(request, [](const std::string& name, const fs::path& path) {
        return ok(stored_json(name, path.extension().string().substr(1)));
    });
}

Answer get_stored_file(Request& request) {
    return with_stored(request, [](const std::string&, const fs::path& path) -> Answer {
        std::error_code failed;
        if (fs::file_size(path, failed) > largest_download || failed) return error(413, "The recording is too large");
        std::ifstream file(path, std::ios::binary);
        Answer answer{.status = 200,
                      .raw = std::string(std::istreambuf_iterator<char>(file), {}),
                      .raw_type = "audio/" + path.extension().string().substr(1)};
        return answer;
    });
}

Answer delete_stored(Request& request) {
    return with_stored(request, [](const std::string&, const fs::path& path) -> Answer {
        std::error_code failed;
        return fs::remove(path, failed) && !failed ? done()
                                                   : error(500, "The file can't be deleted: " + failed.message());
    });
}

Answer copy_stored(Request& request) {
    const std::string to = request.get("destinationRecordingName");
    if (!acceptable_name(to)) return error(400, "Invalid destination name");
    return with_stored(request, [&](const std::string&, const fs::path& path) -> Answer {
        const fs::path target = recording_folder() + "/" + to + path.extension().string();
        std::error_code failed;
        if (fs::exists(target, failed)) return error(409, "A recording has the destination's name already");
        fs::create_directories(target.parent_path(), failed);
        if (!fs::copy_file(path, target, failed)) return error(500, "The file can't be copied: " + failed.message());
        return {.status = 201, .body = stored_json(to, path.extension().string().substr(1))};
    });
}

// --- sounds --------------------------------------------------------------------------------------------------------

struct Sound {
    std::set<std::pair<std::string, std::string>> formats;  // language, format
};

// Blocks on the disk. The first part of a path is the language's folder.
std::map<std::string, Sound> sounds_below(const std::vector<std::string>& directories,
                                          const std::vector<std::string>& extensions) {
    std::map<std::string, Sound> found;
    for (const std::string& directory : directories) {
        std::error_code error;
        for (auto at = fs::recursive_directory_iterator(
                 directory,
                 fs::directory_options::skip_permission_denied | fs::directory_options::follow_directory_symlink,
                 error);
             !error && at != fs::recursive_directory_iterator() && found.size() < most_listed; at.increment(error)) {
            if (!at->is_regular_file(error) || !is_sound(at->path(), extensions)) continue;
            const std::string relative = fs::relative(at->path(), directory, error).replace_extension().string();
            const Halves halves = split_once(relative, '/');
            if (halves.found)
                found[std::string(halves.second)].formats.emplace(halves.first.substr(0, halves.first.find('_')),
                                                                  at->path().extension().string().substr(1));
        }
    }
    return found;
}

JsonObject sound_json(const std::string& id, const Sound& sound) {
    JsonArray formats;
    for (const auto& [language, format] : sound.formats)
        formats.emplace_back(JsonObject{{"language", to_json(language)}, {"format", to_json(format)}});
    return {{"id", to_json(id)}, {"text", ""}, {"formats", std::move(formats)}};
}

Result<std::map<std::string, Sound>> all_sounds() {
    return offload([directories = sound_settings().directories, extensions = sound_extensions()] {
        return Result<std::map<std::string, Sound>>(sounds_below(directories, extensions));
    });
}

Answer list_sounds(Request& request) {
    const auto found = all_sounds();
    JsonArray all;
    const std::string language = request.get("lang"), format = request.get("format");
    if (found)
        for (const auto& [id, sound] : *found)
            if (std::ranges::any_of(sound.formats, [&](const auto& each) {
                    return (language.empty() || each.first == language) && (format.empty() || each.second == format);
                }))
                all.emplace_back(sound_json(id, sound));
    return ok(std::move(all));
}

Answer get_sound(Request& request) {
    const auto found = all_sounds();
    const std::string id = request.get("soundId");
    if (!found || !found->contains(id)) return error(404, "Sound not found");
    return ok(sound_json(id, found->at(id)));
}

const Parameter playback{.in = In::path, .name = "playbackId", .required = true};
const Parameter recording{.in = In::path, .name = "recordingName", .required = true};

}  // namespace

std::span<const Operation> playback_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/playbacks/{playbackId}", "get", "Playback", "One playback", {playback}, get_playback},
        {"DELETE", "/playbacks/{playbackId}", "stop", "void", "End a playback", {playback}, stop_playback},
        {"POST",
         "/playbacks/{playbackId}/control",
         "control",
         "void",
         "Pause, go on, skip or begin again",
         {playback, {.name = "operation", .required = true}},
         steer_playback},
    };
    return operations;
}

std::span<const Operation> recording_operations() {
    static const std::vector<Operation> operations{
        {"GET",
         "/recordings/stored",
         "listStored",
         "List[StoredRecording]",
         "Recordings that are complete",
         {},
         list_stored},
        {"GET",
         "/recordings/stored/{recordingName}",
         "getStored",
         "StoredRecording",
         "One recording",
         {recording},
         get_stored},
        {"DELETE",
         "/recordings/stored/{recordingName}",
         "deleteStored",
         "void",
         "Delete a recording",
         {recording},
         delete_stored},
        {"GET",
         "/recordings/stored/{recordingName}/file",
         "getStoredFile",
         "binary",
         "A recording's file",
         {recording},
         get_stored_file},
        {"POST",
         "/recordings/stored/{recordingName}/copy",
         "copyStored",
         "StoredRecording",
         "Copy a recording",
         {recording, {.name = "destinationRecordingName", .required = true}},
         copy_stored},
        {"GET",
         "/recordings/live/{recordingName}",
         "getLive",
         "LiveRecording",
         "A recording that runs",
         {recording},
         get_live},
        {"DELETE",
         "/recordings/live/{recordingName}",
         "cancel",
         "void",
         "End a recording and throw it away",
         {recording},
         cancel_live},
        {"POST",
         "/recordings/live/{recordingName}/stop",
         "stop",
         "void",
         "End a recording and keep it",
         {recording},
         stop_live},
        {"POST",
         "/recordings/live/{recordingName}/pause",
         "pause",
         "void",
         "Pause a recording",
         {recording},
         pause_live},
        {"DELETE",
         "/recordings/live/{recordingName}/pause",
         "unpause",
         "void",
         "Go on recording",
         {recording},
         unpause_live},
        {"POST", "/recordings/live/{recordingName}/mute", "mute", "void", "Record silence", {recording}, mute_live},
        {"DELETE",
         "/recordings/live/{recordingName}/mute",
         "unmute",
         "void",
         "Record sound again",
         {recording},
         unmute_live},
    };
    return operations;
}

std::span<const Operation> sound_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/sounds", "list", "List[Sound]", "All prompts", {{.name = "lang"}, {.name = "format"}}, list_sounds},
        {"GET",
         "/sounds/{soundId}",
         "get",
         "Sound",
         "One prompt",
         {{.in = In::path, .name = "soundId", .required = true}},
         get_sound},
    };
    return operations;
}

}  // namespace jackfield::ari
