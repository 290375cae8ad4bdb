// The option tables of pjsip.conf's objects.
#pragma once

#include "channels/sip/config/settings.hpp"
#include "core/config/options.hpp"

namespace jackfield::sip {

std::string subnet_list(const std::vector<Subnet>& subnets);  // with commas
const Options<EndpointSettings>& endpoint_options();
std::vector<Option<EndpointSettings>> media_transport_table();  // the part of them that is about DTLS and ICE
const Options<AorSettings>& aor_options();
const Options<AuthSettings>& auth_options();
const Options<TransportSettings>& transport_options();
const Options<IdentifySettings>& identify_options();
const Options<PublicationSettings>& publication_options();
const Options<ResourceListSettings>& resource_list_options();
const Options<RegistrationSettings>& registration_options();
const Options<GlobalSettings>& global_options();
const Options<SystemSettings>& system_options();

}  // namespace jackfield::sip
