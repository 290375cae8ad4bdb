// The options of type=registration.
#include "channels/sip/config/object_options.hpp"

namespace jackfield::sip {

const Options<RegistrationSettings>& registration_options() {
    using namespace std::chrono_literals;
    using R = RegistrationSettings;
    using O = Option<R>;
    constexpr auto day = 86400s;
    static const Options<R> options{
        {"server_uri", &R::server_uri, "", "The registrar, a SIP URI; its host is looked up by SRV when it has no port"},
        {"client_uri", &R::client_uri, "", "Who registers there: the address of record, a SIP URI"},
        {"contact_user", &R::contact_user, "s", "User part of our contact, and so the extension of calls to it"},
        {"contact_header_params", &R::contact_header_params, "", "Parameters of the Contact header, for instance q=0.5"},
        {"expiration", &R::expiration, 3600s, Range{1s, 7 * day}, "Expiry asked for; it is renewed a tenth of it before its end, at most 40 s"},
        {"retry_interval", &R::retry_interval, 60s, Range{0s, day}, "After no answer, 408, 480, 486, 500, 502 to 504 or 600; Retry-After goes before"},
        {"forbidden_retry_interval", &R::forbidden_retry_interval, 0s, Range{0s, day}, "After 403; 0: as after other refusals"},
        {"fatal_retry_interval", &R::fatal_retry_interval, 0s, Range{0s, day}, "After any other refusal; 0: it is not tried again"},
        {"max_retries", &R::max_retries, 10, Range{0, 1000000000}, "Failures in a row that are tried again"},
        {"max_random_initial_delay", &R::max_random_initial_delay, 10s, Range{0s, day}, "The first tries are spread over this time"},
        {"auth_rejection_permanent", &R::auth_rejection_permanent, true, "After wrong credentials it is not tried again until a reload"},
        {"outbound_auth", &R::outbound_auth, {}, "auth objects that answer its challenges"},
        {"outbound_proxy", &R::outbound_proxy, "", "Full SIP URI of the proxy for its requests, usually with ;lr"},
        {"transport", &R::transport, "", "Transport for its requests; empty: one that fits the address"},
        {"line", &R::line, false, "Our contact bears a secret: calls to it are from `endpoint`, wherever they come from"},
        {"endpoint", &R::endpoint, "", "The endpoint of such calls; its own calls and messages go by the Service-Route that the registrar names (RFC 3608)"},
        {"support_path", &R::support_path, false, "Say that Path (RFC 3327) is understood"},
        {"support_outbound", &R::support_outbound, false, "Register as RFC 5626 has it: +sip.instance, reg-id, Supported: outbound, gruu; a connection is kept alive as Flow-Timer says, and one that failed is made again "
         "after half of retry_interval doubled by each failure (three times as late when another reg_id works), at most 30 minutes, by chance 50 to 100 % of that"},
        {"reg_id", &R::reg_id, 1, Range{1, 1000}, "With support_outbound: number of this flow; registrations of one client_uri by several proxies have different ones"},
        {"user_agent", &R::user_agent, "", "User-Agent of its requests; empty: that of type=global"},
        {"security_negotiation",
         O::Parse([](R&, std::string_view value, const ConfigEntry&) -> Result<void> {
             if (equals_ignoring_case(value, "no")) return {};
             return fail(ErrorCode::unsupported, "'{}' is not available; write no", value);
         }),
         "no", "Security mechanism agreement is not done"},
        O::ignored("security_mechanisms", "it belongs to security_negotiation, which is not done"),
    };
    return options;
}

}  // namespace jackfield::sip
