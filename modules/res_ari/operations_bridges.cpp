// /bridges
#include <algorithm>

#include "core/base/generation.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/media/music.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"
#include "modules/res_ari/start_media.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

std::shared_ptr<Bridge> bridge_of(const Request& request) { return Bridge::find(request.get("bridgeId")); }

BridgeRecord* own(Request& request, Answer& refused) {
    const auto found = request.ari.bridges().find(request.get("bridgeId"));
    if (found != request.ari.bridges().end()) return found->second.get();
    refused = bridge_of(request) ? error(409, "Bridge not in Stasis application") : error(404, "Bridge not found");
    return nullptr;
}

Answer list_bridges(Request& request) {
    JsonArray all;
    for (const auto& bridge : Bridge::list()) all.emplace_back(bridge_json(request.ari, *bridge));
    return ok(std::move(all));
}

Answer get_bridge(Request& request) {
    const auto bridge = bridge_of(request);
    return bridge ? ok(bridge_json(request.ari, *bridge)) : error(404, "Bridge not found");
}

Answer make_bridge(Request& request) {
    BridgeKind kind = BridgeKind::mixing;
    for (const std::string& type : request.all("type")) {
        if (type == "holding")
            kind = BridgeKind::holding;
        else if (type == "video_sfu" || type == "video_single")
            return error(501, "Video bridges are not implemented");
        else if (type != "mixing" && type != "dtmf_events" && type != "proxy_media" && type != "sdp_label")
            return error(400, "Unknown bridge type " + type);
    }
    const std::string id =
        request.has("bridgeId") ? request.get("bridgeId") : fmt::format("{}-{}", process_generation(), random_hex(16));
    if (const auto found = request.ari.bridges().find(id); found != request.ari.bridges().end()) {
        // Asked for once more: as it is, when that fits.
        if (found->second->bridge->kind() != kind) return error(409, "A bridge of another type has this id");
        return ok(bridge_json(request.ari, *found->second->bridge));
    }
    auto record = std::make_unique<BridgeRecord>();
    BridgeRecord& made = *record;
    auto& place = request.ari.bridges()[id];
    place = std::move(record);  // before anybody hears of the bridge: its events say whose it is
    auto bridge = create_bridge(kind, id, request.get("name"));
    if (!bridge) {
        request.ari.bridges().erase(id);
        return error(bridge.error().code == ErrorCode::exists ? 409 : 400, bridge.error().text);
    }
    made.bridge = *std::move(bridge);
    return ok(bridge_json(request.ari, *made.bridge));
}

Answer destroy(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    for (const auto& playing : record->playbacks) playing->stop.interrupt(ErrorCode::cancelled);
    for (const auto& [id, playing] : request.ari.playbacks())
        if (playing->of_bridge && playing->target == record->bridge->id())
            playing->stop.interrupt(ErrorCode::cancelled);
    for (const auto& [name, recording] : request.ari.recordings())
        if (recording->of_bridge && recording->target == record->bridge->id())
            recording->ends.push(LiveRecording::End::target_gone);
    // Its last events still say whose it was.
    auto bridge = std::move(record->bridge);
    const std::string id = bridge->id();
    bridge->dissolve();
    bridge.reset();
    request.ari.bridges().erase(id);
    return done();
}

// As Asterisk has it, without effect on a bridge of two or fewer, each of whom sees the other one. Larger ones carry no video.
Answer set_video_source(Request& request) {
    Answer refused;
    const BridgeRecord* const record = own(request, refused);
    if (!record) return refused;
    Channel* const channel = find_channel(request.get("channelId"));
    if (!channel) return error(404, "Channel not found");
    if (!request.ari.control(*channel)) return error(409, "Channel not in Stasis application");
    if (channel->bridge() != record->bridge.get()) return error(422, "Channel not in this bridge");
    if (record->bridge->size() > 2) return error(501, "Bridges of more than two channels carry no video");
    return done();
}
// There is never one that was chosen.
Answer clear_video_source(Request& request) {
    Answer refused;
    return own(request, refused) ? done() : refused;
}

Answer add_channel(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    const auto names = request.all("channel");
    if (names.empty()) return error(400, "No channels specified");
    std::vector<std::pair<std::shared_ptr<Channel>, std::shared_ptr<Control>>> channels;
    for (const std::string& name : names) {
        Channel* channel = find_channel(name);
        if (!channel) return error(400, "Channel not found");
        auto control = request.ari.control(*channel);
        if (!control) return error(422, "Channel not in Stasis application");
        channels.emplace_back(channel->share(), std::move(control));
    }
    MemberOptions options;
    options.leave_ends_bridge = false;
    options.mute = request.flag("mute");
    options.announcer = request.get("role") == "announcer";
    const auto bridge = record->bridge;
    for (const auto& [channel, control] : channels) {
        const auto joined = run_command(*channel, [control = control, bridge, options](Channel& on) -> Result<void> {
            JF_TRY(control->go({.kind = Control::Step::Kind::join, .bridge = bridge, .options = options}));
            // Its own fiber comes in; that takes a turn or two.
            for (unsigned turns = 0; on.bridge() != bridge.get(); ++turns) {
                if (on.hung_up()) return fail(ErrorCode::hangup);
                if (turns > 200) return fail(ErrorCode::failed, "Channel could not join the bridge");
                JF_TRY(turns < 100 ? yield() : sleep_for(std::chrono::milliseconds(10)));
            }
            return {};
        });
        if (!joined)
            return error(joined.error().code == ErrorCode::hangup ? 400 : 500,
                         joined.error().code == ErrorCode::hangup ? "Channel not found" : joined.error().text);
        if (Application* application = request.ari.applications().find(control->application))
            application->bridges.try_emplace(bridge->id(), 1);
    }
    return done();
}

Answer remove_channel(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    const auto names = request.all("channel");
    if (names.empty()) return error(400, "No channels specified");
    const auto bridge = record->bridge;
    for (const std::string& name : names) {
        Channel* channel = find_channel(name);
        if (!channel) return error(400, "Channel not found");
        if (channel->bridge() != bridge.get()) return error(422, "Channel not in this bridge");
        const auto keep = channel->share();
        (void)run_command(*channel, [bridge](Channel& on) { return bridge->remove(on); });
    }
    return done();
}

// Hold music to all members, as a source that never ends.
Answer start_bridge_moh(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    if (!record->bridge->mixer()) return error(409, "Only mixing bridges can be played to");
    const auto bridge = record->bridge;
    auto source = open_music(request.has("mohClass") ? request.get("mohClass") : "default", nullptr);
    if (!source) return error(500, source.error().text);
    if (const auto found = request.ari.bridges().find(bridge->id()); found != request.ari.bridges().end()) {
        bridge->mixer()->play(*std::move(source));
        found->second->music = true;
    }
    return done();
}

Answer stop_bridge_moh(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    if (!std::exchange(record->music, false)) return error(409, "Bridge isn't playing music");
    record->bridge->mixer()->stop_playing();
    return done();
}

Answer play_to_bridge(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    if (!record->bridge->mixer()) return error(409, "Only mixing bridges can be played to");
    auto playing = make_playing(request, "bridge:" + record->bridge->id(), record->bridge->id(), true, refused);
    if (!playing) return refused;
    if (playing->language.empty()) playing->language = "en";
    auto body = to_json(*playing);
    const auto started = start_on_bridge(request.ari, *record, playing);
    return started ? Answer{.status = 201, .body = std::move(body)} : error(500, started.error().text);
}

Answer record_bridge(Request& request) {
    Answer refused;
    BridgeRecord* record = own(request, refused);
    if (!record) return refused;
    if (!record->bridge->mixer()) return error(409, "Only mixing bridges can be recorded");
    const std::string id = record->bridge->id();
    return begin_recording(request, "bridge:" + id, id, true);
}

const Parameter bridge_id{.in = In::path, .name = "bridgeId", .required = true};
const Parameter members{.name = "channel", .required = true, .multiple = true};

}  // namespace

std::span<const Operation> bridge_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/bridges", "list", "List[Bridge]", "All bridges", {}, list_bridges},
        {"POST",
         "/bridges",
         "create",
         "Bridge",
         "Make a bridge",
         {{.name = "type"}, {.name = "bridgeId"}, {.name = "name"}},
         make_bridge},
        {"POST",
         "/bridges/{bridgeId}",
         "createWithId",
         "Bridge",
         "Make a bridge, with an id of one's own",
         {{.name = "type"}, bridge_id, {.name = "name"}},
         make_bridge},
        {"GET", "/bridges/{bridgeId}", "get", "Bridge", "One bridge", {bridge_id}, get_bridge},
        {"DELETE",
         "/bridges/{bridgeId}",
         "destroy",
         "void",
         "End a bridge; its channels stay in the application",
         {bridge_id},
         destroy},
        {"POST",
         "/bridges/{bridgeId}/addChannel",
         "addChannel",
         "void",
         "Bring channels into a bridge",
         {bridge_id,
          members,
          {.name = "role"},
          {.name = "absorbDTMF", .type = "boolean"},
          {.name = "mute", .type = "boolean"},
          {.name = "inhibitConnectedLineUpdates", .type = "boolean"}},
         add_channel},
        {"POST",
         "/bridges/{bridgeId}/removeChannel",
         "removeChannel",
         "void",
         "Take channels out of a bridge",
         {bridge_id, members},
         remove_channel},
        {"POST",
         "/bridges/{bridgeId}/videoSource/{channelId}",
         "setVideoSource",
         "void",
         "Choose whose video all see",
         {bridge_id, {.in = In::path, .name = "channelId", .required = true}},
         set_video_source},
        {"DELETE",
         "/bridges/{bridgeId}/videoSource",
         "clearVideoSource",
         "void",
         "Let the talker's video be seen",
         {bridge_id},
         clear_video_source},
        {"POST",
         "/bridges/{bridgeId}/moh",
         "startMoh",
         "void",
         "Play hold music to a bridge",
         {bridge_id, {.name = "mohClass"}},
         start_bridge_moh},
        {"DELETE", "/bridges/{bridgeId}/moh", "stopMoh", "void", "End hold music", {bridge_id}, stop_bridge_moh},
        {"POST", "/bridges/{bridgeId}/play", "play", "Playback", "Play media to all in a bridge",
         play_parameters(bridge_id, false), play_to_bridge},
        {"POST", "/bridges/{bridgeId}/play/{playbackId}", "playWithId", "Playback",
         "Play media to all in a bridge, with an id of one's own", play_parameters(bridge_id, true), play_to_bridge},
        {"POST", "/bridges/{bridgeId}/record", "record", "LiveRecording", "Record what is said in a bridge",
         record_parameters(bridge_id), record_bridge},
    };
    return operations;
}

}  // namespace jackfield::ari
