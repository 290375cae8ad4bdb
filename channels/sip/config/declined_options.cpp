// Options of type=endpoint that Asterisk has and that mean nothing here, or whose subject is not here yet: each with the reason.
#include "channels/sip/config/object_options.hpp"

namespace jackfield::sip {
namespace {

using DeclinedOption = Option<EndpointSettings>;

// Only the value that changes nothing is taken.
DeclinedOption only(std::string_view name, std::string_view harmless, std::string_view what) {
    return {name,
            DeclinedOption::Parse([harmless = std::string(harmless), what = std::string(what)](EndpointSettings&, std::string_view value, const ConfigEntry&) -> Result<void> {
                if (equals_ignoring_case(value, harmless)) return {};
                const auto wanted = parse_bool(value), none = parse_bool(harmless);
                if (wanted && none && *wanted == *none) return {};
                return fail(ErrorCode::unsupported, "is not available yet ({}): write {} or leave it out", what, harmless);
            }),
            harmless, what};
}

}  // namespace

std::vector<DeclinedOption> declined_endpoint_table() {
    using O = DeclinedOption;
    return {
        only("g726_non_standard", "no", "G.726-32 packed as AAL2 under the name of the other"),
        only("t38_bind_udptl_to_media_address", "no", "T.38 fax"),
        only("t38_udptl_ipv6", "no", "T.38 fax"),
        only("send_aoc", "no", "advice of charge"),
        only("security_negotiation", "no", "security mechanism agreement, RFC 3329"),
        O::ignored("security_mechanisms", "it belongs to security_negotiation, which is not done"),
        O::ignored("fax_detect_timeout", "it belongs to fax_detect, which is not available yet"),
        O::ignored("record_on_feature", "recording features are not available yet"),
        O::ignored("record_off_feature", "recording features are not available yet"),
        O::ignored("incoming_call_offer_pref", "the endpoint's order is used"),
        O::ignored("outgoing_call_offer_pref", "the endpoint's order is used"),
        O::ignored("follow_redirect_methods", "messages are not sent on by a redirection"),
        O::ignored("tenantid", "channels have no tenant; set_var = name=value gives them a variable"),
        O::absent("stir_shaken_profile", "call attestation (STIR) is not available yet; remove the line"),
        O::absent("geoloc_incoming_call_profile", "geolocation (RFC 6442) is not available yet; remove the line"),
        O::absent("geoloc_outgoing_call_profile", "geolocation (RFC 6442) is not available yet; remove the line"),
    };
}

}  // namespace jackfield::sip
