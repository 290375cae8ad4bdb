// BridgeCreate, BridgeEnter, BridgeLeave, BridgeDestroy, BlindTransfer, AttendedTransfer.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "modules/res_manager/channel_events.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

std::string_view result_name(TransferResult result) {
    switch (result) {
        case TransferResult::success: return "Success";
        case TransferResult::not_permitted: return "Not Permitted";
        case TransferResult::invalid: return "Invalid";
        default: return "Fail";
    }
}

// A transferer has left its bridge when its transfer is told, so the bridges left last are remembered.
class LeftBridges {
  public:
    void left(Channel& channel, Bridge& bridge) {
        if (places_.size() >= most) places_.erase(places_.begin());
        places_.emplace_back(channel.id(), BridgeSnapshot(bridge));
    }
    // Where the channel is, or was last.
    std::optional<BridgeSnapshot> of(Channel& channel) const {
        if (Bridge* bridge = channel.bridge()) return BridgeSnapshot(*bridge);
        for (auto place = places_.rbegin(); place != places_.rend(); ++place)
            if (place->first == channel.id()) return place->second;
        return {};
    }
    void forget() { places_.clear(); }

  private:
    static constexpr std::size_t most = 8;
    std::vector<std::pair<ChannelId, BridgeSnapshot>> places_;
};

void tell_transfer(Server& server, const Transferred& event, const LeftBridges& bridges) {
    ManagerFields fields;
    const auto bridge = bridges.of(event.transferer);
    fields.add("Result", result_name(event.result));
    if (event.attended) {
        add_channel(fields, server, event.transferer, "OrigTransferer");
        if (bridge) add_bridge(fields, *bridge, "Orig");
        if (event.transferee) add_channel(fields, server, *event.transferee, "Transferee");
        fields.add("IsExternal", "No");
        if (bridge) fields.add("DestType", "Bridge").add("DestBridgeUniqueid", bridge->id);
    } else {
        add_channel(fields, server, event.transferer, "Transferer");
        if (event.transferee) add_channel(fields, server, *event.transferee, "Transferee");
        if (bridge) add_bridge(fields, *bridge);
        fields.add("IsExternal", "No").add("Context", event.context).add("Extension", event.extension);
    }
    server.publish(event.attended ? "AttendedTransfer" : "BlindTransfer", manager_class::call, fields);
}

std::vector<Subscription> watch_bridges(Server& server) {
    const auto publish = [&server](std::string_view name, Bridge& bridge, Channel* channel) {
        ManagerFields fields;
        add_bridge(fields, bridge);
        if (channel) add_channel(fields, server, *channel);
        server.publish(name, manager_class::call, fields);
    };
    const auto left = std::make_shared<LeftBridges>();
    std::vector<Subscription> list;
    list.push_back(subscribe<BridgeCreated>(
        [publish](const BridgeCreated& event) { publish("BridgeCreate", event.bridge, nullptr); }));
    list.push_back(subscribe<BridgeDestroyed>(
        [publish](const BridgeDestroyed& event) { publish("BridgeDestroy", event.bridge, nullptr); }));
    list.push_back(subscribe<BridgeEntered>(
        [publish](const BridgeEntered& event) { publish("BridgeEnter", event.bridge, &event.channel); }));
    list.push_back(subscribe<BridgeLeft>([publish, left](const BridgeLeft& event) {
        if (event.reason == LeaveReason::transferred) left->left(event.channel, event.bridge);
        publish("BridgeLeave", event.bridge, &event.channel);
    }));
    list.push_back(subscribe<BridgesMerged>([&server](const BridgesMerged& event) {
        ManagerFields fields;
        add_bridge(fields, event.to, "To");
        add_bridge(fields, event.from, "From");
        server.publish("BridgeMerge", manager_class::call, fields);
    }));
    list.push_back(subscribe<LocalOptimized>([&server](const LocalOptimized& event) {
        ManagerFields fields;
        add_channel(fields, server, event.one, "LocalOne");
        add_channel(fields, server, event.two, "LocalTwo");
        if (event.done) fields.add("Success", event.success ? "Yes" : "No");
        fields.add("Id", event.one.id().number);
        server.publish(event.done ? "LocalOptimizationEnd" : "LocalOptimizationBegin", manager_class::call, fields);
    }));
    list.push_back(subscribe<Transferred>([&server, left](const Transferred& event) {
        tell_transfer(server, event, *left);
        left->forget();
    }));
    return list;
}

}  // namespace

Result<void> add_bridge_events(Module& module, Server& server) {
    module.keep(JF_TRY(
        server.add(module, ManagerEventSource{manager_class::call, [&server] { return watch_bridges(server); }})));
    return {};
}

}  // namespace jackfield::manager
