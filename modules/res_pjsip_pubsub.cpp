// res_pjsip_pubsub: what managers see of SIP subscriptions and resource lists.
#include "channels/sip/sip_events.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

constexpr ManagerActionInfo inbound_info{"PJSIPShowSubscriptionsInbound", manager_class::system | manager_class::reporting, "Subscriptions to our events",
                                         "One InboundSubscriptionDetail for each."};
constexpr ManagerActionInfo outbound_info{"PJSIPShowSubscriptionsOutbound", manager_class::system | manager_class::reporting, "Subscriptions of ours",
                                          "One OutboundSubscriptionDetail for each; Endpoint is the name of its type=outbound-subscription."};
constexpr ManagerActionInfo lists_info{"PJSIPShowResourceLists", manager_class::system | manager_class::reporting, "Resource lists",
                                       "One ResourceListDetail for each type=resource_list."};

// As Asterisk calls the kinds of its subscriptions.
std::string_view kind_of(const SipSubscription& subscription) {
    if (subscription.list) return "resource_list";
    return subscription.package == "message-summary" ? "mwi" : "extension_state";
}

Result<void> show_inbound(const ManagerRequest&, ManagerReply& reply) {
    const auto all = JF_TRY(find_service<SipEvents>())->inbound_subscriptions();
    reply.begin_list("Following are Events for each inbound Subscription");
    for (const SipSubscription& each : all) {
        ManagerFields fields;
        fields.add("Role", "Notifier").add("Endpoint", each.endpoint).add("Callid", each.call_id).add("State", each.state);
        fields.add("Callerid", each.subscriber).add("SubscriptionType", kind_of(each)).add("Event", each.package);
        fields.add(each.package == "message-summary" ? "Mailboxes" : "Extension", each.resource).add("Expiry", each.remaining.count());
        JF_TRY(reply.item("InboundSubscriptionDetail", fields));
    }
    reply.end_list("InboundSubscriptionDetailComplete");
    return {};
}

Result<void> show_outbound(const ManagerRequest&, ManagerReply& reply) {
    const auto all = JF_TRY(find_service<SipEvents>())->outbound_subscriptions();
    reply.begin_list("Following are Events for each outbound Subscription");
    for (const SipSubscription& each : all) {
        ManagerFields fields;
        fields.add("Role", "Subscriber").add("Endpoint", each.endpoint).add("Callid", each.call_id).add("State", each.state);
        fields.add("Callerid", each.subscriber).add("SubscriptionType", each.package);
        fields.add("Resource", each.resource).add("Expiry", each.remaining.count());
        JF_TRY(reply.item("OutboundSubscriptionDetail", fields));
    }
    reply.end_list("OutboundSubscriptionDetailComplete");
    return {};
}

Result<void> show_lists(const ManagerRequest&, ManagerReply& reply) {
    const auto all = JF_TRY(find_service<SipEvents>())->resource_lists();
    reply.begin_list("A listing of resource lists follows, presented as ResourceListDetail events");
    for (const SipResourceList& each : all) {
        ManagerFields fields;
        fields.add("ObjectType", "resource_list").add("ObjectName", each.name).add("Event", each.event).add("ListItem", each.items);
        fields.add("FullState", each.full_state ? "true" : "false").add("NotificationBatchInterval", each.notification_batch_interval.count());
        fields.add("ResourceDisplayName", each.resource_display_name ? "true" : "false");
        JF_TRY(reply.item("ResourceListDetail", fields));
    }
    reply.end_list("ResourceListDetailComplete");
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(inbound_info, show_inbound));
    JF_TRY(module.add(outbound_info, show_outbound));
    return module.add(lists_info, show_lists);
}

}  // namespace

JACKFIELD_MODULE("res_pjsip_pubsub", "SIP subscriptions for managers", load, "chan_sip")
