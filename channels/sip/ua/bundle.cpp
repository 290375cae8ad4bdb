// Streams of a call that share the transport of its audio: BUNDLE (RFC 8843), and the MID in their packets (RFC 9143).
#include <algorithm>

#include "channels/sip/ua/media_session.hpp"

namespace jackfield::sip {
namespace {

constexpr std::uint8_t offered_mid_extension = 1;  // we offer no other header extension

std::string_view mid_of(const SdpMedia& media) {
    const SdpAttribute* const mid = media.attribute("mid");
    return mid ? std::string_view(mid->value) : std::string_view();
}

bool names(const std::vector<std::string>& bundle, std::string_view mid) { return !mid.empty() && std::ranges::find(bundle, mid) != bundle.end(); }

}  // namespace

// What goes by the audio's port is told apart there, which is done only where ICE says whose packets they are.
bool MediaSession::may_bundle() const {
    return endpoint_->bundle && endpoint_->rtcp_mux && endpoint_->media_encryption != MediaEncryption::sdes && audio_.transport() && audio_.transport()->has_ice();
}

// The mids that share the audio's transport by the far side's description, which is made to say so of each of them; none: all
// streams have their own.
std::vector<std::string> MediaSession::take_bundle(SdpSession& remote) const {
    if (!audio_.protection) return {};
    audio_.protection->transport.bundles = false;
    auto bundle = bundle_of(remote);
    const SdpMedia* const tagged = may_bundle() && bundle.size() > 1 ? tagged_medium(remote) : nullptr;
    if (!tagged || !tagged->rtcp_mux || transport_of(remote, *tagged).credentials.empty()) return {};
    const auto has_audio = std::ranges::any_of(remote.media, [&](const SdpMedia& media) {
        return media.type == "audio" && (!media.refused() || media.attribute("bundle-only")) && names(bundle, mid_of(media));
    });
    if (!has_audio) return {};
    spread_bundle(remote);
    audio_.protection->transport.bundles = true;
    return bundle;
}

// Before a stream that the peer has is offered: in the bundle, if the far side has one or was not asked yet.
void MediaSession::offer_bundled(PassedStream& stream) const {
    const bool bundled = may_bundle() && (!negotiated() || audio_.protection->transport.bundles);
    set_bundled(stream, bundled);
    if (bundled && !stream.mid_extension) stream.mid_extension = offered_mid_extension;
}

void MediaSession::answer_bundled(PassedStream& stream, const SdpMedia& offered, const std::vector<std::string>& bundle) const {
    set_bundled(stream, names(bundle, mid_of(offered)));
    stream.mid_extension = stream.bundled ? extension_number(offered, mid_extension_uri) : 0;
}

Result<void> MediaSession::accept_bundled(PassedStream& stream, const SdpMedia& answered, const std::vector<std::string>& bundle) const {
    if (!names(bundle, stream.mid) || mid_of(answered) != stream.mid) return fail(ErrorCode::unsupported, "The answer has {} outside the bundle that it was offered in", answered.type);
    stream.mid_extension = extension_number(answered, mid_extension_uri);
    return {};
}

void MediaSession::set_bundled(PassedStream& stream, bool bundled) const {
    if (std::exchange(stream.bundled, bundled) != bundled) close_port(stream);
}

void MediaSession::describe_bundled(const PassedStream& stream, const LocalMedia& audio, LocalMedia& media) const {
    media.protocol = audio.protocol;
    media.connection = audio.connection;
    media.port = audio.port;
    media.rtcp_mux = media.bundled = true;
    if (stream.mid_extension) media.attributes.push_back({"extmap", fmt::format("{} {}", stream.mid_extension, mid_extension_uri), true});
    describe_track(stream, media);
}

void MediaSession::describe_bundle(LocalDescription& local) const {
    if (!audio_.protection || audio_.protection->transport.mid.empty()) return;
    std::string group = "BUNDLE " + audio_.protection->transport.mid;
    local.media.front().attributes.push_back({"mid", audio_.protection->transport.mid, true});
    if (passed_)
        for (const auto& stream : passed_->all)
            if (stream->bundled && stream->live() && stream->rtp) group += " " + stream->mid;
    local.attributes.push_back({"group", std::move(group), true});
}

// Lines that are refused keep their names, which browsers look for, and are in no bundle.
void MediaSession::complete_answer(const SdpSession& offer, SdpSession& answer) const {
    std::vector<std::string_view> refused;
    for (std::size_t line = 0; line < answer.media.size() && line < offer.media.size(); ++line) {
        SdpMedia& mine = answer.media[line];
        const SdpAttribute* const mid = offer.media[line].attribute("mid");
        if (!mid) continue;
        if (!mine.attribute("mid")) mine.attributes.push_back(*mid);
        if (mine.refused()) refused.push_back(mid->value);
    }
    for (SdpAttribute& attribute : answer.attributes) {
        if (attribute.name != "group" || refused.empty()) continue;
        std::string kept = "BUNDLE";
        for (const std::string& mid : bundle_of(answer))
            if (std::ranges::find(refused, mid) == refused.end()) kept += " " + mid;
        attribute.value = std::move(kept);
    }
}

}  // namespace jackfield::sip
