// All objects of pjsip.conf together: read whole, checked whole, then an immutable snapshot.
#include "channels/sip/config/object_set.hpp"

#include <algorithm>

#include "channels/sip/config/object_options.hpp"
#include "channels/sip/stack/uri.hpp"

namespace jackfield::sip {
namespace {

const std::vector<std::string>& object_types() {
    static const std::vector<std::string> types{"endpoint", "aor", "auth", "transport", "identify", "global", "system", "inbound-publication",
                                                "registration", "acl", "resource_list", "phoneprov", "domain_alias", "contact",
                                                "outbound-publish", "asterisk-publication", "outbound-subscription"};
    return types;
}

template <class T>
std::shared_ptr<const T> find(const ByName<T>& objects, std::string_view name) {
    const auto found = objects.find(name);
    return found == objects.end() ? nullptr : found->second;
}

// Reads one section into the map of its type. `check` completes and examines the settings.
template <class T, class Check>
void read_object(const ConfigCategory& category, const Options<T>& options, ByName<T>& into, Diagnostics& findings, Check check) {
    T settings = options.read(category, findings, {"type"});
    settings.name = category.name();
    check(settings);
    auto object = std::make_shared<const T>(std::move(settings));
    if (!into.emplace(object->name, object).second)
        findings.error(category.place(), "[{}] is there already with this type; give it another name or join the two", category.name());
}

class Reader {
  public:
    Reader(const ConfigFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

    std::shared_ptr<const ObjectSet> read() {
        set_->global = global_options().defaults();
        set_->system = system_options().defaults();
        read_globals();
        // Most files are triples of these; growing step by step would walk through all that is there each time.
        const std::size_t each = file_.categories().size() / 3;
        set_->endpoints.reserve(each);
        set_->aors.reserve(each);
        set_->auths.reserve(each);
        for (const ConfigCategory& category : file_.categories())
            if (!category.is_template()) read_category(category);
        for (const auto& [name, endpoint] : set_->endpoints) check_references(*endpoint);
        for (const auto& [name, aor] : set_->aors)
            if (!aor->contacts.empty()) set_->aors_with_contacts.push_back(aor);
        for (const auto& [name, registration] : set_->registrations) check_references(*registration);
        for (const auto& [name, subscription] : set_->outbound_subscriptions) check_outbound(*subscription, "outbound-subscription");
        for (const auto& [name, publication] : set_->outbound_publications) check_outbound(*publication, "outbound-publish");
        for (const auto& [name, identify] : set_->identifies)
            if (!identify->endpoint.empty()) require(set_->endpoints, identify->endpoint, "identify", name, "endpoint");
        for (const auto& [name, publication] : set_->publications) {
            require(set_->endpoints, publication->endpoint, "inbound-publication", name, "endpoint");
            require(set_->exchanges, publication->device_exchange, "inbound-publication", name, "event_asterisk-devicestate");
            require(set_->exchanges, publication->mailbox_exchange, "inbound-publication", name, "event_asterisk-mwi");
        }
        for (const auto& [name, exchange] : set_->exchanges) {
            require(set_->outbound_publications, exchange->devicestate_publish, "asterisk-publication", name, "devicestate_publish");
            require(set_->outbound_publications, exchange->mailboxstate_publish, "asterisk-publication", name, "mailboxstate_publish");
        }
        return set_;
    }

  private:
    // First, as the other objects take defaults from them wherever they stand.
    void read_globals() {
        for (const ConfigCategory& category : file_.categories()) {
            if (category.is_template()) continue;
            const auto type = category.value("type").value_or("");
            if (equals_ignoring_case(type, "global")) set_->global = global_options().read(category, findings_, {"type"});
            if (equals_ignoring_case(type, "system")) set_->system = system_options().read(category, findings_, {"type"});
        }
        if (set_->global.algorithms_uas.empty()) set_->global.algorithms_uas = {"MD5"};
    }

    void read_category(const ConfigCategory& category) {
        const auto type = section_type(category, object_types(), findings_);
        if (!type) return;
        if (equals_ignoring_case(*type, "endpoint")) {
            read_endpoint(category);
        } else if (equals_ignoring_case(*type, "aor")) {
            read_aor(category);
        } else if (equals_ignoring_case(*type, "auth")) {
            read_object(category, auth_options(), set_->auths, findings_, [&](AuthSettings& auth) {
                if (auth.username.empty()) auth.username = auth.name;
                if (auth.algorithms.empty()) auth.algorithms = set_->global.algorithms_uas;
                if (auth.client_algorithms.empty()) auth.client_algorithms = set_->global.algorithms_uac;
            });
        } else if (equals_ignoring_case(*type, "transport")) {
            read_object(category, transport_options(), set_->transports, findings_, [&](TransportSettings& transport) {
                if (!transport.bind.valid())
                    findings_.error(category.place(), "transport [{}] needs bind = ADDRESS[:PORT], for instance bind = 0.0.0.0", transport.name);
                if (transport.proxy_protocol && (transport.trusted_proxies.empty() || transport.protocol == TransportSettings::Protocol::udp))
                    findings_.error(category.place(), "transport [{}]: proxy_protocol needs trusted_proxies = ADDRESS and a protocol other than udp", transport.name);
                if (transport.bind.valid() && transport.bind.port() == 0) {
                    if (transport.websocket())
                        findings_.error(category.place(), "transport [{}] needs a port in bind: WebSocket has none of its own", transport.name);
                    transport.bind = transport.bind.with_port(transport.secure() ? 5061 : 5060);
                }
                if (transport.secure()) make_contexts(category, transport);
            });
        } else if (equals_ignoring_case(*type, "identify")) {
            read_object(category, identify_options(), set_->identifies, findings_, [](IdentifySettings&) {});
        } else if (equals_ignoring_case(*type, "resource_list")) {
            read_object(category, resource_list_options(), set_->resource_lists, findings_, [&](ResourceListSettings& list) {
                if (list.event != "presence" && list.event != "dialog" && list.event != "message-summary")
                    findings_.error(category.place(), "resource_list [{}] needs event = presence, dialog or message-summary", list.name);
                if (list.items.empty()) findings_.error(category.place(), "resource_list [{}] needs list_item = what is watched", list.name);
            });
        } else if (equals_ignoring_case(*type, "inbound-publication")) {
            read_object(category, publication_options(), set_->publications, findings_, [&](PublicationSettings& publication) {
                if (publication.endpoint.empty())
                    findings_.error(category.place(), "inbound-publication [{}] needs endpoint = the one that may publish it", publication.name);
            });
        } else if (equals_ignoring_case(*type, "asterisk-publication")) {
            read_object(category, exchange_options(), set_->exchanges, findings_, [](ExchangeSettings&) {});
        } else if (equals_ignoring_case(*type, "acl")) {
            read_object(category, acl_options(), set_->acls, findings_, [](AclSettings&) {});
        } else if (equals_ignoring_case(*type, "registration")) {
            read_registration(category);
        } else if (equals_ignoring_case(*type, "outbound-subscription")) {
            read_outbound_subscription(category);
        } else if (equals_ignoring_case(*type, "outbound-publish")) {
            read_outbound_publication(category);
        } else if (equals_ignoring_case(*type, "domain_alias")) {
            (void)domain_alias_options().read(category, findings_, {"type"});
        } else if (!equals_ignoring_case(*type, "global") && !equals_ignoring_case(*type, "system")) {
            findings_.error(category.place(), "[{}]: type={} is not available yet; take the section out", category.name(), *type);
        }
    }

    // Reads the certificates (files are read in the pool); what is wrong with them stands at the section's own line.
    void make_contexts(const ConfigCategory& category, TransportSettings& transport) {
        const ConfigEntry* entry = category.find("cert_file");
        if (!entry) return findings_.error(category.place(), "transport [{}] needs cert_file = FILE for TLS", transport.name);
        transport.tls.verify_peer |= transport.tls.require_peer;
        auto server = TlsContext::make(transport.tls);
        auto client = TlsContext::make(transport.client_settings());
        if (!server) return findings_.error(entry->place(), "transport [{}]: {}", transport.name, server.error().text);
        if (!client) return findings_.error(entry->place(), "transport [{}]: {}", transport.name, client.error().text);
        transport.server_tls = std::move(*server);
        transport.client_tls = std::move(*client);
    }

    void read_endpoint(const ConfigCategory& category) {
        read_object(category, endpoint_options(), set_->endpoints, findings_, [&](EndpointSettings& endpoint) {
            const ConfigPlace place = category.place();
            endpoint.file = place.file ? *place.file : std::string();
            endpoint.line = static_cast<int>(place.line);
            if (endpoint.formats.empty())
                findings_.error(place, "endpoint [{}] allows no codec; write allow = ulaw,alaw", endpoint.name);
            if (endpoint.webrtc) be_webrtc(endpoint);
            if (endpoint.media_encryption == MediaEncryption::dtls) make_dtls_context(category, endpoint);
        });
    }

    static void be_webrtc(EndpointSettings& endpoint) {
        endpoint.rtcp_mux = endpoint.use_avpf = endpoint.ice_support = endpoint.bundle = true;
        endpoint.media_encryption = MediaEncryption::dtls;
        if (!endpoint.dtls) endpoint.dtls = std::make_shared<DtlsOptions>();
        if (endpoint.dtls->settings.certificate_file.empty()) endpoint.dtls->auto_generate = true;
    }

    // Endpoints with equal settings share one context.
    void make_dtls_context(const ConfigCategory& category, EndpointSettings& endpoint) {
        if (!endpoint.dtls || (endpoint.dtls->settings.certificate_file.empty() && !endpoint.dtls->auto_generate))
            return findings_.error(category.place(), "endpoint [{}]: media_encryption=dtls needs dtls_auto_generate_cert=yes or dtls_cert_file=FILE", endpoint.name);
        DtlsSettings& settings = endpoint.dtls->settings;
        if (endpoint.dtls->auto_generate) settings.certificate_file.clear();
        settings.verify_certificate = endpoint.dtls->verify == DtlsVerify::certificate || endpoint.dtls->verify == DtlsVerify::both;
        settings.short_tag = endpoint.srtp_tag_32;
        const auto made = std::ranges::find(dtls_contexts_, settings, &std::pair<DtlsSettings, std::shared_ptr<const DtlsContext>>::first);
        if (made != dtls_contexts_.end()) return (void)(endpoint.dtls->context = made->second);
        auto context = DtlsContext::make(settings);
        if (!context) return findings_.error(category.place(), "endpoint [{}]: {}", endpoint.name, context.error().text);
        endpoint.dtls->context = dtls_contexts_.emplace_back(settings, *std::move(context)).second;
    }

    void read_aor(const ConfigCategory& category) {
        read_object(category, aor_options(), set_->aors, findings_, [&](AorSettings& aor) {
            for (const std::string& contact : aor.contacts)
                if (!parse_uri(contact))
                    findings_.error(category.place(), "aor [{}]: contact '{}' is no SIP URI; write sip:user@host", aor.name, contact);
            if (aor.minimum_expiration > aor.maximum_expiration)
                findings_.error(category.place(), "aor [{}]: minimum_expiration is above maximum_expiration", aor.name);
        });
    }

    void read_registration(const ConfigCategory& category) {
        read_object(category, registration_options(), set_->registrations, findings_, [&](RegistrationSettings& registration) {
            const auto check_uri = [&](std::string_view key, const std::string& uri, std::string_view example) {
                const auto parsed = parse_uri(uri);
                if (parsed && parsed->is_sip()) return;
                const ConfigEntry* entry = category.find(key);
                findings_.error(entry ? entry->place() : category.place(), "registration [{}]: {} '{}' is no SIP URI; write {}", registration.name,
                                key, uri, example);
            };
            check_uri("server_uri", registration.server_uri, "sip:registrar.example");
            check_uri("client_uri", registration.client_uri, "sip:user@registrar.example");
            if (!registration.outbound_proxy.empty()) check_uri("outbound_proxy", registration.outbound_proxy, "sip:proxy.example;lr");
            if (registration.line && registration.endpoint.empty())
                findings_.error(category.place(), "registration [{}]: line = yes needs endpoint = NAME, whose the calls are", registration.name);
            for (const auto& [name, other] : set_->registrations)
                if (registration.support_outbound && other->support_outbound && name != registration.name && other->client_uri == registration.client_uri &&
                    other->reg_id == registration.reg_id)
                    findings_.error(category.place(), "registration [{}] and [{}] have one client_uri and reg_id = {}; give each flow its own reg_id",
                                    registration.name, name, registration.reg_id);
        });
    }

    void check_uri(const ConfigCategory& category, std::string_view key, const std::string& uri, std::string_view example) {
        if (const auto parsed = parse_uri(uri); parsed && parsed->is_sip()) return;
        const ConfigEntry* entry = category.find(key);
        findings_.error(entry ? entry->place() : category.place(), "{} [{}]: {} '{}' is no SIP URI; write {}", category.value("type").value_or(""),
                        category.name(), key, uri, example);
    }

    void read_outbound_subscription(const ConfigCategory& category) {
        read_object(category, outbound_subscription_options(), set_->outbound_subscriptions, findings_, [&](OutboundSubscriptionSettings& subscription) {
            check_uri(category, "server_uri", subscription.server_uri, "sip:6001@server.example");
            check_uri(category, "from_uri", subscription.from(), "sip:user@server.example");
            check_uri(category, "to_uri", subscription.to(), "sip:6001@server.example");
            if (!subscription.outbound_proxy.empty()) check_uri(category, "outbound_proxy", subscription.outbound_proxy, "sip:proxy.example;lr");
            const bool summary = subscription.event == "message-summary";
            if (!summary && subscription.event != "presence" && subscription.event != "dialog")
                findings_.error(category.place(), "outbound-subscription [{}] needs event = message-summary, presence or dialog", subscription.name);
            if (summary && subscription.mailbox.empty())
                findings_.error(category.place(), "outbound-subscription [{}] needs mailbox = box@context, which is to be set", subscription.name);
        });
    }

    void read_outbound_publication(const ConfigCategory& category) {
        read_object(category, outbound_publication_options(), set_->outbound_publications, findings_, [&](OutboundPublicationSettings& publication) {
            check_uri(category, "server_uri", publication.server_uri, "sip:server.example");
            for (const auto& [key, uri] : {std::pair("from_uri", &publication.from_uri), std::pair("to_uri", &publication.to_uri)})
                if (!uri->empty()) check_uri(category, key, *uri, "sip:user@server.example");
            if (!publication.outbound_proxy.empty()) check_uri(category, "outbound_proxy", publication.outbound_proxy, "sip:proxy.example;lr");
            if (publication.event == "asterisk-devicestate" || publication.event == "asterisk-mwi") {
                if (publication.multi_user) findings_.error(category.place(), "outbound-publish [{}]: multi_user is for presence and dialog", publication.name);
                return;
            }
            const bool dialog = publication.event == "dialog", presence = publication.event == "presence";
            if (!dialog && !presence)
                return findings_.error(category.place(), "outbound-publish [{}] needs event = presence, dialog, asterisk-devicestate or asterisk-mwi", publication.name);
            const std::string& body = publication.body;
            const bool fits = body.empty() || (dialog ? body == "application/dialog-info+xml" : body == "application/pidf+xml" || body == "application/xpidf+xml");
            if (!fits) findings_.error(category.place(), "outbound-publish [{}]: @body '{}' does not go with event = {}", publication.name, body, publication.event);
        });
    }

    template <class T>
    void check_outbound(const T& object, std::string_view type) {
        for (const std::string& name : object.outbound_auth) require(set_->auths, name, type, object.name, "outbound_auth");
        require(set_->transports, object.transport, type, object.name, "transport");
    }

    template <class T>
    void require(const ByName<T>& objects, const std::string& name, std::string_view type, std::string_view owner, std::string_view key) {
        if (name.empty() || objects.contains(name)) return;
        const ConfigCategory* category = nullptr;
        for (const ConfigCategory* candidate : file_.find_all(owner))
            if (equals_ignoring_case(candidate->value("type").value_or(""), type)) category = candidate;
        const ConfigEntry* entry = category ? category->find(key) : nullptr;
        std::vector<std::string> names;
        for (const auto& [known, object] : objects) names.push_back(known);
        const auto nearest = nearest_word(name, names);
        findings_.error(entry ? entry->place() : file_.place(), "{} [{}]: {} names '{}', which there is not{}", type, owner, key, name,
                        nearest ? "; did you mean '" + *nearest + "'?" : "");
    }

    void check_references(const EndpointSettings& endpoint) {
        for (const std::string& name : endpoint.aors) require(set_->aors, name, "endpoint", endpoint.name, "aors");
        for (const std::string& name : endpoint.auth) require(set_->auths, name, "endpoint", endpoint.name, "auth");
        for (const std::string& name : endpoint.outbound_auth) require(set_->auths, name, "endpoint", endpoint.name, "outbound_auth");
        require(set_->transports, endpoint.transport, "endpoint", endpoint.name, "transport");
    }

    void check_references(const RegistrationSettings& registration) {
        for (const std::string& name : registration.outbound_auth)
            require(set_->auths, name, "registration", registration.name, "outbound_auth");
        require(set_->endpoints, registration.endpoint, "registration", registration.name, "endpoint");
        require(set_->transports, registration.transport, "registration", registration.name, "transport");
    }

    const ConfigFile& file_;
    Diagnostics& findings_;
    std::vector<std::pair<DtlsSettings, std::shared_ptr<const DtlsContext>>> dtls_contexts_;
    std::shared_ptr<ObjectSet> set_ = std::make_shared<ObjectSet>();
};

}  // namespace

std::shared_ptr<const EndpointSettings> ObjectSet::endpoint(std::string_view name) const { return find(endpoints, name); }
std::shared_ptr<const AorSettings> ObjectSet::aor(std::string_view name) const { return find(aors, name); }
std::shared_ptr<const AuthSettings> ObjectSet::auth(std::string_view name) const { return find(auths, name); }
std::shared_ptr<const TransportSettings> ObjectSet::transport(std::string_view name) const { return find(transports, name); }
std::shared_ptr<const ResourceListSettings> ObjectSet::resource_list(std::string_view name) const { return find(resource_lists, name); }
std::shared_ptr<const PublicationSettings> ObjectSet::publication(std::string_view name) const { return find(publications, name); }

std::shared_ptr<const ObjectSet> read_objects(const ConfigFile& file, Diagnostics& findings) {
    return Reader(file, findings).read();
}

std::string object_samples() {
    std::string text;
    const auto add = [&](std::string_view type, const std::string& sample) {
        text += fmt::format("; ---- type = {} ----\n{}\n", type, sample);
    };
    add("global", global_options().sample());
    add("system", system_options().sample());
    add("transport", transport_options().sample());
    add("endpoint", endpoint_options().sample());
    add("auth", auth_options().sample());
    add("aor", aor_options().sample());
    add("identify", identify_options().sample());
    add("acl", acl_options().sample());
    add("resource_list", resource_list_options().sample());
    add("inbound-publication", publication_options().sample());
    add("registration", registration_options().sample());
    add("outbound-subscription", outbound_subscription_options().sample());
    add("outbound-publish", outbound_publication_options().sample());
    add("asterisk-publication", exchange_options().sample());
    return text;
}

}  // namespace jackfield::sip
