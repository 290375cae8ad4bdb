// sip_manager - SIP's manager actions (PJSIPShow..., PJSIPQualify, PJSIPRegister, ...) and events (Registry, ContactStatus).
#include <array>

#include "channels/sip/sip_management.hpp"
#include "core/module/module.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

using Sip = SipManagement;
using Names = std::vector<std::string> (Sip::*)() const;
using Show = Sip::Records (Sip::*)(std::string_view name) const;

constexpr ManagerClasses system_class = manager_class::system | manager_class::reporting;

ManagerFields fields_of(const Sip::Record& record) {
    ManagerFields fields;
    for (const auto& [name, value] : record.fields) fields.add(name, value);
    return fields;
}

Result<void> send(ManagerReply& reply, const Sip::Records& records) {
    for (const Sip::Record& record : records) JF_TRY(reply.item(record.event, fields_of(record)));
    return {};
}

// A list of all objects of one kind.
struct ListAction {
    ManagerActionInfo info;
    Names names;
    Show show;
    std::string_view following, nothing;  // messages
    void (*end)(ManagerReply& reply);
};
constexpr std::array<ListAction, 6> lists{{
    {{"PJSIPShowEndpoints", system_class, "List the SIP endpoints", "No fields. An EndpointList event for each, then EndpointListComplete."},
     &Sip::endpoint_names, &Sip::endpoint_list, "A listing of Endpoints follows, presented as EndpointList events", "No endpoints found",
     [](ManagerReply& reply) { reply.end_list("EndpointListComplete"); }},
    {{"PJSIPShowAors", system_class, "List the addresses of record", "No fields. An AorList event for each, then AorListComplete."},
     &Sip::aor_names, &Sip::aor_list, "A listing of AORs follows, presented as AorList events", "No AORs found",
     [](ManagerReply& reply) { reply.end_list("AorListComplete"); }},
    {{"PJSIPShowAuths", system_class, "List the auth objects", "No fields. An AuthList event for each, without its secrets, then AuthListComplete."},
     &Sip::auth_names, &Sip::auth_list, "A listing of Auths follows, presented as AuthList events", "No Auths found",
     [](ManagerReply& reply) { reply.end_list("AuthListComplete"); }},
    {{"PJSIPShowContacts", system_class, "List the contacts", "No fields. A ContactList event for each, then ContactListComplete."},
     &Sip::aor_names, &Sip::contact_list, "A listing of Contacts follows, presented as ContactList events", "No Contacts found",
     [](ManagerReply& reply) { reply.end_list("ContactListComplete"); }},
    {{"PJSIPShowRegistrationsInbound", system_class, "List the addresses of record that may register",
      "No fields. An InboundRegistrationDetail event for each, then InboundRegistrationDetailComplete."},
     &Sip::aor_names, &Sip::inbound_registration, "Following are Events for each inbound registration", "",
     [](ManagerReply& reply) { reply.end_list("InboundRegistrationDetailComplete"); }},
    {{"PJSIPShowRegistrationInboundContactStatuses", system_class, "List the states of all contacts",
      "No fields. A ContactStatusDetail event for each, then ContactStatusDetailComplete."},
     &Sip::aor_names, &Sip::contact_statuses, "Following are Events for each Inbound registration", "",
     [](ManagerReply& reply) { reply.end_list("ContactStatusDetailComplete"); }},
}};

Result<void> run_list(const ListAction& action, Sip& sip, ManagerReply& reply) {
    const auto names = (sip.*action.names)();
    if (names.empty() && !action.nothing.empty()) return fail(ErrorCode::not_found, "{}", action.nothing);
    reply.begin_list(action.following);
    for (const std::string& name : names) JF_TRY(send(reply, (sip.*action.show)(name)));
    action.end(reply);
    return {};
}

constexpr ManagerActionInfo endpoint_info{"PJSIPShowEndpoint", system_class, "Show one SIP endpoint with all that belongs to it",
                                          "Endpoint. EndpointDetail, AorDetail, ContactStatusDetail, AuthDetail, TransportDetail, IdentifyDetail "
                                          "events, then EndpointDetailComplete."};
Result<void> show_endpoint(Sip& sip, const ManagerRequest& request, ManagerReply& reply) {
    const std::string_view name = request.get("Endpoint");
    if (name.empty()) return fail(ErrorCode::invalid, "Endpoint parameter missing");
    const auto records = sip.endpoint_details(name);
    if (records.empty()) return fail(ErrorCode::not_found, "Unable to retrieve endpoint {}", name);
    reply.begin_list("Following are Events for each object associated with the Endpoint");
    JF_TRY(send(reply, records));
    reply.end_list("EndpointDetailComplete");
    return {};
}

constexpr ManagerActionInfo outbound_info{"PJSIPShowRegistrationsOutbound", system_class, "List our registrations at other registrars",
                                          "No fields. An OutboundRegistrationDetail and the AuthDetail events of each, then "
                                          "OutboundRegistrationDetailComplete with Registered and NotRegistered."};
Result<void> show_outbound(Sip& sip, const ManagerRequest&, ManagerReply& reply) {
    const auto names = sip.registration_names();
    std::size_t registered = 0;
    reply.begin_list("Following are Events for each Outbound registration");
    for (const std::string& name : names) {
        registered += sip.registered(name);
        JF_TRY(send(reply, sip.outbound_registration(name)));
    }
    reply.end_list("OutboundRegistrationDetailComplete", ManagerFields().add("Registered", registered).add("NotRegistered", names.size() - registered));
    return {};
}

constexpr ManagerActionInfo register_info{"PJSIPRegister", manager_class::system | manager_class::reporting, "Register at another registrar at once",
                                          "Registration: the name of a type=registration, or *all."};
constexpr ManagerActionInfo unregister_info{"PJSIPUnregister", manager_class::system | manager_class::reporting, "End a registration of ours",
                                            "Registration: the name of a type=registration, or *all."};
Result<void> register_now(Sip& sip, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Registration").empty()) return fail(ErrorCode::invalid, "Registration parameter missing");
    JF_TRY(sip.register_now(request.get("Registration")));
    reply.success("Reregistration sent");
    return {};
}
Result<void> unregister(Sip& sip, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Registration").empty()) return fail(ErrorCode::invalid, "Registration parameter missing");
    JF_TRY(sip.unregister(request.get("Registration")));
    reply.success("Unregistration sent");
    return {};
}

constexpr ManagerActionInfo qualify_info{"PJSIPQualify", manager_class::system | manager_class::reporting, "Ask the contacts of an endpoint by OPTIONS",
                                         "Endpoint. What comes of it is told by ContactStatus events."};
Result<void> qualify(Sip& sip, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Endpoint").empty()) return fail(ErrorCode::invalid, "Endpoint parameter missing");
    JF_TRY(sip.qualify(request.get("Endpoint")));
    reply.success("Endpoint found, will qualify");
    return {};
}

constexpr ManagerActionInfo hangup_info{"PJSIPHangup", manager_class::system | manager_class::call, "Refuse an incoming SIP call with a status",
                                        "Channel. Cause: 400 to 699, or a name such as NOT_FOUND. A call that is answered already is just hung up."};
Result<void> hang_up(Sip& sip, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Channel").empty()) return fail(ErrorCode::invalid, "Channel not specified");
    if (request.get("Cause").empty()) return fail(ErrorCode::invalid, "Cause not specified");
    const int status = JF_TRY(sip.parse_refusal(request.get("Cause")));
    JF_TRY(sip.refuse(request.get("Channel"), status));
    reply.success("Channel Hungup");
    return {};
}

void tell_registration(const SipOutboundRegistrationChanged& change) {
    publish_to_manager("Registry", manager_class::system, [&](ManagerService&, ManagerFields& fields) {
        fields.add("ChannelType", "PJSIP").add("Username", change.client_uri).add("Domain", change.server_uri).add("Status", change.status);
        if (change.code) fields.add("Cause", change.code);
    });
}

void tell_contact(const SipContactChanged& change) {
    const auto manager = find_service<ManagerService>();
    const auto sip = find_service<SipManagement>();
    if (!manager || !sip || !(*manager)->wanted(manager_class::system)) return;
    const auto endpoints = (*sip)->endpoints_of_aor(change.aor);
    std::string round_trip = "N/A";
    for (const auto& record : (*sip)->contact_list(change.aor)) {
        const auto field = [&](std::string_view name) -> std::string_view {
            for (const auto& [key, value] : record.fields)
                if (key == name) return value;
            return {};
        };
        if (field("Uri") == change.uri) round_trip = field("RoundtripUsec");
    }
    ManagerFields fields;
    fields.add("URI", change.uri).add("ContactStatus", change.status).add("AOR", change.aor);
    fields.add("EndpointName", endpoints.empty() ? "" : endpoints.front()).add("RoundtripUsec", round_trip);
    (*manager)->publish("ContactStatus", manager_class::system, fields);
    // What has been reached, or no longer, is also known by its endpoint.
    if (change.status != "Reachable" && change.status != "Unreachable") return;
    for (const std::string& endpoint : endpoints)
        (*manager)->publish("PeerStatus", manager_class::system,
                            ManagerFields().add("ChannelType", "PJSIP").add("Peer", "PJSIP/" + endpoint).add("PeerStatus", change.status));
}

Result<void> load(Module& module) {
    // It is named in `needs`, so that the service outlives this module.
    const auto found = JF_TRY(find_service<SipManagement>());
    Sip* const sip = &*found;
    for (const ListAction& action : lists)
        JF_TRY(module.add(action.info, [sip, &action](const ManagerRequest&, ManagerReply& reply) { return run_list(action, *sip, reply); }));
    const auto add = [&](const ManagerActionInfo& info, Result<void> (*run)(Sip&, const ManagerRequest&, ManagerReply&)) {
        return module.add(info, [sip, run](const ManagerRequest& request, ManagerReply& reply) { return run(*sip, request, reply); });
    };
    JF_TRY(add(endpoint_info, show_endpoint));
    JF_TRY(add(outbound_info, show_outbound));
    JF_TRY(add(register_info, register_now));
    JF_TRY(add(unregister_info, unregister));
    JF_TRY(add(qualify_info, qualify));
    JF_TRY(add(hangup_info, hang_up));
    module.own<Subscription>(subscribe<SipOutboundRegistrationChanged>(tell_registration));
    module.own<Subscription>(subscribe<SipContactChanged>(tell_contact));
    return {};
}

}  // namespace

JACKFIELD_MODULE("sip_manager", "SIP's manager actions and events", load, "chan_sip")
