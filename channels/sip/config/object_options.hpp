// The option tables of pjsip.conf's objects.
#pragma once

#include "channels/sip/config/settings.hpp"
#include "core/config/options.hpp"

namespace jackfield::sip {

std::string subnet_list(const std::vector<Subnet>& subnets);  // with commas
const Options<EndpointSettings>& endpoint_options();
std::vector<Option<EndpointSettings>> declined_endpoint_table();  // the part of them that changes nothing
std::vector<Option<EndpointSettings>> media_transport_table();  // the part of them that is about DTLS and ICE
const Options<AclSettings>& acl_options();
const Options<AorSettings>& aor_options();
const Options<AuthSettings>& auth_options();
const Options<TransportSettings>& transport_options();
const Options<IdentifySettings>& identify_options();
const Options<PublicationSettings>& publication_options();
const Options<ExchangeSettings>& exchange_options();
const Options<ResourceListSettings>& resource_list_options();
const Options<RegistrationSettings>& registration_options();
const Options<OutboundPublicationSettings>& outbound_publication_options();
const Options<OutboundSubscriptionSettings>& outbound_subscription_options();
const Options<GlobalSettings>& global_options();
const Options<SystemSettings>& system_options();

// type=domain_alias: read, without effect.
struct DomainAliasSettings {
    std::string name;
};
const Options<DomainAliasSettings>& domain_alias_options();

// The differentiated services code point of a class ("ef", "cs3", "af41") or of the octet (0 to 255) that has it in its upper
// six bits. Errors: invalid.
Result<int> parse_type_of_service(std::string_view value);
const char* type_of_service_name(int code_point);  // "ef"; null: it has none

}  // namespace jackfield::sip
