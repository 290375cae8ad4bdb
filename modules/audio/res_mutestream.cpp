// MUTEAUDIO and the manager's MuteAudio: silence instead of a channel's audio.
#include <algorithm>

#include "core/channel/per_channel.hpp"
#include "core/sdk.hpp"
#include "modules/audio/directions.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "MUTEAUDIO",
    .syntax = "MUTEAUDIO(direction)",
    .synopsis = "Silence instead of a channel's audio",
    .text = "Set(MUTEAUDIO(in)=true): `in` is what comes from the channel, `out` what goes to it, `all` both; false ends it. Media "
            "flows on, with silence in it. Recordings and spies hear the silence too; a whisper is heard in spite of it."};
constexpr ManagerActionInfo action{
    "MuteAudio", manager_class::system, "Silence instead of a channel's audio",
    "Channel; Direction: in (what comes from it), out (what goes to it), all; State: on or off."};

class Silence final : public AudioProcessor {
  public:
    explicit Silence(Direction direction) : AudioProcessor(direction, mute) {}
    void process(std::span<std::int16_t> audio, Direction) override { std::ranges::fill(audio, std::int16_t{0}); }
};

Result<Directions> parse_mute(std::string_view text) {
    text = trim(text);
    if (equals_ignoring_case(text, "in")) return Directions{.rx = true};
    if (equals_ignoring_case(text, "out")) return Directions{.tx = true};
    if (equals_ignoring_case(text, "all")) return Directions{.rx = true, .tx = true};
    return fail(ErrorCode::invalid, "the direction is in (from the channel), out (to it) or all, not '{}'", text);
}

void set(PerChannel<Added>& kept, Channel& channel, Directions directions, bool on) {
    Added& added = kept.of(channel);
    const auto silence = [&](std::unique_ptr<MediaStream::Attached>& place, AudioProcessor::Direction direction) {
        if (!on)
            place.reset();
        else if (!place)
            place = channel.media().add(std::make_unique<Silence>(direction));
    };
    if (directions.rx) silence(added.rx, AudioProcessor::Direction::read);
    if (directions.tx) silence(added.tx, AudioProcessor::Direction::write);
    if (added.empty()) kept.erase(channel);
}

Result<void> by_function(PerChannel<Added>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "MUTEAUDIO"));
    const Directions directions = JF_TRY(parse_mute(arguments[0]));
    const auto on = parse_bool(trim(value));
    if (!on) return fail(ErrorCode::invalid, "MUTEAUDIO({}): write true or false, not '{}'", arguments[0], value);
    set(kept, *channel, directions, *on);
    return {};
}

Result<void> by_manager(PerChannel<Added>& kept, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Channel").empty()) return fail(ErrorCode::invalid, "Channel not specified");
    if (request.get("State").empty()) return fail(ErrorCode::invalid, "State not specified");
    if (request.get("Direction").empty()) return fail(ErrorCode::invalid, "Direction not specified");
    Channel* channel = find_channel(request.get("Channel"));
    if (!channel || channel->ended()) return fail(ErrorCode::not_found, "Channel not found");
    const auto on = parse_bool(request.get("State"));
    if (!on) return fail(ErrorCode::invalid, "State is on or off, not '{}'", request.get("State"));
    const Directions directions = JF_TRY(parse_mute(request.get("Direction")));
    set(kept, *channel, directions, *on);
    reply.respond("Success", {});
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Added>>();
    JF_TRY(module.add(action, [&kept](const ManagerRequest& request, ManagerReply& reply) {
        return by_manager(kept, request, reply);
    }));
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return by_function(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("res_mutestream", "Silence instead of a channel's audio", load)
