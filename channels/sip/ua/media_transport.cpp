// The transport below a call's media in offers and answers: ICE (RFC 8839), DTLS-SRTP (RFC 5763, RFC 8842), bundling (RFC 8843).
#include <fmt/core.h>

#include <algorithm>

#include "channels/sip/ua/media_session.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

const SdpMedia* described_audio(const SdpSession& session) {
    const auto found = std::ranges::find_if(session.media, [](const SdpMedia& media) { return media.type == "audio" && !media.refused(); });
    return found == session.media.end() ? nullptr : &*found;
}

void add_attribute(std::vector<SdpAttribute>& attributes, std::string_view name, std::string value) {
    attributes.push_back({std::string(name), std::move(value), true});
}

// RFC 8839 4.2.1.2: c= and m= name a candidate, or the far side takes it that somebody on the way changed them. Where only
// relayed ones are told, that is one of them.
void aim_at_relay(LocalMedia& audio, const std::vector<IceCandidate>& candidates) {
    const bool relayed = !candidates.empty() && std::ranges::all_of(candidates, [](const IceCandidate& each) { return each.kind == IceCandidate::Kind::relayed; });
    if (!relayed) return;
    for (const IceCandidate& each : candidates) {
        if (each.component == 2) audio.rtcp_port = each.address.port();
        if (each.component != 1) continue;
        audio.connection = {each.address.host(), each.address.is_v6()};
        audio.port = each.address.port();
    }
}

bool is_secured(std::string_view protocol) { return find_ignoring_case(protocol, "RTP/SAVP") != std::string_view::npos; }

}  // namespace

void MediaSession::describe_transport(LocalDescription& local, LocalMedia& audio) const {
    if (!protection_) return;
    RtpTransport* const transport = rtp_->transport();
    if (!protection_->transport.mid.empty()) {
        add_attribute(local.attributes, "group", "BUNDLE " + protection_->transport.mid);
        add_attribute(audio.attributes, "mid", protection_->transport.mid);
    }
    if (endpoint_->media_encryption == MediaEncryption::dtls) {
        const bool secured = protection_->keys.secure_profile;
        audio.protocol = !protection_->transport.profile.empty() ? protection_->transport.profile : fmt::format("{}RTP/{}AVP{}", secured && !endpoint_->force_avp ? "UDP/TLS/" : "", secured ? "S" : "",
                                     endpoint_->use_avpf && !endpoint_->force_avp ? "F" : "");
        if (protection_->transport.dtls) {
            add_attribute(audio.attributes, "fingerprint", write_fingerprint(transport->fingerprint(endpoint_->dtls->hash)));
            add_attribute(audio.attributes, "setup", std::string(to_string(protection_->transport.setup)));
        }
    }
    if (transport && protection_->transport.ice) {
        if (transport->ice_lite()) local.attributes.push_back({"ice-lite", {}, false});
        add_attribute(audio.attributes, "ice-ufrag", transport->credentials().user);
        add_attribute(audio.attributes, "ice-pwd", transport->credentials().password);
        const auto candidates = transport->candidates(protection_->transport.one_port);
        for (const IceCandidate& candidate : candidates) add_attribute(audio.attributes, "candidate", write_candidate(candidate));
        aim_at_relay(audio, candidates);
        add_attribute(audio.attributes, "ice-options", "trickle");
        if (transport->gathered()) audio.attributes.push_back({"end-of-candidates", {}, false});
    }
    if (endpoint_->webrtc) {  // RFC 8830, RFC 5576: what browsers name tracks by
        add_attribute(audio.attributes, "msid", "jackfield audio");
        add_attribute(audio.attributes, "ssrc", fmt::format("{} cname:jackfield", rtp_->quality().ssrc));
    }
}

void MediaSession::offer_transport() {
    if (!protection_) return;
    RtpTransport* const transport = rtp_->transport();
    protection_->transport.ours = true;
    protection_->transport.ice = transport && transport->has_ice();
    protection_->transport.one_port = endpoint_->webrtc;
    if (endpoint_->bundle && protection_->transport.mid.empty()) protection_->transport.mid = "audio";
    if (endpoint_->media_encryption != MediaEncryption::dtls) return;
    protection_->transport.dtls = true;
    protection_->transport.profile.clear();
    // RFC 8842 5.2: the role that there is, so that the association goes on.
    protection_->transport.setup = !protection_->transport.active ? endpoint_->dtls->setup : *protection_->transport.active ? DtlsSetup::active : DtlsSetup::passive;
    protection_->keys.secure_profile = !endpoint_->media_encryption_optimistic;
}

// The far side's credentials and candidates; new ones of ours when theirs are new (RFC 8839 4.4.1.1).
void MediaSession::take_ice(const DescribedTransport& described) {
    RtpTransport* const transport = rtp_->transport();
    RtpRemoteTransport& remote = protection_->transport.remote;
    protection_->transport.remote_mid = described.mid;
    remote.ice = transport && transport->has_ice() && !described.credentials.empty();
    if (!remote.ice) return;
    if (!protection_->transport.ours && !remote.credentials.empty() && !(remote.credentials == described.credentials)) transport->restart_ice();
    remote.credentials = described.credentials;
    remote.candidates = described.candidates;
    remote.ice_lite = described.ice_lite;
}

void MediaSession::note_told() {
    RtpTransport* const transport = rtp_->transport();
    if (!protection_ || !transport || !protection_->transport.ice) return;
    protection_->transport.told = transport->candidates(protection_->transport.one_port);
    protection_->transport.told_all = transport->gathered();
}

void MediaSession::take_candidates(const TrickleFragment& fragment) {
    RtpTransport* const transport = rtp_->transport();
    if (!protection_ || !transport || !protection_->transport.remote.ice) return;
    for (const TrickleMedia& media : fragment.media) {
        if (media.type != "audio" || (!media.mid.empty() && !protection_->transport.remote_mid.empty() && media.mid != protection_->transport.remote_mid)) continue;
        const IceCredentials& credentials = media.credentials.empty() ? fragment.credentials : media.credentials;
        if (!credentials.empty() && !(credentials == protection_->transport.remote.credentials)) continue;  // of another generation (RFC 8838 8)
        for (const IceCandidate& candidate : media.candidates) transport->add_candidate(candidate);
    }
}

std::string MediaSession::late_candidates() {
    RtpTransport* const transport = rtp_->transport();
    if (!protection_ || !transport || !protection_->transport.ice || !protection_->transport.remote.ice) return {};
    TrickleMedia audio{.type = "audio", .mid = protection_->transport.remote_mid, .complete = transport->gathered()};
    for (IceCandidate& candidate : transport->candidates(protection_->transport.one_port))
        if (std::ranges::find(protection_->transport.told, candidate) == protection_->transport.told.end()) audio.candidates.push_back(std::move(candidate));
    if (audio.candidates.empty() && (protection_->transport.told_all || !audio.complete)) return {};
    note_told();
    return write_trickle_fragment({.credentials = transport->credentials(), .media = {std::move(audio)}});
}

Result<void> MediaSession::answer_transport(const SdpSession& offer) {
    if (!protection_) return {};
    protection_->transport.ours = false;
    const SdpMedia* const offered = described_audio(offer);
    if (!offered) return {};
    const DescribedTransport described = transport_of(offer, *offered);
    take_ice(described);
    protection_->transport.ice = protection_->transport.remote.ice;
    protection_->transport.one_port = offered->rtcp_mux && endpoint_->rtcp_mux;
    const auto bundle = bundle_of(offer);
    protection_->transport.mid = endpoint_->bundle && std::ranges::find(bundle, described.mid) != bundle.end() ? described.mid : std::string();
    if (endpoint_->media_encryption != MediaEncryption::dtls) return {};
    protection_->transport.profile = offered->is_rtp() ? offered->protocol : std::string();  // some have it without UDP/TLS/
    RtpRemoteTransport& remote = protection_->transport.remote;
    remote.dtls = protection_->transport.dtls = !described.fingerprints.empty();
    if (!remote.dtls) {
        if (is_secured(offered->protocol) || !endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants media encrypted by DTLS", endpoint_->name);
        protection_->keys.secure_profile = false;
        protection_->transport.active.reset();
        return {};
    }
    if (!is_secured(offered->protocol) && !endpoint_->media_encryption_optimistic)
        return fail(ErrorCode::unsupported, "Endpoint {} wants a secured profile (UDP/TLS/RTP/SAVP)", endpoint_->name);
    protection_->keys.secure_profile = is_secured(offered->protocol);
    remote.fingerprints = described.fingerprints;
    remote.verify_fingerprint = endpoint_->dtls->verify == DtlsVerify::fingerprint || endpoint_->dtls->verify == DtlsVerify::both;
    switch (described.setup.value_or(DtlsSetup::active)) {  // RFC 4145 4.1: who says nothing is active
        case DtlsSetup::active: protection_->transport.active = false; break;
        case DtlsSetup::passive: protection_->transport.active = true; break;
        case DtlsSetup::holdconn:
        case DtlsSetup::actpass:
            if (!protection_->transport.active) protection_->transport.active = endpoint_->dtls->setup != DtlsSetup::passive;  // RFC 5763 5
            break;
    }
    protection_->transport.setup = *protection_->transport.active ? DtlsSetup::active : DtlsSetup::passive;
    return {};
}

Result<void> MediaSession::accept_transport(const SdpSession& answer) {
    if (!protection_) return {};
    const SdpMedia* const answered = described_audio(answer);
    if (!answered) return {};
    const DescribedTransport described = transport_of(answer, *answered);
    take_ice(described);
    if (endpoint_->media_encryption != MediaEncryption::dtls) return {};
    RtpRemoteTransport& remote = protection_->transport.remote;
    remote.dtls = protection_->transport.dtls = !described.fingerprints.empty();
    if (!remote.dtls) {
        if (endpoint_->media_encryption_optimistic) return {};
        return fail(ErrorCode::unsupported, "Endpoint {} wants media encrypted by DTLS, and the answer has no fingerprint", endpoint_->name);
    }
    remote.fingerprints = described.fingerprints;
    remote.verify_fingerprint = endpoint_->dtls->verify == DtlsVerify::fingerprint || endpoint_->dtls->verify == DtlsVerify::both;
    // Who offers a role has it, whatever is answered: some repeat actpass there.
    protection_->transport.active = protection_->transport.setup == DtlsSetup::actpass ? described.setup == DtlsSetup::passive : protection_->transport.setup == DtlsSetup::active;
    return {};
}

// Lines that are refused keep their names, which browsers look for.
void MediaSession::complete_answer(const SdpSession& offer, SdpSession& answer) const {
    for (std::size_t line = 0; line < answer.media.size() && line < offer.media.size(); ++line) {
        SdpMedia& mine = answer.media[line];
        const SdpAttribute* const mid = offer.media[line].attribute("mid");
        if (mid && !mine.attribute("mid")) mine.attributes.push_back(*mid);
    }
}

}  // namespace jackfield::sip
