// MESSAGE outside of dialogs (RFC 3428): into the dialplan, and out of it; and REFER outside of dialogs (RFC 3515), out of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/sip_events.hpp"
#include "channels/sip/ua/registrar.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/text_message.hpp"

namespace jackfield::sip {

// Control thread. Destinations: ENDPOINT, ENDPOINT/URI, USER@ENDPOINT, and a SIP URI, for which default_outbound_endpoint of
// type=global stands.
class Messaging final : public TextMessageSender {
  public:
    Messaging(UserAgent& agent, Registrar& registrar);
    Result<void> send(const TextMessage& message, std::string_view destination) override;
    Result<void> refer(const SipEvents::Refer& refer, std::string_view destination);  // see SipEvents
    // By which routes requests of an endpoint go to contacts that are not registered here (RFC 3608).
    std::function<std::vector<std::string>(const std::string& endpoint)> service_routes;

  private:
    class Outgoing;
    void on_message(IncomingRequest& request, const EndpointSettings& endpoint);

    UserAgent& agent_;
    Registrar& registrar_;
};

}  // namespace jackfield::sip
