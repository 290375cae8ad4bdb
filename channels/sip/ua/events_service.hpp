// What chan_sip offers other modules of events.
#pragma once

#include "channels/sip/sip_events.hpp"
#include "channels/sip/ua/contact_requests.hpp"
#include "channels/sip/ua/messaging.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "channels/sip/ua/outbound_subscriptions.hpp"
#include "channels/sip/ua/registrar.hpp"

namespace jackfield::sip {

class EventsService final : public SipEvents {
  public:
    EventsService(UserAgent& agent, Registrar& registrar, Notifier& notifier, ContactRequests& requests, OutboundSubscriptions& outbound,
                  Messaging& messaging)
        : agent_(agent), registrar_(registrar), notifier_(notifier), requests_(requests), outbound_(outbound), messaging_(messaging) {}
    std::vector<SipSubscription> inbound_subscriptions() const override { return notifier_.list(); }
    std::vector<SipSubscription> outbound_subscriptions() const override { return outbound_.list(); }
    std::vector<SipResourceList> resource_lists() const override;
    std::vector<std::string> endpoints() const override;
    Result<void> notify_endpoint(std::string_view endpoint, const Notify& notify) override;
    Result<void> notify_channel(std::string_view channel, const Notify& notify) override;
    Result<void> refer(const Refer& refer, std::string_view destination) override { return messaging_.refer(refer, destination); }

  private:
    UserAgent& agent_;
    Registrar& registrar_;
    Notifier& notifier_;
    ContactRequests& requests_;
    OutboundSubscriptions& outbound_;
    Messaging& messaging_;
};

}  // namespace jackfield::sip
