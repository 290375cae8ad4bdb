// The options of type=outbound-subscription and type=outbound-publish.
#include "channels/sip/config/object_options.hpp"

namespace jackfield::sip {

const Options<OutboundSubscriptionSettings>& outbound_subscription_options() {
    using namespace std::chrono_literals;
    using S = OutboundSubscriptionSettings;
    static const Options<S> options{
        {"server_uri", &S::server_uri, "", "What is subscribed to, at which server: sip:6001@branch.example; a host without a port is looked up by SRV"},
        {"event", &S::event, "", "message-summary sets `mailbox`; presence and dialog make the device and presence state Remote:NAME, for hints and DEVICE_STATE()"},
        {"mailbox", &S::mailbox, "", "With message-summary: the mailbox (box@context) whose counts are told"},
        {"from_uri", &S::from_uri, "", "Who subscribes, a SIP URI; empty: server_uri"},
        {"to_uri", &S::to_uri, "", "The To header's URI; empty: server_uri"},
        {"contact_user", &S::contact_user, "", "User part of our Contact"},
        {"expiration", &S::expiration, 3600s, Range{10s, 604800s}, "Duration asked for; it is refreshed a tenth of it before its end, at most 40 s"},
        {"retry_interval", &S::retry_interval, 60s, Range{1s, 86400s}, "After no answer, a refusal that may pass, or an end; Retry-After goes before"},
        {"outbound_auth", &S::outbound_auth, {}, "auth objects that answer the server's challenges"},
        {"outbound_proxy", &S::outbound_proxy, "", "Full SIP URI of the proxy for its requests, usually with ;lr"},
        {"transport", &S::transport, "", "Transport for its requests; empty: one that fits the address"},
    };
    return options;
}

}  // namespace jackfield::sip
