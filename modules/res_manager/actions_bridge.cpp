// Bridge, BridgeList, BridgeInfo, BridgeDestroy, BridgeKick.
#include <array>

#include "core/bridge/bridge.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

Result<std::shared_ptr<Bridge>> bridge_of(const ManagerRequest& request) {
    const std::string id = JF_TRY(needed(request, "BridgeUniqueid"));
    auto bridge = Bridge::find(id);
    if (!bridge) return fail(ErrorCode::not_found, "Bridge not found");
    return bridge;
}

Result<void> list(const ManagerRequest& request, ManagerReply& reply) {
    const std::string type(request.get("BridgeType"));
    const auto bridges = Bridge::list();
    reply.begin_list("Bridge listing will follow");
    for (const auto& bridge : bridges) {
        if (!type.empty() && type != (bridge->kind() == BridgeKind::two_party ? "basic" : "base")) continue;
        ManagerFields fields;
        add_bridge(fields, *bridge);
        JF_TRY(reply.item("BridgeListItem", fields));
    }
    reply.end_list("BridgeListComplete");
    return {};
}

Result<void> info(const ManagerRequest& request, ManagerReply& reply) {
    const auto bridge = JF_TRY(bridge_of(request));
    const Server& server = static_cast<SessionReply&>(reply).server;
    std::vector<ManagerFields> members;
    for (Channel* channel : bridge->members()) add_channel(members.emplace_back(), server, *channel);
    reply.begin_list("Bridge channel listing will follow");
    for (const ManagerFields& member : members) JF_TRY(reply.item("BridgeInfoChannel", member));
    ManagerFields fields;
    add_bridge(fields, *bridge);
    reply.end_list("BridgeInfoComplete", fields);
    return {};
}

Result<void> destroy(const ManagerRequest& request, ManagerReply& reply) {
    JF_TRY(bridge_of(request))->dissolve();
    reply.success("Bridge has been destroyed");
    return {};
}

Result<void> kick(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    if (!channel.bridge()) return fail(ErrorCode::invalid, "Channel not in a bridge");
    if (!request.get("BridgeUniqueid").empty() && JF_TRY(bridge_of(request)).get() != channel.bridge())
        return fail(ErrorCode::invalid, "Channel is not in that bridge");
    JF_TRY(channel.bridge()->shared_from_this()->remove(channel));
    reply.success("Channel has been kicked");
    return {};
}

// A channel that runs an application leaves it for good, as after Redirect.
Result<void> bridge(const ManagerRequest& request, ManagerReply& reply) {
    const auto one = JF_TRY(channel_of(request, "Channel1")).get().share(), two = JF_TRY(channel_of(request, "Channel2")).get().share();
    if (one == two) return fail(ErrorCode::invalid, "A channel can't be bridged with itself");
    for (const auto& channel : {one, two})
        if (channel->hung_up() || channel->state() != ChannelState::up)
            return fail(ErrorCode::busy, "{} is not answered", channel->name());
    const auto made = Bridge::create(BridgeKind::two_party);
    // Both move before anybody wakes up.
    auto first = Custody::take(*one, "Bridge action"), second = Custody::take(*two, "Bridge action");
    JF_TRY(made->impart(std::move(first)));
    if (auto entered = made->impart(std::move(second)); !entered) {
        made->dissolve();
        return entered;
    }
    reply.success("Channels have been bridged");
    return {};
}

using namespace manager_class;
constexpr std::array all_bridge_actions{
    ActionEntry{{"Bridge", call, "Connect two channels with each other", "Channel1, Channel2: both leave what they do now."}, bridge},
    ActionEntry{{"BridgeList", none, "List the bridges", "BridgeType: basic or base; all when it is left out."}, list},
    ActionEntry{{"BridgeInfo", none, "List the channels of a bridge", "BridgeUniqueid. Lists its channels."}, info},
    ActionEntry{{"BridgeDestroy", system | call, "Dissolve a bridge", "BridgeUniqueid. Its channels leave it."}, destroy},
    ActionEntry{{"BridgeKick", system | call, "Take a channel out of its bridge", "Channel. BridgeUniqueid: only out of this one."}, kick},
};

}  // namespace

std::span<const ActionEntry> bridge_actions() { return all_bridge_actions; }

}  // namespace jackfield::manager
