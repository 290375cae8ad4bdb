// The transport below a call's media in offers and answers: ICE (RFC 8839), DTLS-SRTP (RFC 5763, RFC 8842).
#include <fmt/core.h>

#include <algorithm>

#include "channels/sip/ua/media_session.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

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

// The far side's credentials and candidates; new ones of ours when theirs are new (RFC 8839 4.4.1.1).
void take_ice(SessionStream& stream, const DescribedTransport& described) {
    RtpTransport* const transport = stream.transport();
    RtpRemoteTransport& remote = stream.protection->transport.remote;
    stream.protection->transport.remote_mid = described.mid;
    remote.ice = transport && transport->has_ice() && !described.credentials.empty();
    if (!remote.ice) return;
    if (!stream.protection->transport.ours && !remote.credentials.empty() && !(remote.credentials == described.credentials)) transport->restart_ice();
    remote.credentials = described.credentials;
    remote.candidates = described.candidates;
    remote.ice_lite = described.ice_lite;
}

void note_told(SessionStream& stream) {
    RtpTransport* const transport = stream.transport();
    if (!stream.protection || !transport || !stream.protection->transport.ice) return;
    stream.protection->transport.told = transport->candidates(stream.protection->transport.one_port);
    stream.protection->transport.told_all = transport->gathered();
}

// False: they are of another stream.
bool take_candidates(SessionStream& stream, const TrickleMedia& media, const IceCredentials& credentials) {
    if (!stream.protection || !stream.transport() || !stream.protection->transport.remote.ice) return false;
    const MediaTransport& described = stream.protection->transport;
    if (!media.mid.empty() && !described.remote_mid.empty() && media.mid != described.remote_mid) return false;
    if (!credentials.empty() && !(credentials == described.remote.credentials)) return true;  // of another generation (RFC 8838 8)
    for (const IceCandidate& candidate : media.candidates) stream.transport()->add_candidate(candidate);
    return true;
}

// Of ours, what nobody was told yet; and it is noted as told.
std::optional<TrickleMedia> late_candidates(SessionStream& stream, std::string_view type) {
    RtpTransport* const transport = stream.transport();
    if (!stream.protection || !transport || !stream.protection->transport.ice || !stream.protection->transport.remote.ice) return {};
    const MediaTransport& described = stream.protection->transport;
    TrickleMedia late{.type = std::string(type), .mid = described.remote_mid, .credentials = {}, .candidates = {}, .complete = transport->gathered()};
    for (IceCandidate& candidate : transport->candidates(described.one_port))
        if (std::ranges::find(described.told, candidate) == described.told.end()) late.candidates.push_back(std::move(candidate));
    if (late.candidates.empty() && (described.told_all || !late.complete)) return {};
    note_told(stream);
    return late;
}

}  // namespace

void MediaSession::describe_transport(const SessionStream& stream, LocalDescription& local, LocalMedia& media) const {
    if (!stream.protection) return;
    const MediaTransport& described = stream.protection->transport;
    RtpTransport* const transport = stream.transport();
    if (endpoint_->media_encryption == MediaEncryption::dtls) {
        const bool secured = stream.protection->keys.secure_profile;
        media.protocol = !described.profile.empty() ? described.profile : fmt::format("{}RTP/{}AVP{}", secured && !endpoint_->force_avp ? "UDP/TLS/" : "", secured ? "S" : "",
                                     endpoint_->use_avpf && !endpoint_->force_avp ? "F" : "");
        if (described.dtls) {
            add_attribute(media.attributes, "fingerprint", write_fingerprint(transport->fingerprint(endpoint_->dtls->hash)));
            add_attribute(media.attributes, "setup", std::string(to_string(described.setup)));
        }
    }
    if (transport && described.ice) {
        if (transport->ice_lite() && &stream == &audio_) local.attributes.push_back({"ice-lite", {}, false});
        add_attribute(media.attributes, "ice-ufrag", transport->credentials().user);
        add_attribute(media.attributes, "ice-pwd", transport->credentials().password);
        const auto candidates = transport->candidates(described.one_port);
        for (const IceCandidate& candidate : candidates) add_attribute(media.attributes, "candidate", write_candidate(candidate));
        aim_at_relay(media, candidates);
        add_attribute(media.attributes, "ice-options", "trickle");
        if (transport->gathered()) media.attributes.push_back({"end-of-candidates", {}, false});
    }
    describe_track(stream, media);
}

// RFC 8830, RFC 5576: what browsers name tracks by.
void MediaSession::describe_track(const SessionStream& stream, LocalMedia& media) const {
    if (!endpoint_->webrtc) return;
    add_attribute(media.attributes, "msid", "jackfield " + media.type);
    add_attribute(media.attributes, "ssrc", fmt::format("{} cname:jackfield", stream.rtp->quality().ssrc));
}

void MediaSession::offer_transport(SessionStream& stream) const {
    if (!stream.protection) return;
    RtpTransport* const transport = stream.transport();
    stream.protection->transport.ours = true;
    stream.protection->transport.ice = transport && transport->has_ice();
    stream.protection->transport.one_port = endpoint_->webrtc;
    if (endpoint_->bundle && &stream == &audio_ && stream.protection->transport.mid.empty()) stream.protection->transport.mid = "audio";
    if (endpoint_->media_encryption != MediaEncryption::dtls) return;
    stream.protection->transport.dtls = true;
    stream.protection->transport.profile.clear();
    // RFC 8842 5.2: the role that there is, so that the association goes on.
    stream.protection->transport.setup = !stream.protection->transport.active ? endpoint_->dtls->setup : *stream.protection->transport.active ? DtlsSetup::active : DtlsSetup::passive;
    stream.protection->keys.secure_profile = !endpoint_->media_encryption_optimistic;
}

void MediaSession::note_told() {
    sip::note_told(audio_);
    if (passed_)
        for (const auto& stream : passed_->all) sip::note_told(*stream);
}

void MediaSession::take_candidates(const TrickleFragment& fragment) {
    for (const TrickleMedia& media : fragment.media) {
        const IceCredentials& credentials = media.credentials.empty() ? fragment.credentials : media.credentials;
        if (media.type == "audio" && sip::take_candidates(audio_, media, credentials)) continue;
        if (!passed_) continue;
        for (const auto& stream : passed_->all)
            if (stream->live() && media.type == media_name(stream->type) && sip::take_candidates(*stream, media, credentials)) break;
    }
}

void MediaSession::on_late_candidates(std::function<void()> tell) {
    if (!audio_.protection || !audio_.transport()) return;
    audio_.transport()->on_late_candidates(tell);
    audio_.protection->late = std::move(tell);
}

std::string MediaSession::late_candidates() {
    TrickleFragment fragment;
    if (audio_.transport() && audio_.transport()->has_ice()) fragment.credentials = audio_.transport()->credentials();
    if (auto late = sip::late_candidates(audio_, "audio")) fragment.media.push_back(*std::move(late));
    if (passed_)
        for (const auto& stream : passed_->all)
            if (auto late = sip::late_candidates(*stream, media_name(stream->type))) {
                late->credentials = stream->transport()->credentials();
                fragment.media.push_back(*std::move(late));
            }
    return fragment.media.empty() ? std::string() : write_trickle_fragment(fragment);
}

Result<void> MediaSession::answer_transport(SessionStream& stream, const SdpSession& offer, const SdpMedia* offered) const {
    if (!stream.protection) return {};
    stream.protection->transport.ours = false;
    if (!offered) return {};
    const DescribedTransport described = transport_of(offer, *offered);
    take_ice(stream, described);
    stream.protection->transport.ice = stream.protection->transport.remote.ice;
    stream.protection->transport.one_port = offered->rtcp_mux && endpoint_->rtcp_mux;
    const auto bundle = bundle_of(offer);
    stream.protection->transport.mid = endpoint_->bundle && &stream == &audio_ && std::ranges::find(bundle, described.mid) != bundle.end() ? described.mid : std::string();
    if (endpoint_->media_encryption != MediaEncryption::dtls) return {};
    stream.protection->transport.profile = offered->is_rtp() ? offered->protocol : std::string();  // some have it without UDP/TLS/
    RtpRemoteTransport& remote = stream.protection->transport.remote;
    remote.dtls = stream.protection->transport.dtls = !described.fingerprints.empty();
    if (!remote.dtls) {
        if (is_secured(offered->protocol) || !endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants media encrypted by DTLS", endpoint_->name);
        stream.protection->keys.secure_profile = false;
        stream.protection->transport.active.reset();
        return {};
    }
    if (!is_secured(offered->protocol) && !endpoint_->media_encryption_optimistic)
        return fail(ErrorCode::unsupported, "Endpoint {} wants a secured profile (UDP/TLS/RTP/SAVP)", endpoint_->name);
    stream.protection->keys.secure_profile = is_secured(offered->protocol);
    remote.fingerprints = described.fingerprints;
    remote.verify_fingerprint = endpoint_->dtls->verify == DtlsVerify::fingerprint || endpoint_->dtls->verify == DtlsVerify::both;
    switch (described.setup.value_or(DtlsSetup::active)) {  // RFC 4145 4.1: who says nothing is active
        case DtlsSetup::active: stream.protection->transport.active = false; break;
        case DtlsSetup::passive: stream.protection->transport.active = true; break;
        case DtlsSetup::holdconn:
        case DtlsSetup::actpass:
            if (!stream.protection->transport.active) stream.protection->transport.active = endpoint_->dtls->setup != DtlsSetup::passive;  // RFC 5763 5
            break;
    }
    stream.protection->transport.setup = *stream.protection->transport.active ? DtlsSetup::active : DtlsSetup::passive;
    return {};
}

Result<void> MediaSession::accept_transport(SessionStream& stream, const SdpSession& answer, const SdpMedia* answered) const {
    if (!stream.protection) return {};
    if (!answered) return {};
    const DescribedTransport described = transport_of(answer, *answered);
    take_ice(stream, described);
    if (endpoint_->media_encryption != MediaEncryption::dtls) return {};
    RtpRemoteTransport& remote = stream.protection->transport.remote;
    remote.dtls = stream.protection->transport.dtls = !described.fingerprints.empty();
    if (!remote.dtls) {
        if (endpoint_->media_encryption_optimistic) return {};
        return fail(ErrorCode::unsupported, "Endpoint {} wants media encrypted by DTLS, and the answer has no fingerprint", endpoint_->name);
    }
    remote.fingerprints = described.fingerprints;
    remote.verify_fingerprint = endpoint_->dtls->verify == DtlsVerify::fingerprint || endpoint_->dtls->verify == DtlsVerify::both;
    // Who offers a role has it, whatever is answered: some repeat actpass there.
    stream.protection->transport.active = stream.protection->transport.setup == DtlsSetup::actpass ? described.setup == DtlsSetup::passive : stream.protection->transport.setup == DtlsSetup::active;
    return {};
}

}  // namespace jackfield::sip
