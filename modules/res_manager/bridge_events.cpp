// BridgeCreate, BridgeEnter, BridgeLeave, BridgeDestroy, BlindTransfer, AttendedTransfer.
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

void tell_transfer(Server& server, const Transferred& event) {
    ManagerFields fields;
    fields.add("Result", result_name(event.result));
    add_channel(fields, server, event.transferer, event.attended ? "OrigTransferer" : "Transferer");
    if (event.transferee) add_channel(fields, server, *event.transferee, "Transferee");
    if (event.attended) {
        fields.add("IsExternal", "No");
    } else {
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
    std::vector<Subscription> list;
    list.push_back(subscribe<BridgeCreated>(
        [publish](const BridgeCreated& event) { publish("BridgeCreate", event.bridge, nullptr); }));
    list.push_back(subscribe<BridgeDestroyed>(
        [publish](const BridgeDestroyed& event) { publish("BridgeDestroy", event.bridge, nullptr); }));
    list.push_back(subscribe<BridgeEntered>(
        [publish](const BridgeEntered& event) { publish("BridgeEnter", event.bridge, &event.channel); }));
    list.push_back(subscribe<BridgeLeft>(
        [publish](const BridgeLeft& event) { publish("BridgeLeave", event.bridge, &event.channel); }));
    list.push_back(subscribe<Transferred>([&server](const Transferred& event) { tell_transfer(server, event); }));
    return list;
}

}  // namespace

Result<void> add_bridge_events(Module& module, Server& server) {
    module.keep(JF_TRY(
        server.add(module, ManagerEventSource{manager_class::call, [&server] { return watch_bridges(server); }})));
    return {};
}

}  // namespace jackfield::manager
