// BridgeCreate, BridgeEnter, BridgeLeave, BridgeDestroy, BlindTransfer, AttendedTransfer.
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

void add_transfer(ManagerFields& fields, Server& server, const Transferred& event) {
    add_channel(fields, server, event.transferer, "OrigTransferer");
    if (event.bridge) add_bridge(fields, *event.bridge, "Orig");
    add_channel(fields, server, event.second_transferer ? *event.second_transferer : event.transferer, "SecondTransferer");
    if (event.second_bridge) add_bridge(fields, *event.second_bridge, "Second");
    if (event.result != TransferResult::success)
        fields.add("DestType", "Fail");
    else if (!event.application.empty())
        fields.add("DestType", "App").add("DestApp", event.application);
    else if (event.bridge)
        fields.add("DestType", "Bridge").add("DestBridgeUniqueid", event.bridge->id());
    if (event.transferee) add_channel(fields, server, *event.transferee, "Transferee");
    if (event.target) add_channel(fields, server, *event.target, "TransferTarget");
    fields.add("IsExternal", "No");
}

void tell_transfer(Server& server, const Transferred& event) {
    ManagerFields fields;
    fields.add("Result", result_name(event.result));
    if (event.attended) {
        add_transfer(fields, server, event);
    } else {
        add_channel(fields, server, event.transferer, "Transferer");
        if (event.transferee) add_channel(fields, server, *event.transferee, "Transferee");
        if (event.bridge) add_bridge(fields, *event.bridge);
        fields.add("IsExternal", "No").add("Context", event.context).add("Extension", event.extension);
    }
    server.publish(event.attended ? "AttendedTransfer" : "BlindTransfer", manager_class::call, fields);
}

void tell_optimization(Server& server, const LocalOptimized& event) {
    const bool in_order = event.one.name().ends_with(";1");
    ManagerFields fields;
    add_channel(fields, server, in_order ? event.one : event.two, "LocalOne");
    add_channel(fields, server, in_order ? event.two : event.one, "LocalTwo");
    if (event.done) {
        fields.add("Success", event.success ? "Yes" : "No");
    } else if (Bridge* const left = event.two.bridge()) {
        // Who stood at the far half moves into the bridge of the near one.
        for (Channel* const member : left->members()) {
            if (member == &event.two) continue;
            add_channel(fields, server, *member, "Source");
            break;
        }
        if (event.one.bridge()) fields.add("DestUniqueId", event.one.bridge()->id());
    }
    fields.add("Id", event.one.id().number);
    server.publish(event.done ? "LocalOptimizationEnd" : "LocalOptimizationBegin", manager_class::call, fields);
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
    list.push_back(subscribe<BridgeLeft>([publish](const BridgeLeft& event) { publish("BridgeLeave", event.bridge, &event.channel); }));
    list.push_back(subscribe<BridgesMerged>([&server](const BridgesMerged& event) {
        ManagerFields fields;
        add_bridge(fields, event.to, "To");
        add_bridge(fields, event.from, "From");
        server.publish("BridgeMerge", manager_class::call, fields);
    }));
    list.push_back(subscribe<LocalOptimized>([&server](const LocalOptimized& event) { tell_optimization(server, event); }));
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
