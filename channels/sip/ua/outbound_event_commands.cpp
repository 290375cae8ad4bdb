// CLI commands of our subscriptions at other servers.
#include "channels/sip/ua/outbound_event_commands.hpp"

#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo outbound_subscriptions_info{.words = "pjsip show subscriptions outbound", .synopsis = "List our subscriptions at other servers",
                                                  .text = "Those of type=outbound-subscription, with the seconds until they are refreshed or tried again."};

}  // namespace

Result<void> add_outbound_event_commands(Module& module, OutboundSubscriptions& subscriptions) {
    return module.add(outbound_subscriptions_info, [&subscriptions](Console& console, CommandWords) -> Result<void> {
        const auto all = subscriptions.list();
        for (const SipSubscription& each : all)
            JF_TRY(console.print("Subscription: {}\n  Resource: {}/{}\n  Next: {:>8}  {}  {}\n", each.endpoint, each.resource, each.package, each.remaining.count(),
                                 each.state, each.call_id));
        return console.print("\n{} subscriptions\n", all.size());
    });
}

}  // namespace jackfield::sip
