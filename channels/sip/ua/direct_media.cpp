// Media past us (direct_media): what is described then, and when a call's far side is told so.
#include <algorithm>

#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/media_session.hpp"
#include "core/base/log.hpp"
#include "core/bridge/bridge.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

// Causes come in bunches (a bridge is joined, a prompt ends and music begins), and a call that is being ended needs no re-INVITE.
constexpr auto settling_time = 20ms;

bool same_numbers(const NegotiatedCodec& mine, const NegotiatedCodec& theirs) {
    return mine.receive_payload_type == theirs.send_payload_type && mine.send_payload_type == theirs.receive_payload_type;
}

// The codec as the far side of `mine` is to be told it: what the other far side wants to be sent.
SdpCodec told_as(const NegotiatedCodec& mine, const NegotiatedCodec& theirs) {
    SdpCodec codec = theirs.codec;
    codec.payload_type = mine.receive_payload_type;
    return codec;
}

}  // namespace

// --- what is described --------------------------------------------------------------------------------------------------------

std::optional<DirectMedia> MediaSession::direct_to(const MediaSession& other) const {
    const NegotiatedMedia *const mine = audio_in_use(), *const theirs = other.audio_in_use();
    if (!mine || !theirs || secured() || other.secured() || transport() || other.transport()) return {};
    for (const MediaSession* side : {this, &other})
        if (std::ranges::count_if(side->slots_, &NegotiatedMedia::accepted) > 1) return {};  // all of a call's media go one way
    for (const NegotiatedMedia* side : {mine, theirs})
        if (side->held || side->direction != Direction::sendrecv || side->remote.address.empty() || side->remote.is_null() || side->remote_port == 0 ||
            side->rtcp_mux)
            return {};
    if (mine->remote.ipv6 != theirs->remote.ipv6) return {};
    DirectMedia direct{theirs->remote, theirs->remote_port, theirs->remote_rtcp_port, {}};
    for (const NegotiatedCodec& codec : mine->codecs) {
        const auto same = std::ranges::find_if(theirs->codecs, [&](const NegotiatedCodec& one) { return compatible(codec.codec, one.codec) && same_numbers(codec, one); });
        if (same != theirs->codecs.end()) direct.codecs.push_back(told_as(codec, *same));
    }
    if (direct.codecs.empty() || mine->telephone_event.has_value() != theirs->telephone_event.has_value()) return {};
    if (mine->telephone_event) {
        if (!same_numbers(*mine->telephone_event, *theirs->telephone_event)) return {};
        direct.codecs.push_back(told_as(*mine->telephone_event, *theirs->telephone_event));
    }
    return direct;
}

void MediaSession::describe_direct(LocalMedia& audio) const {
    audio.connection = direct_->connection;
    audio.port = direct_->port;
    audio.rtcp_port = direct_->rtcp_port;
    audio.codecs = direct_->codecs;
}

std::string_view MediaSession::remote_host() const {
    const NegotiatedMedia* const audio = audio_in_use();
    return audio ? std::string_view(audio->remote.address) : std::string_view();
}

bool MediaSession::both_ways(std::string_view text) {
    const auto offer = parse_sdp(text);
    if (!offer) return false;
    const auto audio = std::ranges::find_if(offer->media, [](const SdpMedia& media) { return media.type == "audio" && !media.refused(); });
    return audio != offer->media.end() && audio->direction == Direction::sendrecv && !offer->connection_of(*audio).is_null();
}

// --- when ---------------------------------------------------------------------------------------------------------------------

void SipCall::review_media() {
    if (direct_ && state_ == State::up) direct_->review.start(settling_time);
}

void SipCall::review_media_of_both() {
    if (!direct_ || state_ != State::up) return;
    review_media();
    if (SipCall* const other = bridged_call()) other->review_media();
}

void SipCall::bridged(Channel* peer) {
    review_media();
    if (!peer) media_->forget_peer();
    if (!peer || state_ != State::up) return;
    media_->on_fast_update([this] { send_fast_update(); });
    if (!media_->follow(peer->topology())) return;
    log_debug(1, "{}: its streams follow those of {}", channel().name(), peer->name());
    offer_wanted_ = refresh_wanted_ = true;
    send_refresh();
}

SipCall* SipCall::bridged_call() const {
    Bridge* const bridge = channel().bridge();
    if (!bridge || bridge->kind() != BridgeKind::two_party) return nullptr;
    for (Channel* const member : bridge->members())
        if (member != &channel() && !member->hung_up()) return dynamic_cast<SipCall*>(&member->driver());
    return nullptr;
}

// Its media can be sent to by others than us.
bool SipCall::allows_direct_media() const {
    if (!direct_ || direct_->refused || state_ != State::up) return false;
    if (!endpoint_->disable_direct_media_on_nat && !endpoint_->rtp_symmetric && !endpoint_->rewrite_contact) return true;
    return media_->remote_host() == flow_.remote.host();
}

std::optional<DirectMedia> SipCall::direct_target() const {
    const SipCall* const other = allows_direct_media() && channel().media().only_passes() ? bridged_call() : nullptr;
    if (!other || !other->allows_direct_media()) return {};
    return media_->direct_to(*other->media_);
}

// Before a refresh: whether the far side is to be told of another place for media. No offer is under way.
void SipCall::decide_direct_media() {
    auto target = direct_target();
    const DirectMedia* const now = media_->direct();
    if (target ? now && *now == *target : !now) return;
    const bool begins = target && !now;
    log_debug(1, "{}: media {}", channel().name(), target ? fmt::format("goes directly to {}:{}", target->connection.address, target->port) : "comes here again");
    media_->set_direct(std::move(target));
    const GlareMitigation left_to_others = outgoing_ ? GlareMitigation::outgoing : GlareMitigation::incoming;
    if (begins && endpoint_->direct_media_glare_mitigation == left_to_others) return;
    offer_wanted_ = refresh_wanted_ = true;
}

// The answer to an offer of theirs.
Result<std::string> SipCall::answer_offer(std::string_view offer) {
    if (media_->direct() && !MediaSession::both_ways(offer)) media_->set_direct({});
    auto answer = media_->make_answer(offer);
    if (!answer && media_->direct()) {
        media_->set_direct({});
        answer = media_->make_answer(offer);
    }
    review_media_of_both();
    return answer;
}

// Our offer was refused. That of media elsewhere is not made again; the other side has to come back then.
void SipCall::offer_refused(int status) {
    media_->offer_declined();
    media_->renew_key(false);  // the old one goes on
    if (!direct_ || !media_->direct()) return;
    log_notice("{}: the far side refuses media from elsewhere ({}): it goes on through here", channel().name(), status);
    direct_->refused = true;
    media_->set_direct({});
    review_media_of_both();
}

}  // namespace jackfield::sip
