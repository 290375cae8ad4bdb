// All objects of pjsip.conf together: read whole, checked whole, then an immutable snapshot.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/config/settings.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield::sip {

template <class T>
using ByName = std::unordered_map<std::string, std::shared_ptr<const T>, StringHash, std::equal_to<>>;

// Immutable once read; any thread. Calls keep the shared objects that they began with.
struct ObjectSet {
    ByName<EndpointSettings> endpoints;
    ByName<AorSettings> aors;
    ByName<AuthSettings> auths;
    ByName<TransportSettings> transports;
    ByName<IdentifySettings> identifies;
    ByName<PublicationSettings> publications;
    ByName<ExchangeSettings> exchanges;
    ByName<ResourceListSettings> resource_lists;
    ByName<AclSettings> acls;
    ByName<RegistrationSettings> registrations;
    ByName<OutboundSubscriptionSettings> outbound_subscriptions;
    ByName<OutboundPublicationSettings> outbound_publications;
    std::vector<std::shared_ptr<const AorSettings>> aors_with_contacts;  // those that need no registration
    GlobalSettings global;
    SystemSettings system;

    std::shared_ptr<const EndpointSettings> endpoint(std::string_view name) const;
    std::shared_ptr<const AorSettings> aor(std::string_view name) const;
    std::shared_ptr<const AuthSettings> auth(std::string_view name) const;
    std::shared_ptr<const TransportSettings> transport(std::string_view name) const;
    std::shared_ptr<const ResourceListSettings> resource_list(std::string_view name) const;
    std::shared_ptr<const PublicationSettings> publication(std::string_view name) const;
};

// Pure; runs in the pool at a reload. Wrong values, unknown keys, missing references become findings with file and line.
std::shared_ptr<const ObjectSet> read_objects(const ConfigFile& file, Diagnostics& findings);

// The commented options of every object type, for the sample file.
std::string object_samples();

}  // namespace jackfield::sip
