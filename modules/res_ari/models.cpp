// Channels, bridges, endpoints and devices as the REST interface shows them.
#include "modules/res_ari/models.hpp"

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/channel/device_state.hpp"
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {
namespace {

JsonObject party(const PartyId& id) { return {{"name", to_json(id.name.text)}, {"number", to_json(id.number.text)}}; }

}  // namespace

JsonObject channel_json(const Ari& ari, Channel& channel) {
    JsonObject object;
    object["id"] = channel.unique_id();
    object["name"] = channel.name();
    object["state"] = to_json(to_string(channel.state()));
    std::string protocol_id;
    if (!channel.hung_up())
        if (auto call_id = channel.driver().property("callid")) protocol_id = *call_id;
    object["protocol_id"] = protocol_id;
    object["caller"] = party(channel.caller().id);
    object["connected"] = party(channel.connected().id);
    object["accountcode"] = channel.attributes().account_code;
    object["dialplan"] = JsonObject{{"context", to_json(channel.place().context)},
                                    {"exten", to_json(channel.place().extension)},
                                    {"priority", channel.place().priority},
                                    {"app_name", to_json(channel.application)},
                                    {"app_data", to_json(channel.application_arguments)}};
    object["creationtime"] = json_time(channel.created());
    object["language"] = channel.attributes().language;
    const auto& names = ari.settings().channel_variables;
    if (!names.empty()) {
        JsonObject variables;
        for (const std::string& name : names) variables[name] = channel.variable(name);
        object["channelvars"] = std::move(variables);
    }
    return object;
}

JsonObject bridge_json(const Ari& ari, Bridge& bridge) {
    const BridgeRecord* own = ari.find_bridge(bridge.id());
    JsonObject object;
    object["id"] = bridge.id();
    object["technology"] = technology_name(bridge.kind());
    object["bridge_type"] = bridge.kind() == BridgeKind::holding ? "holding" : "mixing";
    object["bridge_class"] = own ? "stasis" : "basic";
    object["creator"] = own ? "Stasis" : "";
    object["name"] = bridge.name();
    JsonArray members;
    for (const Channel* channel : bridge.members()) members.emplace_back(channel->unique_id());
    object["channels"] = std::move(members);
    object["creationtime"] = json_time(bridge.created());
    object["video_mode"] = "none";
    return object;
}

std::string_view endpoint_state(DeviceState state) {
    switch (state) {
        case DeviceState::unknown:
            return "unknown";
        case DeviceState::invalid:
        case DeviceState::unavailable:
            return "offline";
        default:
            return "online";
    }
}

Json endpoint_json(std::string_view technology, std::string_view resource) {
    auto* slot = channel_drivers().find(technology);
    if (!slot) return nullptr;
    const auto devices = (*slot->value)->devices();
    if (std::ranges::find(devices, resource) == devices.end()) return nullptr;
    const std::string device = fmt::format("{}/{}", slot->name, resource);
    JsonArray channels;
    for_each_channel_of(device, [&](Channel& channel) { channels.emplace_back(channel.unique_id()); });
    JsonObject object;
    object["technology"] = slot->name;
    object["resource"] = to_json(resource);
    object["state"] = to_json(endpoint_state(device_state(device)));
    object["channel_ids"] = std::move(channels);
    return object;
}

JsonObject device_json(std::string_view device) {
    return {{"name", to_json(device)}, {"state", to_json(to_string(device_state(device)))}};
}

}  // namespace jackfield::ari
