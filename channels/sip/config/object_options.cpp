// The options of aor, auth, transport, identify, inbound-publication, global and system.
#include "channels/sip/config/object_options.hpp"

#include <algorithm>
#include <array>
#include <utility>

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

Result<void> add_algorithms(AuthSettings& auth, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) {
        if (!equals_ignoring_case(part, "MD5") && !equals_ignoring_case(part, "SHA-256"))
            return fail(ErrorCode::invalid, "'{}' is no digest algorithm known here; write MD5 or SHA-256", part);
        auth.algorithms.push_back(to_upper(part));
    }
    return {};
}

Result<void> set_auth_type(AuthSettings&, std::string_view value, const ConfigEntry&) {
    for (const std::string_view known : {"userpass", "md5", "digest"})
        if (equals_ignoring_case(value, known)) return {};
    return fail(ErrorCode::invalid, "'{}' is not available; write userpass, md5 or digest", value);
}

Result<void> set_password_digest(AuthSettings& auth, std::string_view value, const ConfigEntry&) {
    const Halves parts = split_once(value, ':');
    if (!parts.found) return fail(ErrorCode::invalid, "needs ALGORITHM:hash, for instance MD5:0123...");
    if (equals_ignoring_case(parts.first, "MD5")) {
        auth.md5_cred = parts.second;
    } else if (equals_ignoring_case(parts.first, "SHA-256")) {
        auth.sha256_cred = parts.second;
    } else {
        return fail(ErrorCode::invalid, "'{}' is no digest algorithm known here; write MD5 or SHA-256", parts.first);
    }
    return {};
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
        O::ignored("authenticate_qualify", "without qualify_2xx_only any answer to OPTIONS counts, a challenge too"),
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
        {"password_digest", O::Parse(set_password_digest), "", "ALGORITHM:hash of username:realm:password; may be repeated"},
        {"supported_algorithms_uas", O::Parse(add_algorithms), "SHA-256,MD5", "Algorithms offered to clients, best first"},
        {"supported_algorithms_uac", O::Parse([](A&, std::string_view, const ConfigEntry&) -> Result<void> { return {}; }), "SHA-256,MD5",
         "Algorithms answered when we are challenged"},
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
        {"tos", &T::tos, 24, Range{0, 63}, "Differentiated services code point of signalling"},
        O::ignored("allow_reload", "a reload opens a transport anew when its address or protocol changed, and only then"),
        O::ignored("cos", "class of service is not set"),
        O::ignored("async_operations", "sockets are read in batches"),
        O::ignored("domain", "the address is used"),
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
        Option<P>::absent("event_asterisk-devicestate", "device states are not exchanged by PUBLISH; remove the line"),
        Option<P>::absent("event_asterisk-mwi", "mailboxes are not exchanged by PUBLISH; remove the line"),
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
        {"default_outbound_endpoint", &G::default_outbound_endpoint, "default_outbound_endpoint",
         "Endpoint whose options serve for messages to a bare URI; there need be none"},
        {"default_voicemail_extension", &G::default_voicemail_extension, "", "Extension to call for messages of those without one of their own"},
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
