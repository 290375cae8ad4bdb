// The options of type=endpoint: identity, signalling, media.
#include "channels/sip/config/object_options.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;
using E = EndpointSettings;
using O = Option<E>;

// Asterisk has it and this release has not: only the value that changes nothing is taken.
O later(std::string_view name, std::string_view harmless, std::string_view what) {
    return O(name,
             [harmless = std::string(harmless), what = std::string(what)](E&, std::string_view value, const ConfigEntry&) -> Result<void> {
                 if (equals_ignoring_case(value, harmless)) return {};
                 const auto off = parse_bool(value), none = parse_bool(harmless);
                 if (off && none && *off == *none) return {};
                 return fail(ErrorCode::unsupported, "is not available yet ({}): write {} or leave it out", what, harmless);
             },
             harmless, what);
}

Result<void> set_variable(E& endpoint, std::string_view value, const ConfigEntry&) {
    const Halves parts = split_once(value, '=');
    if (!parts.found || trim(parts.first).empty()) return fail(ErrorCode::invalid, "needs name=value, not '{}'", value);
    endpoint.variables.emplace_back(trim(parts.first), trim(parts.second));
    return {};
}

Result<void> add_subnets(std::vector<Subnet>& subnets, std::string_view value) {
    for (const std::string_view part : split_list(value)) subnets.push_back(JF_TRY(Subnet::parse(part)));
    return {};
}

std::string print_variables(const E& endpoint) {
    std::vector<std::string> all;
    for (const auto& [name, value] : endpoint.variables) all.push_back(name + "=" + value);
    return join(all, ",");
}

Result<void> set_privacy(E& endpoint, std::string_view value, const ConfigEntry&) {
    endpoint.caller_id_privacy = JF_TRY(parse_presentation(value));
    return {};
}

std::vector<O> identity_table() {
    return {
        {"callerid", O::Parse([](E& e, std::string_view value, const ConfigEntry&) -> Result<void> {
             e.caller_id = PartyId::parse(value);
             return {};
         }), "", "Identity of this endpoint when it calls: \"Name\" <number>", [](const E& e) { return e.caller_id.to_string(); }},
        {"callerid_tag", &E::caller_id_tag, "", "Tag of that identity"},
        {"callerid_privacy", O::Parse(set_privacy), "allowed_not_screened", "Presentation of that identity",
         [](const E& e) { return std::string(to_string(e.caller_id_privacy)); }},
        {"trust_id_inbound", &E::trust_id_inbound, false, "Believe P-Asserted-Identity and Remote-Party-ID of this endpoint"},
        {"trust_id_outbound", &E::trust_id_outbound, false, "Send private identities to this endpoint"},
        {"send_pai", &E::send_pai, false, "Send P-Asserted-Identity (RFC 3325)"},
        {"send_rpid", &E::send_rpid, false, "Send Remote-Party-ID"},
        {"send_diversion", &E::send_diversion, true, "Send Diversion (RFC 5806) on redirected calls"},
        {"send_history_info", &E::send_history_info, false, "Send History-Info (RFC 7044) on redirected calls"},
        {"send_connected_line", &E::send_connected_line, true, "Tell this endpoint when the connected party changes (needs send_pai or send_rpid)"},
        {"connected_line_method", &E::connected_line_method, ConnectedLineMethod::invite,
         Words<ConnectedLineMethod>{{"invite", ConnectedLineMethod::invite}, {"reinvite", ConnectedLineMethod::invite},
                                    {"update", ConnectedLineMethod::update}},
         "How that is told: invite takes UPDATE when its Allow names it, else a re-INVITE; update never a re-INVITE"},
        {"rpid_immediate", &E::rpid_immediate, false, "A change before the answer is told at once by another 180 or 183"},
        {"trust_connected_line", &E::trust_connected_line, true, "Believe changes of the connected party that it tells"},
        {"from_user", &E::from_user, "", "User part of From in requests to this endpoint"},
        {"from_domain", &E::from_domain, "", "Host part of From in requests to this endpoint"},
        {"contact_user", &E::contact_user, "", "User part of Contact in requests to this endpoint"},
        {"accountcode", &E::account_code, "", "Account code of its channels"},
        {"language", &E::language, "", "Language of prompts for its channels"},
        {"moh_suggest", &E::music_class, "default", "Music on hold class suggested to the held side"},
        {"tone_zone", &E::tone_zone, "", "Country of its tones (indications.conf)"},
        {"call_group", &E::call_groups, "", "Numbered call groups, for pickup"},
        {"pickup_group", &E::pickup_groups, "", "Numbered groups that it may pick up"},
        {"named_call_group", &E::named_call_groups, "", "Named call groups, for pickup"},
        {"named_pickup_group", &E::named_pickup_groups, "", "Named groups that it may pick up"},
        {"mailboxes", &E::mailboxes, {}, "Mailboxes (box@context) that it is told of without a subscription: when it registers and at each change"},
        {"message_context", &E::message_context, "", "Context of the dialplan for its text messages (MESSAGE); empty: `context`"},
        {"set_var", O::Parse(set_variable), "", "Variable set on each of its channels: name=value; may be repeated", print_variables},
        {"device_state_busy_at", &E::device_state_busy_at, 0, Range{0, 10000}, "Calls at which its state is BUSY; 0: never"},
    };
}

std::vector<O> signalling_table() {
    return {
        {"context", &E::context, "default", "Context of the dialplan for its calls"},
        {"subscribe_context", &E::subscribe_context, "", "Context of the hints that it subscribes to; empty: context"},
        {"transport", &E::transport, "", "Transport for requests to it; empty: one that fits the address"},
        {"aors", &E::aors, {}, "Addresses of record where it is reached"},
        {"auth", &E::auth, {}, "auth objects that its requests must satisfy"},
        {"outbound_auth", &E::outbound_auth, {}, "auth objects that answer its challenges"},
        {"identify_by", &E::identify_by, {}, "How requests are known to be from it: username, ip, auth_username, header, request_uri"},
        {"outbound_proxy", &E::outbound_proxy, "", "Full SIP URI of the proxy for requests to it"},
        {"force_rport", &E::force_rport, true, "Answer to where requests came from (RFC 3581)"},
        {"rewrite_contact", &E::rewrite_contact, false, "Reach it where its requests came from, not at its Contact"},
        {"100rel", &E::reliable, ReliableMode::yes,
         Words<ReliableMode>{{"no", ReliableMode::no}, {"yes", ReliableMode::yes}, {"required", ReliableMode::required},
                             {"peer_supported", ReliableMode::peer_supported}},
         "Reliable provisional responses (RFC 3262): yes uses them when it insists, peer_supported whenever it can"},
        {"allow_transfer", &E::allow_transfer, true, "It may transfer by REFER"},
        {"allow_join", &E::allow_join, false, "It may join calls of others by INVITE with Join (RFC 3911), and hear and speak to both sides"},
        {"watch_conferences", &E::watch_conferences, false, "It may subscribe to the conference event (RFC 4575) also of bridges that it is not in"},
        {"allow_subscribe", &E::allow_subscribe, true, "It may subscribe to events (RFC 6665)"},
        {"max_subscriptions", &E::max_subscriptions, 1000, Range{0, 100000}, "Subscriptions that it may have at a time (Asterisk: without limit)"},
        {"allow_overlap", &E::allow_overlap, true, "Incomplete numbers are answered 484, so that it dials on"},
        {"overlap_context", &E::overlap_context, "", "Context whose extensions tell whether a number is incomplete; empty: context"},
        {"inband_progress", &E::inband_progress, false, "Ringing as early media instead of 180"},
        {"sdp_owner", &E::sdp_owner, "-", "Username in the o= line"},
        {"sdp_session", &E::sdp_session, "Jackfield", "Session name in the s= line"},
        {"permit", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return add_subnets(e.permit, value); }), "",
         "Networks let in although deny has them", [](const E& e) { return subnet_list(e.permit); }},
        {"deny", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return add_subnets(e.deny, value); }), "",
         "Networks that it may not come from", [](const E& e) { return subnet_list(e.deny); }},
        {"timers", &E::timers, SessionTimerMode::yes,
         Words<SessionTimerMode>{{"yes", SessionTimerMode::yes}, {"no", SessionTimerMode::no}, {"required", SessionTimerMode::required},
                                 {"always", SessionTimerMode::always}, {"forced", SessionTimerMode::always}},
         "Session timers (RFC 4028): calls without a refresh end. yes: when it can; required: calls without are refused; always: we "
         "refresh alone when it can't"},
        {"timers_min_se", &E::timers_min_se, 90s, Range{90s, 86400s}, "Shorter session intervals are refused with 422"},
        {"timers_sess_expires", &E::timers_sess_expires, 1800s, Range{90s, 86400s}, "Session interval that we ask for, and the longest that we grant"},
        {"user_eq_phone", &E::user_eq_phone, false, "Telephone numbers have user=phone in the URIs of our INVITEs: Request-URI, To, From and identities"},
        {"refer_blind_progress", &E::refer_blind_progress, true, "It is told how its blind transfers go; no: a success at once, for phones that wait for that"},
        {"notify_early_inuse_ringing", &E::notify_early_inuse_ringing, false, "dialog-info says early, not confirmed, of a phone in use that rings"},
        {"sub_min_expiry", &E::sub_min_expiry, 0s, Range{0s, 86400s}, "Shorter subscriptions are refused with 423"},
        {"aggregate_mwi", &E::aggregate_mwi, true, "Several mailboxes are told in one NOTIFY with their sum; no: one NOTIFY each"},
        {"mwi_from_user", &E::mwi_from_user, "", "User part of From in these NOTIFYs; empty: default_from_user of type=global"},
        {"mwi_subscribe_replaces_unsolicited", &E::mwi_subscribe_replaces_unsolicited, false,
         "While it subscribes to message-summary it is not told unasked; no: it may not subscribe to mailboxes that it is told of unasked"},
        {"incoming_mwi_mailbox", &E::incoming_mwi_mailbox, "", "Mailbox (box@context) that its own NOTIFYs of message-summary set: a provider tells of messages there"},
        {"voicemail_extension", &E::voicemail_extension, "", "Extension to call for its messages (Message-Account); empty: default_voicemail_extension"},
        O::ignored("redirect_method", "redirections go through the dialplan"),
        {"suppress_q850_reason_headers", &E::suppress_q850, false, "No Reason header (RFC 3326) with the Q.850 cause in BYE and refusals"},
        {"ignore_183_without_sdp", &E::ignore_183_without_sdp, false, "Its 183 without a description is not told to the caller, whose ring-back tone stays"},
        {"allow_unauthenticated_options", &E::allow_unauthenticated_options, false,
         "Its OPTIONS are answered without a challenge; whoever guesses its name learns that there is one"},
        {"acl", &E::acl, {}, "Lists of acl.conf that it must come from; with commas"},
        {"contact_acl", &E::contact_acl, {}, "Lists of acl.conf that the addresses of its contacts must be in"},
        {"contact_permit", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return e.contacts.add(true, value); }), "",
         "Networks that its contacts may be in; in order with contact_deny, the last that has an address decides"},
        {"contact_deny", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return e.contacts.add(false, value); }), "",
         "Networks that its contacts may not be in"},
    };
}

std::vector<O> media_table() {
    return {
        {"allow", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return e.formats.allow(value); }), "",
         "Codecs, best first: ulaw,alaw or !all,g722", [](const E& e) { return e.formats.to_string(); }},
        {"disallow", O::Parse([](E& e, std::string_view value, const ConfigEntry&) { return e.formats.disallow(value); }), "",
         "Codecs taken away, usually all"},
        {"dtmf_mode", &E::dtmf, DtmfMode::rfc4733,
         Words<DtmfMode>{{"rfc4733", DtmfMode::rfc4733}, {"inband", DtmfMode::inband}, {"info", DtmfMode::info},
                         {"auto", DtmfMode::automatic}, {"auto_info", DtmfMode::auto_info}, {"none", DtmfMode::none}},
         "How digits travel"},
        {"direct_media", &E::direct_media, false,
         "Media goes between the phones directly when both have this, nothing here needs to hear it (recording, music, feature codes, translation) and it "
         "is not encrypted; it comes back when something does. Asterisk's default is yes; here no, as it fails behind NAT"},
        {"direct_media_method", &E::direct_media_method, DirectMediaMethod::invite,
         Words<DirectMediaMethod>{{"invite", DirectMediaMethod::invite}, {"reinvite", DirectMediaMethod::invite}, {"update", DirectMediaMethod::update}},
         "How it is told where to send then: a re-INVITE, or an UPDATE if it allows that"},
        {"direct_media_glare_mitigation", &E::direct_media_glare_mitigation, GlareMitigation::none,
         Words<GlareMitigation>{{"none", GlareMitigation::none}, {"outgoing", GlareMitigation::outgoing}, {"incoming", GlareMitigation::incoming}},
         "Between two servers that both would re-INVITE: on calls to it (outgoing) or from it (incoming) we leave that to the other one, and answer its"},
        {"disable_direct_media_on_nat", &E::disable_direct_media_on_nat, false,
         "Not when its media address is another than the one that its signalling comes from; always so with rtp_symmetric"},
        {"rtp_symmetric", &E::rtp_symmetric, false, "Send media to where it comes from"},
        {"rtcp_mux", &E::rtcp_mux, false, "RTP and RTCP on one port (RFC 5761)"},
        {"rtcp_xr", &E::rtcp_xr, false,
         "Offers say that extended reports on quality are wanted (RFC 3611: VoIP metrics, statistics, round trip). Who asks us for them gets them in any case"},
        {"comfort_noise", &E::comfort_noise, false,
         "Offers have comfort noise (RFC 3389) beside the codecs, so that the phone may suppress silence. Without it they have it when the phone of the caller has; "
         "answers have it when it was offered"},
        {"use_ptime", &E::use_ptime, false, "Packet time as the other side asks for it"},
        {"media_address", &E::media_address, "", "Address of our media in SDP"},
        {"bind_rtp_to_media_address", &E::bind_rtp_to_media_address, false, "Bind media sockets to media_address"},
        {"rtp_timeout", &E::rtp_timeout, 0s, Range{0s, 86400s}, "End a call without media after this time; 0: never"},
        {"rtp_timeout_hold", &E::rtp_timeout_hold, 0s, Range{0s, 86400s}, "The same while it is on hold"},
        {"rtp_keepalive", &E::rtp_keepalive, 0s, Range{0s, 3600s}, "Send something at this interval when there is no media"},
        {"tos_audio", O::Parse([](E& e, std::string_view value, const ConfigEntry&) -> Result<void> {
             e.tos_audio = JF_TRY(parse_type_of_service(value));
             return {};
         }), "ef", "Type of service of audio packets"},
        {"tos_video", O::Parse([](E& e, std::string_view value, const ConfigEntry&) -> Result<void> {
             e.tos_video = JF_TRY(parse_type_of_service(value));
             return {};
         }), "0", "Type of service of video packets"},
        {"max_audio_streams", &E::max_audio_streams, 1, Range{1, 8},
         "Audio streams of a call; those after the first are passed on as they come, without translation"},
        {"max_video_streams", &E::max_video_streams, 1, Range{0, 8},
         "Video streams of a call. They are passed on as they come, so both sides need a video codec of `allow` in common; so does text (t140, red)"},
        later("moh_passthrough", "no", "hold passed on to the other side"),
        {"suppress_moh_on_sendonly", &E::suppress_moh_on_sendonly, false, "When it holds the call (sendonly, inactive) the other side hears no music"},
        {"use_jitterbuffer", &E::jitter_buffer, false, "Even out arriving audio before it is used"},
        {"media_encryption", &E::media_encryption, MediaEncryption::no,
         Words<MediaEncryption>{{"no", MediaEncryption::no}, {"sdes", MediaEncryption::sdes}, {"dtls", MediaEncryption::dtls}},
         "Media is encrypted (SRTP). sdes: by keys in SDP, so signalling should be encrypted too; dtls: by keys that the two sides agree upon beside "
         "the media (DTLS-SRTP). Calls without are refused with 488"},
        {"media_encryption_optimistic", &E::media_encryption_optimistic, false, "With media_encryption: plain media for those that can't"},
        {"srtp_rekey_packets", &E::srtp_rekey_packets, 2147483648u, Range<std::uint32_t>{0, 2147483648u},
         "media_encryption=sdes: a new key of ours is offered after so many packets under one; 0: never. RFC 3711 allows 2^48, and 2^31 of RTCP"},
        {"srtp_tag_32", &E::srtp_tag_32, false, "Prefer the suite whose packets are authenticated by 32 bits instead of 80"},
        later("t38_udptl", "no", "T.38 fax"),
        later("fax_detect", "no", "fax detection"),
        later("rtp_ipv6", "no", "IPv6 media for IPv4 signalling"),
        O::ignored("t38_udptl_ec", "T.38 fax is not available yet"),
        O::ignored("t38_udptl_maxdatagram", "T.38 fax is not available yet"),
        O::ignored("t38_udptl_nat", "T.38 fax is not available yet"),
        O::ignored("media_use_received_transport", "SDP is answered with the profile that was offered"),
        O::ignored("rtp_engine", "there is one"),
        O::ignored("asymmetric_rtp_codec", "each direction has its own codec"),
        O::ignored("preferred_codec_only", "the codec is chosen by codec_prefs' default: the endpoint's order"),
        O::ignored("codec_prefs_incoming_offer", "the endpoint's order is used"),
        O::ignored("codec_prefs_outgoing_offer", "the endpoint's order is used"),
        O::ignored("codec_prefs_incoming_answer", "the endpoint's order is used"),
        O::ignored("codec_prefs_outgoing_answer", "the endpoint's order is used"),
        O::ignored("follow_early_media_fork", "early media of the first fork is heard"),
        O::ignored("accept_multiple_sdp_answers", "the first answer counts"),
        O::ignored("one_touch_recording", "recording features are not available yet"),
        O::ignored("cos_audio", "class of service is not set"),
        O::ignored("cos_video", "class of service is not set"),
        O::ignored("stir_shaken", "call attestation is not available yet"),
    };
}

}  // namespace

const Options<EndpointSettings>& endpoint_options() {
    static const Options<EndpointSettings> options = [] {
        std::vector<O> all = signalling_table();
        for (auto&& part : {identity_table(), media_table(), media_transport_table(), declined_endpoint_table()}) all.insert(all.end(), part.begin(), part.end());
        return Options<EndpointSettings>(all);
    }();
    return options;
}

}  // namespace jackfield::sip
