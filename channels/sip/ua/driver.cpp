// The SIP technology as the core sees it: makes calls, tells device states.
#include "channels/sip/ua/driver.hpp"

#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/channel/device_state.hpp"

namespace jackfield::sip {
namespace {

struct Parsed {
    std::string endpoint, user, uri;  // uri: written out; user: to be put into the endpoint's contact
};
// endpoint, endpoint/URI, user@endpoint
Parsed parse_destination(std::string_view text) {
    if (const Halves parts = split_once(text, '/'); parts.found) return {std::string(parts.first), {}, std::string(parts.second)};
    if (const Halves parts = split_once(text, '@'); parts.found) return {std::string(parts.second), std::string(parts.first), {}};
    return {std::string(text), {}, {}};
}

// What we offer: the endpoint's codecs, those of the caller first, so that a call is relayed rather than translated.
FormatList offered(const FormatList& endpoint, const FormatList& caller) {
    FormatList list;
    for (const Format& format : caller)
        if (const Format* mine = endpoint.find(format.codec)) list.add(*mine);
    for (const Format& format : endpoint)
        if (!list.has(format.codec)) list.add(format);
    return list;
}

// A call to a GRUU reaches that instance alone of its address of record. `owner`: "aor instance"; empty: it is to none.
bool is_of_instance(const Contact& contact, std::string_view owner) {
    const Halves parts = split_once(owner, ' ');
    return !parts.found || contact.aor != parts.first || contact.instance == parts.second;
}

}  // namespace

SipDriver::SipDriver(UserAgent& agent, Registrar& registrar, RtpService& rtp)
    : agent_(agent), registrar_(registrar), context_{agent, rtp, *this, registrar} {
    agent_.handle(Method::invite, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
        SipCall::incoming(context_, request, std::move(endpoint));
    });
    agent_.handle(Method::refer, [this](IncomingRequest& request, const std::shared_ptr<const EndpointSettings>& endpoint) {
        SipCall::refer(agent_, request, *endpoint);
    });
    registrar_.on_change = [this](std::string_view aor) { contacts_changed(aor); };
}

Result<DriverChannelMade> SipDriver::request(const DialRequest& request, HangupCause& cause) {
    const Parsed wanted = parse_destination(request.destination);
    const auto endpoint = agent_.objects()->endpoint(wanted.endpoint);
    cause = HangupCause::subscriber_absent;
    if (!endpoint) return fail(ErrorCode::not_found, "no SIP endpoint is called '{}'", wanted.endpoint);
    Contact contact;
    auto contacts = registrar_.contacts(*endpoint);
    const std::string owner = request.requestor ? request.requestor->variable(gruu_variable) : std::string();
    const auto of_instance = [&](const Contact& one) { return is_of_instance(one, owner); };
    const auto known = std::find_if(contacts.begin(), contacts.end(),
                                    [&](const Contact& one) { return wanted.uri.empty() ? of_instance(one) : one.uri == wanted.uri; });
    if (known != contacts.end() && !of_instance(*known)) return fail(ErrorCode::not_found, "{} is another device than the one called", wanted.uri);
    if (known != contacts.end()) {
        contact = std::move(*known);
    } else if (!wanted.uri.empty()) {
        contact.uri = wanted.uri.starts_with("sip") ? wanted.uri : "sip:" + wanted.uri;
    } else {
        return fail(ErrorCode::not_found, "SIP endpoint '{}' is not registered and has no contact", wanted.endpoint);
    }
    if (contact.status == Contact::Status::unreachable) return fail(ErrorCode::not_found, "SIP endpoint '{}' is unreachable", wanted.endpoint);
    if (!wanted.user.empty()) {
        const Uri uri = JF_TRY(parse_uri(contact.uri));
        contact.uri = make_uri(uri.scheme, wanted.user, uri.bare_host(), uri.port, uri.parameters.text());
    }
    cause = HangupCause::destination_out_of_order;
    auto targets = JF_TRY(this->targets(std::move(contact), *endpoint));
    cause = HangupCause::switch_congestion;
    static const Topology nobody;
    const Topology& caller = request.requestor ? request.requestor->topology() : nobody;
    auto call = JF_TRY(SipCall::outgoing(context_, endpoint, std::move(targets), offered(endpoint->formats, request.formats), caller));
    const auto* const first = request.requestor ? dynamic_cast<const SipCall*>(&request.requestor->driver()) : nullptr;
    if (first && first->media() && first->media()->has_comfort_noise()) call->offer_comfort_noise();
    DriverChannelMade made;
    made.name = fmt::format("PJSIP/{}-{}", endpoint->name, new_channel_suffix());
    made.topology = call->topology();
    made.channel = std::move(call);
    return made;
}

// Waits, when there is a name to look up.
Result<std::vector<CallTarget>> SipDriver::targets(Contact contact, const EndpointSettings& endpoint) {
    std::vector<CallTarget> all;
    std::vector<Contact> flows = std::exchange(contact.others, {});
    flows.insert(flows.begin(), std::move(contact));
    for (Contact& each : flows) {
        if (!endpoint.outbound_proxy.empty()) each.routes = {"<" + endpoint.outbound_proxy + ">"};
        if (each.routes.empty() && !each.registered && service_routes) each.routes = service_routes(endpoint.name);
        const bool secure = starts_with_ignoring_case(each.uri, "sips:");
        if (each.flow && secure && !agent_.transports().secure(*each.flow))
            return fail(ErrorCode::refused, "{} is a sips contact that registered without TLS", each.uri);
        if (each.flow) {
            all.push_back({std::move(each.uri), *each.flow, std::move(each.routes), std::move(each.key)});
            continue;
        }
        std::string next = each.uri;
        if (!each.routes.empty())
            if (const auto route = parse_name_address(each.routes.front())) next = route->uri.text;
        for (const Flow& flow : JF_TRY(agent_.targets(next, endpoint.transport, each.uri))) all.push_back({each.uri, flow, each.routes, each.key});
    }
    return all;
}

std::vector<std::string> SipDriver::expand(std::string_view destination) const {
    const Parsed wanted = parse_destination(destination);
    const auto endpoint = agent_.objects()->endpoint(wanted.endpoint);
    if (!endpoint || !wanted.uri.empty() || !wanted.user.empty()) return {std::string(destination)};
    const auto contacts = registrar_.contacts(*endpoint);
    if (contacts.size() < 2) return {std::string(destination)};
    std::vector<std::string> all;
    for (const Contact& contact : contacts)
        if (contact.status != Contact::Status::unreachable) all.push_back(wanted.endpoint + "/" + contact.uri);
    return all.empty() ? std::vector{std::string(destination)} : all;
}

DeviceState SipDriver::device_state(std::string_view device) {
    const auto endpoint = agent_.objects()->endpoint(parse_destination(device).endpoint);
    if (!endpoint) return DeviceState::invalid;
    const Counts now = counts(endpoint->name);
    if (now.in_use == 0) return registrar_.reachable(*endpoint) ? DeviceState::not_in_use : DeviceState::unavailable;
    if (endpoint->device_state_busy_at && now.in_use >= endpoint->device_state_busy_at) return DeviceState::busy;
    if (now.ringing) return now.ringing < now.in_use ? DeviceState::ring_in_use : DeviceState::ringing;
    return now.held == now.in_use ? DeviceState::on_hold : DeviceState::in_use;
}

std::vector<std::string> SipDriver::devices() const {
    std::vector<std::string> names;
    for (const auto& [name, endpoint] : agent_.objects()->endpoints) names.push_back(name);
    return names;
}

CallCounts::Counts SipDriver::counts(const std::string& endpoint) const {
    const auto found = counts_.find(endpoint);
    return found == counts_.end() ? Counts{} : found->second;
}

void SipDriver::call_changed(const std::string& endpoint, int in_use, int ringing, int held) {
    Counts& counts = counts_[endpoint];
    counts.in_use += static_cast<unsigned>(in_use);
    counts.ringing += static_cast<unsigned>(ringing);
    counts.held += static_cast<unsigned>(held);
    if (!counts.in_use && !counts.ringing && !counts.held) counts_.erase(endpoint);
    device_state_changed("PJSIP/" + endpoint);  // and so under our other names
}

void SipDriver::ringing_changed(SipCall& call, bool ringing) {
    const std::string& endpoint = call.endpoint().name;
    auto& calls = ringing_[endpoint];
    const auto found = std::ranges::find(calls, &call);
    if (ringing && found == calls.end()) calls.push_back(&call);
    if (!ringing && found != calls.end()) calls.erase(found);
    if (calls.empty()) ringing_.erase(endpoint);
    if (on_ringing) on_ringing(endpoint);
}

const std::vector<SipCall*>& SipDriver::ringing(const std::string& endpoint) const {
    static const std::vector<SipCall*> none;
    const auto found = ringing_.find(endpoint);
    return found == ringing_.end() ? none : found->second;
}
void SipDriver::contact_failed(const EndpointSettings& endpoint, std::string_view key, bool flow_failed) { registrar_.call_failed(endpoint, key, flow_failed); }

void SipDriver::contacts_changed(std::string_view aor) {
    // By convention an endpoint and its address of record share their name; others are found by look-up, which costs
    // more but happens rarely.
    const auto objects = agent_.objects();
    const auto changed = [](const std::string& name) { device_state_changed("PJSIP/" + name); };
    if (objects->endpoint(aor)) return changed(std::string(aor));
    for (const auto& [name, endpoint] : objects->endpoints)
        if (std::find(endpoint->aors.begin(), endpoint->aors.end(), aor) != endpoint->aors.end()) changed(name);
}

}  // namespace jackfield::sip
