// Starting playbacks and recordings by request.
#include "modules/res_ari/start_media.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/base/generation.hpp"
#include "core/runtime/offload.hpp"
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {

using In = Parameter::In;

std::vector<Parameter> play_parameters(const Parameter& target, bool with_id) {
    std::vector<Parameter> list{target};
    list.push_back({.in = with_id ? In::path : In::query, .name = "playbackId", .required = with_id});
    list.push_back({.name = "media", .required = true, .multiple = true});
    list.push_back({.name = "lang"});
    list.push_back({.name = "offsetms", .type = "int"});
    list.push_back({.name = "skipms", .type = "int"});
    return list;
}

std::vector<Parameter> record_parameters(const Parameter& target) {
    return {target,
            {.name = "name", .required = true},
            {.name = "format", .required = true},
            {.name = "maxDurationSeconds", .type = "int"},
            {.name = "maxSilenceSeconds", .type = "int"},
            {.name = "ifExists"},
            {.name = "beep", .type = "boolean"},
            {.name = "terminateOn"}};
}

std::shared_ptr<Playing> make_playing(Request& request, std::string target_uri, std::string target, bool of_bridge,
                                      Answer& refused) {
    auto playing = std::make_shared<Playing>();
    playing->media = request.all("media");
    if (auto checked = check_media(playing->media); !checked) {
        refused = error(400, checked.error().text);
        return nullptr;
    }
    playing->id = request.has("playbackId") ? request.get("playbackId") : random_hex(16);
    if (playing->id.empty() || playing->id.size() > 149 || request.ari.playbacks().contains(playing->id)) {
        refused = error(409, "A playback has this id already");
        return nullptr;
    }
    playing->language = request.get("lang");
    playing->offset = std::chrono::milliseconds(std::max<long>(request.number("offsetms").value_or(0), 0));
    playing->skip = std::chrono::milliseconds(std::max<long>(request.number("skipms").value_or(3000), 0));
    playing->target_uri = std::move(target_uri);
    playing->target = std::move(target);
    playing->of_bridge = of_bridge;
    return playing;
}

Answer begin_recording(Request& request, std::string target_uri, std::string target, bool of_bridge) {
    auto recording = std::make_shared<LiveRecording>();
    recording->name = request.get("name");
    recording->format = request.get("format");
    recording->target_uri = std::move(target_uri);
    recording->target = std::move(target);
    recording->of_bridge = of_bridge;
    recording->beep = request.flag("beep");
    const long maximum = request.number("maxDurationSeconds").value_or(0),
               silence = request.number("maxSilenceSeconds").value_or(0);
    if (maximum < 0) return error(400, "maxDurationSeconds may not be negative");
    if (silence < 0) return error(400, "maxSilenceSeconds may not be negative");
    recording->maximum = std::chrono::seconds(std::min(maximum, 86400L * 365));
    recording->silence = std::chrono::seconds(std::min(silence, 86400L));
    if (!acceptable_name(recording->name)) return error(400, "Invalid recording name");
    const auto formats = list_sound_formats();
    const bool known = std::ranges::any_of(formats, [&](const SoundFileFormat* each) {
        return equals_ignoring_case(each->name, recording->format) ||
               std::ranges::find(each->extensions, recording->format) != each->extensions.end();
    });
    if (!known) return error(422, "The format of the recording is not known");
    const std::string ends = request.has("terminateOn") ? request.get("terminateOn") : "none";
    if (ends != "none" && ends != "any" && ends != "*" && ends != "#")
        return error(400, "terminateOn is none, any, * or #");
    recording->terminate_on = ends == "none" ? "" : ends == "any" ? "0123456789*#ABCD" : ends;
    const std::string existing = request.has("ifExists") ? request.get("ifExists") : "fail";
    if (existing != "fail" && existing != "overwrite" && existing != "append")
        return error(400, "ifExists is fail, overwrite or append");
    recording->append = existing == "append";
    if (request.ari.recordings().contains(recording->name))
        return error(409, "Recording with the same name already in progress");
    const std::string file = recording_folder() + "/" + recording->name + "." + recording->format;
    if (existing == "fail" && offload([&] { return Result<bool>(::access(file.c_str(), F_OK) == 0); }).value_or(false))
        return error(409, "Recording already exists");
    if (request.ari.recordings().contains(recording->name))
        return error(409, "Recording with the same name already in progress");
    auto body = to_json(*recording);
    const auto started = start_recording(request.ari, recording);
    return started ? Answer{.status = 201, .body = std::move(body)} : error(500, started.error().text);
}

}  // namespace jackfield::ari
