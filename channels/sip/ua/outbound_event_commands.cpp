// CLI commands of our subscriptions and publications at other servers.
#include "channels/sip/ua/outbound_event_commands.hpp"

#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo outbound_subscriptions_info{.words = "pjsip show subscriptions outbound", .synopsis = "List our subscriptions at other servers",
                                                  .text = "Those of type=outbound-subscription, with the seconds until they are refreshed or tried again."};
constexpr CommandInfo outbound_publications_info{.words = "pjsip show publications outbound", .synopsis = "List states that we publish at other servers",
                                                 .text = "The hints that objects of type=outbound-publish tell, where, and with what success."};

}  // namespace

Result<void> add_outbound_event_commands(Module& module, OutboundSubscriptions& subscriptions, OutboundPublications& publications) {
    JF_TRY(module.add(outbound_publications_info, [&publications](Console& console, CommandWords) -> Result<void> {
        const auto all = publications.list();
        for (const auto& each : all)
            JF_TRY(console.print("Publication: {}\n  {}@{} at {}: {}{}\n", each.name, each.extension, each.context, each.uri, to_string(each.state),
                                 each.last_status ? fmt::format(" (last answer {})", each.last_status) : ""));
        return console.print("\n{} publications\n", all.size());
    }));
    return module.add(outbound_subscriptions_info, [&subscriptions](Console& console, CommandWords) -> Result<void> {
        const auto all = subscriptions.list();
        for (const SipSubscription& each : all)
            JF_TRY(console.print("Subscription: {}\n  Resource: {}/{}\n  Next: {:>8}  {}  {}\n", each.endpoint, each.resource, each.package, each.remaining.count(),
                                 each.state, each.call_id));
        return console.print("\n{} subscriptions\n", all.size());
    });
}

}  // namespace jackfield::sip
