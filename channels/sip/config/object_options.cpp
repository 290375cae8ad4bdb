// The options of aor, auth, transport, identify, inbound-publication, global and system.
#include "channels/sip/config/object_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "channels/sip/stack/digest.hpp"
#include "core/dialplan/expression_regex.hpp"
#include "core/runtime/tls_options.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

Result<void> add_match(IdentifySettings& identify, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) {
        if (auto subnet = Subnet::parse(part)) {
            identify.match.push_back(*subnet);
        } else if (part.find_first_not_of("0123456789./:[]") != std::string_view::npos &&
                   part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == std::string_view::npos) {
            identify.names.emplace_back(part);
        } else {
            return fail(ErrorCode::invalid, "'{}' is no address, network or host name", part);
        }
    }
    return {};
}

// "/.../" is a regular expression.
Result<void> find_expression(IdentifySettings::HeaderMatch& match) {
    std::string& value = match.value;
    if (value.size() <= 2 || !value.starts_with('/') || !value.ends_with('/')) return {};
    value = value.substr(1, value.size() - 2);
    match.expression = true;
    if (auto tried = match_posix({}, value, false); !tried)
        return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", value, tried.error().text);
    return {};
}

Result<void> add_match_header(IdentifySettings& identify, std::string_view value, const ConfigEntry&) {
    const Halves parts = split_once(value, ':');
    IdentifySettings::HeaderMatch header{std::string(trim(parts.first)), std::string(trim(parts.second)), false};
    if (!parts.found || header.name.empty() || header.value.empty())
        return fail(ErrorCode::invalid, "needs Header: value or Header: /expression/, not '{}'", value);
    JF_TRY(find_expression(header));
    identify.headers.push_back(std::move(header));
    return {};
}

Result<void> add_match_uri(IdentifySettings& identify, std::string_view value, const ConfigEntry&) {
    IdentifySettings::HeaderMatch uri{{}, std::string(trim(value)), false};
    if (uri.value.empty()) return fail(ErrorCode::invalid, "needs a URI or /expression/");
    JF_TRY(find_expression(uri));
    identify.request_uris.push_back(std::move(uri));
    return {};
}

Result<void> set_bind(TransportSettings& transport, std::string_view value, const ConfigEntry&) {
    transport.bind = JF_TRY(SocketAddress::parse(value));
    return {};
}

constexpr auto tls_of = [](auto& transport) -> auto& { return transport.tls; };

Result<void> set_ciphers(TransportSettings& transport, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) {
        if (!transport.tls.ciphers.empty()) transport.tls.ciphers += ':';
        transport.tls.ciphers += part;
    }
    return {};
}

Result<void> set_method(TransportSettings& transport, std::string_view value, const ConfigEntry&) {
    using enum TlsProtocol;
    constexpr std::array<std::pair<std::string_view, TlsProtocol>, 4> versions{
        {{"tlsv1", tls1}, {"tlsv1_1", tls1_1}, {"tlsv1_2", tls1_2}, {"tlsv1_3", tls1_3}}};
    for (const auto& [word, version] : versions)
        if (equals_ignoring_case(value, word)) transport.tls.minimum = transport.tls.maximum = version;
    const bool known = std::any_of(versions.begin(), versions.end(), [&](const auto& each) { return equals_ignoring_case(value, each.first); });
    if (known || equals_ignoring_case(value, "default") || equals_ignoring_case(value, "unspecified")) return {};
    return fail(ErrorCode::unsupported, "'{}' is not available; write default, tlsv1, tlsv1_1, tlsv1_2 or tlsv1_3", value);
}

Result<void> add_local_net(TransportSettings& transport, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) transport.local_net.push_back(JF_TRY(Subnet::parse(part)));
    return {};
}

// A list of digest algorithms, best first; the last line of an option counts.
template <class S>
Option<S> algorithm_list(std::string_view name, std::vector<std::string> S::*member, std::string_view usual, std::string_view text) {
    return {name, typename Option<S>::Parse([member](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                (settings.*member).clear();
                for (const std::string_view part : split_list(value)) {
                    const auto known = find_digest_algorithm(part);
                    if (!known) return fail(ErrorCode::invalid, "'{}' is no digest algorithm known here; write MD5, SHA-256 or SHA-512-256", part);
                    (settings.*member).emplace_back(to_string(*known));
                }
                return {};
            }),
            usual, text, [member](const S& settings) { return join(settings.*member, ","); }};
}

Result<void> set_auth_type(AuthSettings&, std::string_view value, const ConfigEntry&) {
    for (const std::string_view known : {"userpass", "md5", "digest"})
        if (equals_ignoring_case(value, known)) return {};
    return fail(ErrorCode::invalid, "'{}' is not available; write userpass, md5 or digest", value);
}

Result<void> set_password_digest(AuthSettings& auth, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) {
        const Halves halves = split_once(part, ':');
        if (!halves.found) return fail(ErrorCode::invalid, "needs ALGORITHM:hash, for instance MD5:0123...");
        const auto algorithm = find_digest_algorithm(trim(halves.first));
        if (!algorithm) return fail(ErrorCode::invalid, "'{}' is no digest algorithm known here; write MD5, SHA-256 or SHA-512-256", halves.first);
        std::string& kept = *algorithm == DigestAlgorithm::md5      ? auth.md5_cred
                            : *algorithm == DigestAlgorithm::sha256 ? auth.sha256_cred
                                                                    : auth.sha512_256_cred;
        kept = trim(halves.second);
    }
    return {};
}

std::optional<int> parse_hex(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || end != digits.data() + digits.size()) return {};
    return value;
}

constexpr std::array<std::pair<const char*, int>, 21> service_classes{
    {{"ef", 46}, {"cs0", 0}, {"cs1", 8}, {"cs2", 16}, {"cs3", 24}, {"cs4", 32}, {"cs5", 40}, {"cs6", 48}, {"cs7", 56},
     {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},
     {"af41", 34}, {"af42", 36}, {"af43", 38}}};

Option<GlobalSettings>::Parse add_expression(std::vector<std::string> GlobalSettings::*list) {
    return [list](GlobalSettings& global, std::string_view value, const ConfigEntry&) -> Result<void> {
        if (auto tried = match_posix({}, value, false); !tried) return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", value, tried.error().text);
        (global.*list).emplace_back(value);
        return {};
    };
}

Option<AclSettings>::Parse add_rules(AccessList AclSettings::*list, bool permit) {
    return [list, permit](AclSettings& acl, std::string_view value, const ConfigEntry&) { return (acl.*list).add(permit, value); };
}

std::string print_matches(const IdentifySettings& identify) {
    std::vector<std::string> all = identify.names;
    for (const Subnet& subnet : identify.match) all.push_back(subnet.to_string());
    return join(all, ",");
}

// As they are written, with commas.
std::string print_header_matches(const std::vector<IdentifySettings::HeaderMatch>& matches) {
    std::vector<std::string> all;
    for (const auto& match : matches) {
        const std::string value = match.expression ? "/" + match.value + "/" : match.value;
        all.push_back(match.name.empty() ? value : match.name + ": " + value);
    }
    return join(all, ",");
}

}  // namespace

Result<int> parse_type_of_service(std::string_view value) {
    for (const auto& [name, code] : service_classes)
        if (equals_ignoring_case(name, value)) return code;
    const bool hex = starts_with_ignoring_case(value, "0x");
    const auto number = hex ? parse_hex(value.substr(2)) : parse_number<int>(value);
    if (!number || *number < 0 || *number > 255) return fail(ErrorCode::invalid, "needs ef, cs0 to cs7, af11 to af43 or 0 to 255, not '{}'", value);
    return *number / 4;
}

const char* type_of_service_name(int code_point) {
    const auto found = std::ranges::find(service_classes, code_point, &std::pair<const char*, int>::second);
    return found == service_classes.end() ? nullptr : found->first;
}

const Options<AclSettings>& acl_options() {
    using A = AclSettings;
    static const Options<A> options{
        {"acl", &A::acl, {}, "Lists of acl.conf that whoever sends us anything must satisfy; with commas"},
        {"contact_acl", &A::contact_acl, {}, "The same for the addresses of contacts that are registered"},
        {"permit", add_rules(&A::sources, true), "", "Networks let in; in order with deny, the last that has an address decides"},
        {"deny", add_rules(&A::sources, false), "", "Networks kept out"},
        {"contact_permit", add_rules(&A::contacts, true), "", "Networks that contacts may be in"},
        {"contact_deny", add_rules(&A::contacts, false), "", "Networks that they may not be in"},
    };
    return options;
}

std::string subnet_list(const std::vector<Subnet>& subnets) {
    std::vector<std::string> all;
    for (const Subnet& subnet : subnets) all.push_back(subnet.to_string());
    return join(all, ",");
}

const Options<AorSettings>& aor_options() {
    using A = AorSettings;
    using O = Option<A>;
    static const Options<A> options{
        {"contact", &A::contacts, {}, "Permanent contact, a SIP URI; may be repeated"},
        {"max_contacts", &A::max_contacts, 0, Range{0, 10000}, "Registrations kept at a time; 0: none may register"},
        {"remove_existing", &A::remove_existing, false, "A registration beyond max_contacts replaces the oldest"},
        {"remove_unavailable", &A::remove_unavailable, false, "With remove_existing: unreachable contacts go first"},
        {"default_expiration", &A::default_expiration, 3600s, Range{1s, 604800s}, "Expiry of registrations that name none"},
        {"minimum_expiration", &A::minimum_expiration, 60s, Range{1s, 604800s}, "Shorter ones are refused with 423"},
        {"maximum_expiration", &A::maximum_expiration, 7200s, Range{1s, 604800s}, "Longer ones are shortened"},
        {"qualify_frequency", &A::qualify_frequency, 0s, Range{0s, 86400s}, "Ask each contact by OPTIONS at this interval; 0: never"},
        {"qualify_timeout", &A::qualify_timeout, 3000ms, Range{1ms, 60000ms}, "Without an answer by then it is unreachable", 1s},
        {"authenticate_qualify", &A::authenticate_qualify, false, "A challenge to that OPTIONS is answered by the endpoint's outbound_auth; no: it counts as any answer does"},
        O::ignored("support_path", "Path (RFC 3327) is kept whenever a registration has it"),
        {"outbound_proxy", &A::outbound_proxy, "", "Full SIP URI of the proxy for requests to its permanent contacts"},
        {"mailboxes", &A::mailboxes, {}, "Mailboxes (box@context) that a subscription to message-summary of it is told of"},
        {"voicemail_extension", &A::voicemail_extension, "", "Extension to call for these messages; empty: the endpoint's"},
        {"qualify_2xx_only", &A::qualify_2xx_only, false, "Only a 2xx to OPTIONS counts as reachable; else any answer does"},
    };
    return options;
}

const Options<AuthSettings>& auth_options() {
    using A = AuthSettings;
    using O = Option<A>;
    static const Options<A> options{
        {"auth_type", O::Parse(set_auth_type), "userpass", "userpass (a password), md5 (md5_cred) or digest",
         [](const A& a) { return std::string(!a.md5_cred.empty() && a.password.empty() ? "md5" : a.sha256_cred.empty() || !a.password.empty() ? "userpass" : "digest"); }},
        {"username", &A::username, "", "Name that the client gives"},
        {"password", &A::password, "", "Its password"},
        {"realm", &A::realm, "", "Realm of the challenge; empty: default_realm of type=global"},
        {"md5_cred", &A::md5_cred, "", "MD5 of username:realm:password, instead of the password"},
        {"password_digest", O::Parse(set_password_digest), "", "ALGORITHM:hash of username:realm:password; with commas, may be repeated"},
        algorithm_list("supported_algorithms_uas", &A::algorithms, "",
                       "Algorithms offered to clients, best first: MD5, SHA-256, SHA-512-256; empty: default_auth_algorithms_uas of type=global"),
        algorithm_list("supported_algorithms_uac", &A::client_algorithms, "",
                       "Algorithms answered when we are challenged; empty: default_auth_algorithms_uac of type=global"),
        O::ignored("nonce_lifetime", "a challenge is good for 32 seconds"),
        O::absent("oauth_clientid", "OAuth is not available"),
        O::absent("oauth_secret", "OAuth is not available"),
        O::absent("refresh_token", "OAuth is not available"),
    };
    return options;
}

const Options<TransportSettings>& transport_options() {
    using T = TransportSettings;
    using O = Option<T>;
    static const Options<T> options{
        {"protocol", &T::protocol, T::Protocol::udp,
         Words<T::Protocol>{{"udp", T::Protocol::udp}, {"tcp", T::Protocol::tcp}, {"tls", T::Protocol::tls},
                            {"ws", T::Protocol::ws}, {"wss", T::Protocol::wss}},
         "What carries the messages; ws and wss: WebSocket for browsers, on a port of its own"},
        {"bind", O::Parse(set_bind), "", "Address and port to listen on, 0.0.0.0 for all; without a port 5060, and 5061 for tls",
         [](const T& now) { return now.bind.valid() ? now.bind.to_string() : std::string(); }},
        {"external_media_address", &T::external_media_address, "", "Our media address for those outside of local_net"},
        {"external_signaling_address", &T::external_signaling_address, "", "Our SIP address for those outside of local_net"},
        {"external_signaling_port", &T::external_signaling_port, 0, Range{0, 65535}, "Our SIP port for them; 0: the bound one"},
        {"local_net", O::Parse(add_local_net), "", "Networks that reach us directly; may be repeated", [](const T& now) { return subnet_list(now.local_net); }},
        {"tos", O::Parse([](T& transport, std::string_view value, const ConfigEntry&) -> Result<void> {
             transport.tos = JF_TRY(parse_type_of_service(value));
             return {};
         }), "cs3", "Type of service of signalling: ef, cs0 to cs7, af11 to af43, or the octet as a number",
         [](const T& now) { const char* name = type_of_service_name(now.tos); return name ? std::string(name) : std::to_string(now.tos * 4); }},
        O::ignored("allow_reload", "a reload opens a transport anew when its address or protocol changed, and only then"),
        O::ignored("cos", "class of service is not set"),
        O::ignored("async_operations", "sockets are read in batches"),
        O::ignored("domain", "the address is used"),
        O::absent("password", "private keys are read without a passphrase; take it off by `openssl pkey` and remove the line"),
        tls_option<T>("cert_file", tls_of, &TlsSettings::certificate_file, "TLS: our certificate and those that signed it, in PEM form"),
        tls_option<T>("priv_key_file", tls_of, &TlsSettings::key_file, "TLS: its private key; without it, the key is in cert_file"),
        tls_option<T>("ca_list_file", tls_of, &TlsSettings::ca_file, "TLS: certificates of those who may sign the other side's"),
        tls_option<T>("ca_list_path", tls_of, &TlsSettings::ca_path, "TLS: a folder of such certificates"),
        {"cipher", O::Parse(set_ciphers), "", "TLS: ciphers as `openssl ciphers` names them, separated by commas; empty: OpenSSL's choice",
         [](const T& now) { return now.tls.ciphers; }},
        {"method", O::Parse(set_method), "default", "TLS: default is 1.2 and 1.3; tlsv1, tlsv1_1, tlsv1_2, tlsv1_3: that version and no other"},
        tls_option<T>("verify_client", tls_of, &TlsSettings::verify_peer, "TLS: a client's certificate must be trusted if it sends one"),
        tls_option<T>("require_client_cert", tls_of, &TlsSettings::require_peer, "TLS: with verify_client, a client must send one"),
        {"verify_server", &T::verify_server, false, "TLS: servers that we connect to must show a trusted certificate of their name"},
        {"max_connections", &T::max_connections, 20000, Range{0, 1000000}, "Connections at a time; further ones are closed. 0: without limit"},
        {"max_connections_per_source", &T::max_connections_per_source, 5000, Range{0, 1000000}, "The same of one address"},
        {"proxy_protocol", &T::proxy_protocol, false,
         "Connections of trusted_proxies begin with a header of the PROXY protocol, version 1 or 2 (HAProxy: send-proxy), and are their clients'"},
        {"trusted_proxies", O::Parse([](T& transport, std::string_view value, const ConfigEntry&) -> Result<void> {
             for (const std::string_view part : split_list(value)) transport.trusted_proxies.push_back(JF_TRY(Subnet::parse(part)));
             return {};
         }), "", "Fronts that are believed: addresses or networks; may be repeated. ws and wss: their X-Forwarded-For names the client"},
        {"tcp_keepalive_enable", &T::tcp_keepalive, true, "TCP's own probes of idle connections"},
        {"tcp_keepalive_idle_time", &T::tcp_keepalive_idle, 30s, Range{1s, 32767s}, "Idle for so long, a connection is probed"},
        {"tcp_keepalive_interval_time", &T::tcp_keepalive_interval, 10s, Range{1s, 32767s}, "Between probes"},
        {"tcp_keepalive_probe_count", &T::tcp_keepalive_probes, 5, Range{1, 127}, "Unanswered probes that end it"},
        O::ignored("websocket_write_timeout", "a slow client holds nobody up; what waits for it is bounded"),
        O::ignored("symmetric_transport", "requests go out by the transport of the registration"),
        O::absent("allow_wildcard_certs", "a certificate for *.example.com is good for its hosts always, as RFC 6125 has it; remove the line"),
    };
    return options;
}

const Options<IdentifySettings>& identify_options() {
    using I = IdentifySettings;
    using O = Option<I>;
    static const Options<I> options{
        {"endpoint", &I::endpoint, "", "The endpoint that such requests are from"},
        {"match", O::Parse(add_match), "", "Addresses, networks or host names (looked up at start and reload); may be repeated", print_matches},
        {"srv_lookups", &I::srv_lookups, true, "Look host names up by SRV first"},
        {"match_header", O::Parse(add_match_header), "", "Header: value or Header: /regular expression/; may be repeated",
         [](const I& now) { return print_header_matches(now.headers); }},
        {"match_request_uri", O::Parse(add_match_uri), "", "Request URI, or /regular expression/; may be repeated",
         [](const I& now) { return print_header_matches(now.request_uris); }},
    };
    return options;
}

const Options<PublicationSettings>& publication_options() {
    using P = PublicationSettings;
    static const Options<P> options{
        {"endpoint", &P::endpoint, "", "The endpoint that may publish it"},
        {"event_presence", &P::event_presence, false, "Presence (PIDF) may be published; hints and PRESENCE_STATE() see it as PJSIP:NAME"},
        {"event_asterisk-devicestate", &P::device_exchange, "", "The asterisk-publication that takes device states of another server"},
        Option<P>::absent("event_dialog", "states of dialogs are not taken by PUBLISH; remove the line"),
        {"event_asterisk-mwi", &P::mailbox_exchange, "", "The asterisk-publication that takes mailbox states of another server"},
    };
    return options;
}

const Options<ResourceListSettings>& resource_list_options() {
    using R = ResourceListSettings;
    static const Options<R> options{
        {"event", &R::event, "", "presence, dialog or message-summary"},
        {"list_item", &R::items, {}, "What is watched: extensions, addresses of record, or other lists; with commas, may be repeated"},
        {"full_state", &R::full_state, false, "Each NOTIFY tells of all items; no: of those that have changed"},
        {"notification_batch_interval", &R::notification_batch_interval, 0ms, Range{0ms, 60000ms}, "Milliseconds that a change waits for others, to be told with them", 1ms},
        {"resource_display_name", &R::resource_display_name, false, "NOTIFYs have the items' names"},
    };
    return options;
}

const Options<GlobalSettings>& global_options() {
    using G = GlobalSettings;
    using O = Option<G>;
    static const Options<G> options{
        {"user_agent", &G::user_agent, "Jackfield", "User-Agent and Server headers"},
        {"max_forwards", &G::max_forwards, 70, Range{1, 255}, "Max-Forwards of our requests"},
        {"default_from_user", &G::default_from_user, "jackfield", "User part of From without a caller identity"},
        {"default_realm", &G::default_realm, "jackfield", "Realm of challenges"},
        {"debug", &G::debug, false, "Print every message"},
        {"keep_alive_interval", &G::keep_alive_interval, 90s, Range{0s, 86400s},
         "TCP and TLS connections get a ping (RFC 5626 4.4.1) at this interval; 0: none"},
        {"flow_timer", &G::flow_timer, 120s, Range{0s, 3600s},
         "Flow-Timer told to clients that register a connection as RFC 5626 has it: they send a keep-alive in that time, or it is closed 30 s later; 0: not told"},
        {"default_outbound_endpoint", &G::default_outbound_endpoint, "default_outbound_endpoint",
         "Endpoint whose options serve for messages to a bare URI; there need be none"},
        {"default_voicemail_extension", &G::default_voicemail_extension, "", "Extension to call for messages of those without one of their own"},
        {"drop_match", O::Parse(add_expression(&G::drop_match)), "", "Messages that this regular expression is found in are dropped unanswered; may be repeated"},
        {"reject_match", O::Parse(add_expression(&G::reject_match)), "", "The same, answered with 403 when they are requests"},
        {"capture_directory", &G::capture_directory, "", "Where `channel capture start` writes its files; nothing: the folder capture of the spool directory"},
        {"capture_max_size", &G::capture_max_size, 100, Range{1, 65536}, "A capture ends when its file has so many MiB"},
        {"capture_max_time", &G::capture_max_time, 3600s, Range{1s, 604800s}, "A capture ends after so long"},
        {"capture_max_calls", &G::capture_max_calls, 10, Range{0, 1000}, "So many calls are captured at a time"},
        O::ignored("endpoint_identifier_order", "the order is line, ip, header, request_uri, username, auth_username, anonymous"),
        O::ignored("disable_multi_domain", "user names are looked up without a domain"),
        O::ignored("max_initial_qualify_time", "the first questions are spread over the interval"),
        O::ignored("unidentified_request_count", "unknown sources are limited in the log"),
        O::ignored("unidentified_request_period", "unknown sources are limited in the log"),
        O::ignored("unidentified_request_prune_interval", "unknown sources are limited in the log"),
        O::ignored("contact_expiration_check_interval", "registrations end on time"),
        O::ignored("mwi_tps_queue_high", "there are no task queues"),
        O::ignored("mwi_tps_queue_low", "there are no task queues"),
        {"mwi_disable_initial_unsolicited", &G::mwi_disable_initial_unsolicited, false, "At start phones are not told of their messages, only when they register and at changes"},
        O::ignored("ignore_uri_user_options", "options in user names are ignored"),
        O::ignored("use_callerid_contact", "the endpoint's contact_user is used"),
        O::ignored("send_contact_status_on_update_registration", "contact events come with management"),
        O::ignored("taskprocessor_overload_trigger", "overload is told by the age of packets"),
        O::ignored("norefersub", "it is answered as RFC 4488 says"),
        O::ignored("allow_sending_180_after_183", "a 180 after early media is sent"),
        O::ignored("all_codecs_on_empty_reinvite", "a re-INVITE without an offer is answered with all allowed codecs"),
        O::ignored("regcontext", "extensions of registered phones are not added"),
        algorithm_list("default_auth_algorithms_uas", &G::algorithms_uas, "MD5",
                       "Algorithms that auth objects without supported_algorithms_uas offer, best first; MD5 alone, as many phones know no other"),
        algorithm_list("default_auth_algorithms_uac", &G::algorithms_uac, "",
                       "Algorithms that auth objects without supported_algorithms_uac answer; empty: MD5, SHA-256 and SHA-512-256"),
    };
    return options;
}

const Options<DomainAliasSettings>& domain_alias_options() {
    static const Options<DomainAliasSettings> options{
        Option<DomainAliasSettings>::ignored("domain", "user names are looked up without a domain, so every domain is an alias of every other"),
    };
    return options;
}

const Options<SystemSettings>& system_options() {
    using S = SystemSettings;
    using O = Option<S>;
    static const Options<S> options{
        {"timer_t1", &S::timer_t1, 500ms, Range{10ms, 5000ms}, "Round-trip estimate (RFC 3261 17)"},
        {"timer_b", &S::timer_b, 32000ms, Range{50ms, 120000ms}, "An unanswered request fails after this time"},
        O::ignored("compact_headers", "headers are sent with their full names"),
        O::ignored("taskpool_minimum_size", "there is no task pool"),
        O::ignored("taskpool_initial_size", "there is no task pool"),
        O::ignored("taskpool_auto_increment", "there is no task pool"),
        O::ignored("taskpool_idle_timeout", "there is no task pool"),
        O::ignored("taskpool_max_size", "there is no task pool"),
        O::ignored("threadpool_initial_size", "there is no thread pool"),
        O::ignored("threadpool_auto_increment", "there is no thread pool"),
        O::ignored("threadpool_idle_timeout", "there is no thread pool"),
        O::ignored("threadpool_max_size", "there is no thread pool"),
        O::ignored("disable_tcp_switch", "requests are sent by the transport of the contact"),
        O::ignored("follow_early_media_fork", "early media of the first fork is heard"),
        O::ignored("accept_multiple_sdp_answers", "the first answer counts"),
        O::ignored("disable_rport", "rport is used (RFC 3581)"),
    };
    return options;
}

}  // namespace jackfield::sip
