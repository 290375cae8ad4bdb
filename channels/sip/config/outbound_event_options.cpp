// The options of type=outbound-subscription and type=outbound-publish.
#include "channels/sip/config/object_options.hpp"
#include "core/dialplan/expression_regex.hpp"

namespace jackfield::sip {
namespace {

Option<OutboundPublicationSettings> pattern(std::string_view name, std::string OutboundPublicationSettings::*member, std::string_view text) {
    using P = OutboundPublicationSettings;
    return {name, Option<P>::Parse([member](P& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                if (auto tried = match_posix({}, value, false); !tried)
                    return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", value, tried.error().text);
                settings.*member = value;
                return {};
            }),
            "", text, [member](const P& settings) { return settings.*member; }};
}

}  // namespace

const Options<ExchangeSettings>& exchange_options() {
    using E = ExchangeSettings;
    const auto filter = [](std::string_view name, std::string E::*member, std::string_view text) {
        return Option<E>{name, Option<E>::Parse([member](E& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                             if (auto tried = match_posix({}, value, false); !tried)
                                 return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", value, tried.error().text);
                             settings.*member = value;
                             return {};
                         }),
                         "", text, [member](const E& settings) { return settings.*member; }};
    };
    static const Options<E> options{
        {"devicestate_publish", &E::devicestate_publish, "", "The outbound-publish (event = asterisk-devicestate) that tells our device states"},
        {"mailboxstate_publish", &E::mailboxstate_publish, "", "The outbound-publish (event = asterisk-mwi) that tells our mailbox states"},
        {"device_state", &E::device_state, false, "Device states are told and taken"},
        filter("device_state_filter", &E::device_state_filter, "Devices that this regular expression matches are told and taken; empty: all"),
        {"mailbox_state", &E::mailbox_state, false, "Mailbox states are told and taken"},
        filter("mailbox_state_filter", &E::mailbox_state_filter, "The same of mailboxes (box@context)"),
    };
    return options;
}

const Options<OutboundPublicationSettings>& outbound_publication_options() {
    using namespace std::chrono_literals;
    using P = OutboundPublicationSettings;
    static const Options<P> options{
        {"server_uri", &P::server_uri, "", "Where states are published, a SIP URI; a host without a port is looked up by SRV"},
        {"event", &P::event, "", "presence or dialog: what is published of hints; asterisk-devicestate or asterisk-mwi: what an asterisk-publication tells"},
        {"multi_user", &P::multi_user, false, "The user part of the URIs is the hint's extension; no: all go to server_uri as it is written"},
        pattern("@context", &P::context, "Hints of contexts that this regular expression matches; empty: of all"),
        pattern("@exten", &P::extension, "Hints of extensions that this regular expression matches; empty: of all"),
        {"@body", &P::body, "", "Content type: application/pidf+xml, application/xpidf+xml or application/dialog-info+xml; empty: the event's first"},
        {"from_uri", &P::from_uri, "", "The From header's URI; empty: server_uri"},
        {"to_uri", &P::to_uri, "", "The To header's URI; empty: server_uri"},
        {"expiration", &P::expiration, 3600s, Range{10s, 604800s}, "Duration asked for; it is refreshed a tenth of it before its end, at most 40 s"},
        {"max_auth_attempts", &P::max_auth_attempts, 5, Range{1, 20}, "Challenges of one PUBLISH that are answered"},
        {"outbound_auth", &P::outbound_auth, {}, "auth objects that answer the server's challenges"},
        {"outbound_proxy", &P::outbound_proxy, "", "Full SIP URI of the proxy for its requests, usually with ;lr"},
        {"transport", &P::transport, "", "Transport for its requests; empty: one that fits the address"},
    };
    return options;
}

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
