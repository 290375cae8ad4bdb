// The objects of pjsip.conf as values: endpoint, aor, auth, transport, identify, registration, resource_list,
// inbound-publication, global, system.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "channels/sip/stack/client_publication.hpp"
#include "channels/sip/stack/client_registration.hpp"
#include "channels/sip/stack/client_subscription.hpp"
#include "channels/sip/stack/session_timer.hpp"
#include "channels/sip/stack/transport_attributes.hpp"
#include "core/base/address.hpp"
#include "core/channel/identity.hpp"
#include "core/media/format.hpp"
#include "core/runtime/access_list.hpp"
#include "core/runtime/dtls.hpp"
#include "core/runtime/tls.hpp"

namespace jackfield::sip {

// Of provisional responses (RFC 3262): off; used when the other side insists; insisted upon; used whenever it can.
enum class ReliableMode : std::uint8_t { no, yes, required, peer_supported };

// How a changed identity is told: by UPDATE when the far side allows it, else by re-INVITE; by UPDATE or not at all.
enum class ConnectedLineMethod : std::uint8_t { invite, update };

// How media that goes past us is described anew, and whose re-INVITEs may meet the far server's (direct_media_*).
enum class DirectMediaMethod : std::uint8_t { invite, update };
enum class GlareMitigation : std::uint8_t { none, outgoing, incoming };

enum class MediaEncryption : std::uint8_t { no, sdes, dtls };

// What DTLS-SRTP of an endpoint looks at: the certificate's fingerprint (RFC 5763 5), its signer, both, nothing.
enum class DtlsVerify : std::uint8_t { fingerprint, certificate, both, no };

// dtls_* of an endpoint; few have it.
struct DtlsOptions {
    DtlsSettings settings;
    bool auto_generate = false;
    DtlsVerify verify = DtlsVerify::fingerprint;
    DtlsSetup setup = DtlsSetup::actpass;
    FingerprintHash hash = FingerprintHash::sha256;
    std::shared_ptr<const DtlsContext> context;  // made of that
};

enum class DtmfMode : std::uint8_t { rfc4733, inband, info, automatic, auto_info, none };

struct EndpointSettings {
    std::string name;
    std::string context = "default";
    std::string transport;                      // preferred one for requests that we begin; empty: by address
    std::vector<std::string> aors, auth, outbound_auth, identify_by;
    std::string outbound_proxy;
    FormatList formats;                         // allow, disallow
    PartyId caller_id;
    std::string caller_id_tag;
    Presentation caller_id_privacy = Presentation::allowed_not_screened;
    bool trust_id_inbound = false, trust_id_outbound = false, send_pai = false, send_rpid = false;
    bool send_diversion = true, send_history_info = false, trust_connected_line = true, send_connected_line = true, rpid_immediate = false;
    ConnectedLineMethod connected_line_method = ConnectedLineMethod::invite;
    ReliableMode reliable = ReliableMode::yes;
    SessionTimerMode timers = SessionTimerMode::yes;
    std::chrono::seconds timers_sess_expires{1800}, timers_min_se{90};
    SessionTimerRules session_timer() const { return {timers, timers_sess_expires, timers_min_se}; }
    std::string from_user, from_domain, contact_user;
    std::string overlap_context;                // of numbers that are dialled on (484); empty: context
    std::string message_context;                // for MESSAGE outside of calls; empty: context
    DtmfMode dtmf = DtmfMode::rfc4733;
    bool force_rport = true, rewrite_contact = false, rtp_symmetric = false;
    bool direct_media = false, disable_direct_media_on_nat = false;
    DirectMediaMethod direct_media_method = DirectMediaMethod::invite;
    GlareMitigation direct_media_glare_mitigation = GlareMitigation::none;
    bool allow_transfer = true, inband_progress = false, refer_blind_progress = true;
    bool user_eq_phone = false, suppress_q850 = false, ignore_183_without_sdp = false;
    bool allow_join = false, watch_conferences = false;
    bool allow_unauthenticated_options = false, suppress_moh_on_sendonly = false;
    bool rtcp_mux = false, rtcp_xr = false, comfort_noise = false, use_ptime = false, jitter_buffer = false, allow_overlap = true;
    std::string media_address;                  // in SDP instead of the transport's
    bool bind_rtp_to_media_address = false;
    std::uint32_t device_state_busy_at = 0;     // calls; 0: never
    bool allow_subscribe = true, notify_early_inuse_ringing = false;
    std::string subscribe_context;              // of hints; empty: context
    std::chrono::seconds sub_min_expiry{0};
    std::uint32_t max_subscriptions = 1000;
    std::vector<std::string> mailboxes;         // told without a subscription
    bool aggregate_mwi = true, mwi_subscribe_replaces_unsolicited = false;
    std::string mwi_from_user, voicemail_extension;
    std::string incoming_mwi_mailbox;           // set by its NOTIFYs of message-summary
    std::chrono::seconds rtp_timeout{0}, rtp_timeout_hold{0}, rtp_keepalive{0};
    MediaEncryption media_encryption = MediaEncryption::no;
    bool media_encryption_optimistic = false;   // plain media for those that can't
    std::uint32_t srtp_rekey_packets = 1u << 31;  // SDES: of ours under one key, then another one is offered; 0: never
    bool srtp_tag_32 = false;                   // AES_CM_128_HMAC_SHA1_32 is preferred
    std::shared_ptr<DtlsOptions> dtls;          // null: no option of it is written
    bool ice_support = false, bundle = false, use_avpf = false, force_avp = false, webrtc = false;
    int tos_audio = 46, tos_video = 0;
    std::uint32_t max_audio_streams = 1, max_video_streams = 1;
    std::string account_code, language, music_class, tone_zone, call_groups, pickup_groups, named_call_groups, named_pickup_groups;
    std::string sdp_owner = "-", sdp_session = "Jackfield";
    std::vector<std::pair<std::string, std::string>> variables;  // set_var
    std::vector<Subnet> permit, deny;           // deny first; an address in `permit` is let in again
    std::vector<std::string> acl, contact_acl;  // lists of acl.conf: where it may come from, and register contacts at
    AccessList contacts;                        // and of its own: contact_permit, contact_deny
    std::string file;                           // where its section stands, for messages
    int line = 0;
};

struct AorSettings {
    std::string name;
    std::vector<std::string> contacts;          // static ones, as URIs
    std::uint32_t max_contacts = 0;
    bool remove_existing = false, remove_unavailable = false;
    std::chrono::seconds default_expiration{3600}, minimum_expiration{60}, maximum_expiration{7200};
    std::chrono::seconds qualify_frequency{0};
    std::chrono::milliseconds qualify_timeout{3000};
    std::vector<std::string> mailboxes;         // told to those who subscribe to it
    std::string voicemail_extension;
    bool qualify_2xx_only = false, authenticate_qualify = false;
    std::string outbound_proxy;                 // for requests to its contacts
};

struct AuthSettings {
    std::string name, username, password, realm;
    std::string md5_cred;                       // HA1 for MD5 instead of a password
    std::string sha256_cred;                    // HA1 for SHA-256
    std::string sha512_256_cred;                // HA1 for SHA-512-256
    std::vector<std::string> algorithms;        // offered to clients, best first: "SHA-512-256", "SHA-256", "MD5"
    std::vector<std::string> client_algorithms; // answered when we are challenged; empty: all

    bool operator==(const AuthSettings&) const = default;
};

struct TransportSettings {
    std::string name;
    enum class Protocol : std::uint8_t { udp, tcp, tls, ws, wss } protocol = Protocol::udp;
    SocketAddress bind;
    TlsSettings tls;                            // of connections that come in; those that go out have the same files
    bool verify_server = false;                 // of those that go out
    std::shared_ptr<const TlsContext> server_tls, client_tls;  // made of that
    bool tcp_keepalive = true;
    std::chrono::seconds tcp_keepalive_idle{30}, tcp_keepalive_interval{10};
    int tcp_keepalive_probes = 5;
    std::string external_media_address, external_signaling_address;
    std::uint16_t external_signaling_port = 0;
    std::vector<Subnet> local_net;
    int tos = 24;
    std::uint32_t max_connections = 20000, max_connections_per_source = 5000;
    bool proxy_protocol = false;                // a front's connections begin with who it is
    std::vector<Subnet> trusted_proxies;        // the fronts that are believed

    bool secure() const { return protocol == Protocol::tls || protocol == Protocol::wss; }
    bool websocket() const { return protocol == Protocol::ws || protocol == Protocol::wss; }
    TlsSettings client_settings() const {
        TlsSettings client = tls;
        client.role = TlsSettings::Role::client;
        client.verify_peer = verify_server;
        return client;
    }
};

struct IdentifySettings {
    std::string name, endpoint;
    std::vector<Subnet> match;
    std::vector<std::string> names;             // of match, to be looked up
    bool srv_lookups = true;
    struct HeaderMatch {
        std::string name, value;
        bool expression = false;                // the value is a regular expression
    };
    std::vector<HeaderMatch> headers;           // any of them
    std::vector<HeaderMatch> request_uris;      // any of them; without names
};

// type=registration: one that we have at somebody else's registrar.
struct RegistrationSettings {
    std::string name;
    std::string server_uri, client_uri;         // Request-URI; To and From
    std::string contact_user = "s", contact_header_params;
    std::string outbound_proxy, transport, user_agent;
    std::string endpoint;                       // with line: whose the calls to our contact are
    std::vector<std::string> outbound_auth;
    bool line = false;                          // our contact bears a secret by which those calls are known
    bool support_path = false, support_outbound = false;
    std::uint32_t reg_id = 1;                   // of several flows
    std::chrono::seconds expiration{3600}, retry_interval{60}, forbidden_retry_interval{0}, fatal_retry_interval{0};
    std::uint32_t max_retries = 10;
    std::chrono::seconds max_random_initial_delay{10};
    bool auth_rejection_permanent = true;

    RegistrationRules rules() const {
        return {expiration, retry_interval, forbidden_retry_interval, fatal_retry_interval, max_retries, max_random_initial_delay,
                auth_rejection_permanent, support_outbound};
    }
    bool operator==(const RegistrationSettings&) const = default;
};

// type=outbound-subscription: one of ours to a state at another server.
struct OutboundSubscriptionSettings {
    std::string name, server_uri, event, mailbox, from_uri, to_uri, contact_user, outbound_proxy, transport;
    std::chrono::seconds expiration{3600}, retry_interval{60};
    std::vector<std::string> outbound_auth;

    const std::string& from() const { return from_uri.empty() ? server_uri : from_uri; }
    const std::string& to() const { return to_uri.empty() ? server_uri : to_uri; }
    SubscriptionRules rules() const { return {expiration, retry_interval}; }
    bool operator==(const OutboundSubscriptionSettings&) const = default;
};

// type=outbound-publish: states of our hints that are published at another server.
struct OutboundPublicationSettings {
    std::string name, server_uri, event, from_uri, to_uri, outbound_proxy, transport;
    std::string body, context, extension;       // @body, a content type; @context, @exten: regular expressions, empty: all
    std::chrono::seconds expiration{3600};
    unsigned max_auth_attempts = 5;
    bool multi_user = false;                    // the user parts of the URIs are the extension
    std::vector<std::string> outbound_auth;

    PublicationRules rules() const { return {expiration, std::chrono::seconds(60), max_auth_attempts}; }
    bool operator==(const OutboundPublicationSettings&) const = default;
};

// type=inbound-publication: what may be published (RFC 3903), under the section's name, and by whom.
struct PublicationSettings {
    std::string name, endpoint;
    bool event_presence = false;
    std::string device_exchange, mailbox_exchange;  // asterisk-publication objects that take these events; empty: they are refused
};

// type=asterisk-publication: device and mailbox states exchanged with another server.
struct ExchangeSettings {
    std::string name, devicestate_publish, mailboxstate_publish;  // outbound-publish objects
    bool device_state = false, mailbox_state = false;
    std::string device_state_filter, mailbox_state_filter;        // regular expressions; empty: all
};

// type=acl: for all that comes in.
struct AclSettings {
    std::string name;
    std::vector<std::string> acl, contact_acl;  // lists of acl.conf
    AccessList sources, contacts;
};

// type=resource_list: several resources that are subscribed to as one (RFC 4662).
struct ResourceListSettings {
    std::string name, event;
    std::vector<std::string> items;
    bool full_state = false, resource_display_name = false;
    std::chrono::milliseconds notification_batch_interval{0};
};

struct GlobalSettings {
    std::string user_agent = "Jackfield", default_from_user = "jackfield", default_realm = "jackfield";
    std::uint32_t max_forwards = 70;
    std::string default_outbound_endpoint = "default_outbound_endpoint";
    std::chrono::seconds keep_alive_interval{90}, flow_timer{120};
    bool debug = false;
    std::string default_voicemail_extension;
    bool mwi_disable_initial_unsolicited = false;
    std::vector<std::string> algorithms_uas{"MD5"}, algorithms_uac;  // of auth objects that name none; uac empty: all
    std::string capture_directory;  // empty: `capture` in the spool directory
    std::uint32_t capture_max_size = 100, capture_max_calls = 10;  // MiB of one file; at a time
    std::chrono::seconds capture_max_time{3600};
    std::vector<std::string> drop_match, reject_match;  // regular expressions over whole messages
};

struct SystemSettings {
    std::chrono::milliseconds timer_t1{500}, timer_b{32000};
};

}  // namespace jackfield::sip
