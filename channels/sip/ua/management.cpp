// What management sees of SIP: objects and states with the field names that Asterisk's manager clients know.
#include "channels/sip/ua/management.hpp"

#include <algorithm>
#include <span>

#include "channels/sip/config/object_options.hpp"
#include "channels/sip/ua/causes.hpp"
#include "core/base/generation.hpp"

namespace jackfield::sip {
namespace {

using Record = SipManagement::Record;

// "max_contacts" is MaxContacts in an event.
std::string field_name(std::string_view option) {
    std::string name;
    bool capital = true;
    for (const char c : option) {
        if (c == '_') {
            capital = true;
        } else {
            name += capital ? to_upper(std::string_view(&c, 1)) : std::string(1, c);
            capital = false;
        }
    }
    return name;
}

// The order of fields in the documentation of Asterisk 22. What it does not have follows, in the order of the sample.
constexpr std::string_view endpoint_order[]{
    "ObjectType", "ObjectName", "Context", "Allow", "DtmfMode", "RtpIpv6", "RtpSymmetric", "IceSupport", "UsePtime", "ForceRport", "RewriteContact",
    "Transport", "OutboundProxy", "MohSuggest", "100rel", "Timers", "TimersMinSe", "TimersSessExpires", "Auth", "OutboundAuth", "Aors",
    "MediaAddress", "IdentifyBy", "DirectMedia", "DirectMediaMethod", "TrustConnectedLine", "SendConnectedLine", "ConnectedLineMethod",
    "DirectMediaGlareMitigation", "DisableDirectMediaOnNat", "Callerid", "CalleridPrivacy", "CalleridTag", "TrustIdInbound", "TrustIdOutbound",
    "SendPai", "SendRpid", "SendDiversion", "Mailboxes", "AggregateMwi", "MediaEncryption", "MediaEncryptionOptimistic", "UseAvpf", "ForceAvp",
    "MediaUseReceivedTransport", "OneTouchRecording", "InbandProgress", "CallGroup", "PickupGroup", "NamedCallGroup", "NamedPickupGroup",
    "DeviceStateBusyAt", "T38Udptl", "T38UdptlEc", "T38UdptlMaxdatagram", "FaxDetect", "T38UdptlNat", "T38UdptlIpv6",
    "T38BindUdptlToMediaAddress", "ToneZone", "Language", "RecordOnFeature", "RecordOffFeature", "AllowTransfer", "UserEqPhone", "MohPassthrough",
    "SdpOwner", "SdpSession", "TosAudio", "TosVideo", "CosAudio", "CosVideo", "AllowSubscribe", "SubMinExpiry", "FromUser", "FromDomain",
    "MwiFromUser", "RtpEngine", "DtlsVerify", "DtlsRekey", "DtlsCertFile", "DtlsPrivateKey", "DtlsCipher", "DtlsCaFile", "DtlsCaPath", "DtlsSetup",
    "SrtpTag32", "RedirectMethod", "SetVar", "MessageContext", "Accountcode", "PreferredCodecOnly", "DeviceState", "ActiveChannels",
    "SubscribeContext", "AllowOverlap", "OverlapContext"};
constexpr std::string_view aor_order[]{"ObjectType", "ObjectName", "MinimumExpiration", "MaximumExpiration", "DefaultExpiration", "QualifyFrequency",
                                       "AuthenticateQualify", "MaxContacts", "RemoveExisting", "RemoveUnavailable", "Mailboxes", "OutboundProxy",
                                       "SupportPath", "TotalContacts", "ContactsRegistered", "EndpointName"};
constexpr std::string_view auth_order[]{"ObjectType", "ObjectName", "Username", "Password", "Md5Cred", "Realm", "NonceLifetime", "AuthType", "EndpointName"};
constexpr std::string_view transport_order[]{
    "ObjectType", "ObjectName", "Protocol", "Bind", "AsyncOperations", "CaListFile", "CaListPath", "CertFile", "PrivKeyFile", "Password",
    "ExternalSignalingAddress", "ExternalSignalingPort", "ExternalMediaAddress", "Domain", "VerifyServer", "VerifyClient", "RequireClientCert",
    "Method", "Cipher", "LocalNet", "Tos", "Cos", "WebsocketWriteTimeout", "EndpointName"};
constexpr std::string_view identify_order[]{"ObjectType", "ObjectName", "Endpoint", "SrvLookups", "Match", "MatchHeader", "EndpointName"};

Record arranged(Record record, std::span<const std::string_view> order) {
    std::ranges::stable_sort(record.fields, {}, [order](const auto& field) { return std::ranges::find(order, field.first) - order.begin(); });
    return record;
}

template <class S>
void add_options(Record& record, const Options<S>& options, const S& settings) {
    for (const OptionHelp& help : options.help(&settings)) {
        const bool secret = help.name == "password" || help.name == "md5_cred" || help.name == "password_digest";
        record.add(field_name(help.name), secret && !help.value.empty() ? "<hidden>" : help.value);
    }
}

Record event(std::string_view name, std::string_view type = {}, const std::string& object = {}) {
    Record record{std::string(name), {}};
    if (type.empty()) return record;
    record.add("ObjectType", std::string(type));
    record.add("ObjectName", object);
    return record;
}

template <class S>
Record with_options(Record record, const Options<S>& options, const S& settings) {
    add_options(record, options, settings);
    return record;
}

template <class Objects>
std::vector<std::string> names_in(const Objects& objects) {
    std::vector<std::string> names;
    for (const auto& [name, object] : objects) names.push_back(name);
    std::ranges::sort(names);
    return names;
}

std::string word_of(Contact::Status status) {
    switch (status) {
        case Contact::Status::reachable: return "Reachable";
        case Contact::Status::unreachable: return "Unreachable";
        case Contact::Status::unknown: break;
    }
    return "NonQualified";
}

std::string round_trip_of(const Contact& contact) {
    return contact.round_trip.count() > 0 ? std::to_string(contact.round_trip.count()) : "N/A";
}

std::string expiry_of(const Contact& contact) {
    if (!contact.registered) return "0";
    return std::to_string(std::chrono::system_clock::to_time_t(wall_now() + contact.remaining));
}

}  // namespace

std::vector<std::string> Management::endpoint_names() const { return names_in(agent_.objects()->endpoints); }
std::vector<std::string> Management::aor_names() const { return names_in(agent_.objects()->aors); }
std::vector<std::string> Management::auth_names() const { return names_in(agent_.objects()->auths); }
std::vector<std::string> Management::registration_names() const { return names_in(agent_.objects()->registrations); }

std::vector<std::string> Management::endpoints_of_aor(std::string_view aor) const {
    const auto objects = agent_.objects();
    const auto has_it = [&](const EndpointSettings& endpoint) { return std::ranges::find(endpoint.aors, aor) != endpoint.aors.end(); };
    // By convention an endpoint and its address of record share their name.
    if (const auto endpoint = objects->endpoint(aor); endpoint && has_it(*endpoint)) return {endpoint->name};
    std::vector<std::string> names;
    for (const auto& [name, endpoint] : objects->endpoints)
        if (has_it(*endpoint)) names.push_back(name);
    return names;
}

SipManagement::Records Management::endpoint_list(std::string_view name) const {
    const auto endpoint = agent_.objects()->endpoint(name);
    if (!endpoint) return {};
    Record record = event("EndpointList", "endpoint", endpoint->name);
    record.add("Transport", endpoint->transport);
    record.add("Aor", join(endpoint->aors, ","));
    record.add("Auths", join(endpoint->auth, ","));
    record.add("OutboundAuths", join(endpoint->outbound_auth, ","));
    std::string contacts;
    for (const Contact& contact : registrar_.contacts(*endpoint)) contacts += contact.aor + "/" + contact.uri + ",";
    record.add("Contacts", contacts);
    record.add("DeviceState", std::string(display_name(driver_.device_state(endpoint->name))));
    record.add("ActiveChannels", std::to_string(driver_.counts(endpoint->name).in_use));
    return {std::move(record)};
}

Record Management::completed(Record record, const AorSettings& aor) const {
    add_options(record, aor_options(), aor);
    const auto contacts = registrar_.contacts_of_aor(aor.name, nullptr);
    std::string texts;
    for (const Contact& contact : contacts) texts += (texts.empty() ? "" : ",") + contact.aor + "/" + contact.uri;
    std::erase_if(record.fields, [](const auto& field) { return field.first == "Contact"; });
    record.add("Contacts", texts);
    record.add("TotalContacts", std::to_string(contacts.size()));
    record.add("ContactsRegistered", std::to_string(std::ranges::count(contacts, true, &Contact::registered)));
    return record;
}

Record Management::status_record(const Contact& contact, const AorSettings& aor, std::string_view endpoint) const {
    Record record = event("ContactStatusDetail");
    record.add("AOR", contact.aor);
    record.add("URI", contact.uri);
    record.add("Status", word_of(contact.status));
    record.add("RoundtripUsec", round_trip_of(contact));
    record.add("EndpointName", std::string(endpoint));
    record.add("UserAgent", contact.user_agent);
    record.add("RegExpire", expiry_of(contact));
    if (contact.flow) record.add("ViaAddress", contact.flow->remote.to_string());
    record.add("ID", contact_id(contact));
    record.add("AuthenticateQualify", aor.authenticate_qualify ? "yes" : "no");
    record.add("OutboundProxy", aor.outbound_proxy);
    record.add("Path", join(contact.routes, ","));
    record.add("QualifyFrequency", std::to_string(aor.qualify_frequency.count()));
    record.add("QualifyTimeout", fmt::format("{:.3f}", static_cast<double>(aor.qualify_timeout.count()) / 1000));
    record.add("Qualify2xxOnly", aor.qualify_2xx_only ? "yes" : "no");
    return record;
}

SipManagement::Records Management::endpoint_details(std::string_view name) const {
    const auto objects = agent_.objects();
    const auto endpoint = objects->endpoint(name);
    if (!endpoint) return {};
    Records records;
    const auto add = [&](Record record, std::span<const std::string_view> order) {
        record.add("EndpointName", endpoint->name);
        records.push_back(arranged(std::move(record), order));
    };
    Record record = with_options(event("EndpointDetail", "endpoint", endpoint->name), endpoint_options(), *endpoint);
    record.add("DeviceState", std::string(display_name(driver_.device_state(endpoint->name))));
    record.add("ActiveChannels", std::to_string(driver_.counts(endpoint->name).in_use));
    records.push_back(arranged(std::move(record), endpoint_order));
    for (const std::string& key : endpoint->aors)
        if (const auto aor = objects->aor(key)) {
            add(completed(event("AorDetail", "aor", aor->name), *aor), aor_order);
            for (const Contact& contact : registrar_.contacts_of_aor(key, endpoint.get()))
                records.push_back(status_record(contact, *aor, endpoint->name));
        }
    for (const auto* list : {&endpoint->auth, &endpoint->outbound_auth})
        for (const std::string& key : *list)
            if (const auto auth = objects->auth(key)) add(with_options(event("AuthDetail", "auth", auth->name), auth_options(), *auth), auth_order);
    if (const auto transport = objects->transport(endpoint->transport))
        add(with_options(event("TransportDetail", "transport", transport->name), transport_options(), *transport), transport_order);
    for (const auto& [key, identify] : objects->identifies)
        if (identify->endpoint == endpoint->name) add(with_options(event("IdentifyDetail", "identify", key), identify_options(), *identify), identify_order);
    return records;
}

SipManagement::Records Management::aor_list(std::string_view name) const {
    const auto aor = agent_.objects()->aor(name);
    return aor ? Records{arranged(completed(event("AorList", "aor", aor->name), *aor), aor_order)} : Records{};
}

SipManagement::Records Management::auth_list(std::string_view name) const {
    const auto auth = agent_.objects()->auth(name);
    return auth ? Records{arranged(with_options(event("AuthList", "auth", auth->name), auth_options(), *auth), auth_order)} : Records{};
}

SipManagement::Records Management::contact_list(std::string_view name) const {
    const auto aor = agent_.objects()->aor(name);
    if (!aor) return {};
    const auto endpoints = endpoints_of_aor(name);
    Records records;
    for (const Contact& contact : registrar_.contacts_of_aor(name, nullptr)) {
        Record& record = records.emplace_back(event("ContactList", "contact", contact_id(contact)));
        record.add("ViaAddr", contact.flow ? contact.flow->remote.host() : "");
        record.add("ViaPort", contact.flow ? std::to_string(contact.flow->remote.port()) : "0");
        record.add("QualifyTimeout", fmt::format("{:.3f}", static_cast<double>(aor->qualify_timeout.count()) / 1000));
        record.add("RegServer", system_name());
        record.add("PruneOnBoot", "no");
        record.add("Path", join(contact.routes, ","));
        record.add("Endpoint", endpoints.empty() ? "" : endpoints.front());
        record.add("AuthenticateQualify", aor->authenticate_qualify ? "yes" : "no");
        record.add("Uri", contact.uri);
        record.add("QualifyFrequency", std::to_string(aor->qualify_frequency.count()));
        record.add("UserAgent", contact.user_agent);
        record.add("ExpirationTime", expiry_of(contact));
        record.add("OutboundProxy", aor->outbound_proxy);
        record.add("Status", word_of(contact.status));
        record.add("RoundtripUsec", round_trip_of(contact));
        record.add("Qualify2xxOnly", aor->qualify_2xx_only ? "yes" : "no");
    }
    return records;
}

SipManagement::Records Management::contact_statuses(std::string_view name) const {
    const auto aor = agent_.objects()->aor(name);
    if (!aor) return {};
    const auto endpoints = endpoints_of_aor(name);
    Records records;
    for (const Contact& contact : registrar_.contacts_of_aor(name, nullptr))
        records.push_back(status_record(contact, *aor, endpoints.empty() ? std::string() : endpoints.front()));
    return records;
}

SipManagement::Records Management::inbound_registration(std::string_view name) const {
    const auto aor = agent_.objects()->aor(name);
    if (!aor || aor->max_contacts == 0) return {};
    return {arranged(completed(event("InboundRegistrationDetail", "aor", aor->name), *aor), aor_order)};
}

bool Management::registered(std::string_view name) const {
    const auto summary = registrations_.find(name);
    return summary && summary->state == ClientRegistration::State::registered;
}

SipManagement::Records Management::outbound_registration(std::string_view name) const {
    const auto summary = registrations_.find(name);
    if (!summary) return {};
    Records records;
    Record& record = records.emplace_back(event("OutboundRegistrationDetail", "registration", summary->settings->name));
    add_options(record, registration_options(), *summary->settings);
    record.add("Status", std::string(to_string(summary->state)));
    record.add("NextReg", std::to_string(summary->next_in.count()));
    for (const std::string& key : summary->settings->outbound_auth)
        if (const auto auth = agent_.objects()->auth(key))
            records.push_back(arranged(with_options(event("AuthDetail", "auth", auth->name), auth_options(), *auth), auth_order));
    return records;
}

Result<void> Management::qualify(std::string_view name) {
    const auto endpoint = agent_.objects()->endpoint(name);
    if (!endpoint) return fail(ErrorCode::not_found, "Unable to retrieve endpoint {}", name);
    registrar_.qualify_now(*endpoint);
    return {};
}

Result<void> Management::refuse(std::string_view name, int status) {
    Channel* channel = find_channel(name);
    auto* call = channel ? dynamic_cast<SipCall*>(&channel->driver()) : nullptr;
    if (!channel) return fail(ErrorCode::not_found, "No such channel");
    if (!call) return fail(ErrorCode::invalid, "{} is not a SIP channel", name);
    return call->refuse_with(status);
}

Result<void> Management::tell_transfer(Channel& channel, SipTransferProgress progress) {
    auto* const call = dynamic_cast<SipCall*>(&channel.driver());
    if (!call) return fail(ErrorCode::invalid, "{} is not a SIP channel", channel.name());
    return call->tell_transfer(progress);
}

Result<int> Management::parse_refusal(std::string_view text) const { return parse_refusal_status(text); }

Result<int> parse_refusal_status(std::string_view text) {
    const std::string_view word = trim(text);
    if (const auto number = parse_number<int>(word); number && *number >= 400 && *number <= 699) return *number;
    std::string wanted = to_lower(word);
    std::ranges::replace(wanted, '_', ' ');
    for (int status = 400; status < 700; ++status)
        if (!wanted.empty() && to_lower(reason_phrase(status)) == wanted && reason_phrase(status) != reason_phrase(status / 100 * 100 + 99))
            return status;
    return fail(ErrorCode::invalid, "'{}' is no SIP status that refuses a call; write 400 to 699 or a name like NOT_FOUND", text);
}

}  // namespace jackfield::sip
