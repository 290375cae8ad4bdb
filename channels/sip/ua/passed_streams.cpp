// Streams of a call beside its audio, which are passed on packet for packet: video, text, further audio (RFC 3264, RFC 4103, RFC 4585).
#include <algorithm>

#include "channels/sip/ua/media_session.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/module/module.hpp"

namespace jackfield::sip {
namespace {

constexpr std::uint8_t first_passed_dynamic = 96;

std::optional<MediaType> type_of(std::string_view name) {
    for (const MediaType type : {MediaType::audio, MediaType::video, MediaType::text})
        if (name == media_name(type)) return type;
    return {};
}

const Codec* passed_codec(const SdpCodec& codec) { return find_codec(codec.name, codec.clock_rate, codec.channels); }

// RFC 4585 4.2; a=rtcp-fb lines of some payload types count for all.
std::uint8_t feedback_of(const SdpMedia& media) {
    std::uint8_t known = 0;
    for (const SdpAttribute& attribute : media.attributes) {
        if (!equals_ignoring_case(attribute.name, "rtcp-fb")) continue;
        const std::string_view message = trim(split_once(attribute.value, ' ').second);
        if (equals_ignoring_case(message, "nack")) known |= rtp_nack;
        if (equals_ignoring_case(message, "nack pli")) known |= rtp_pli;
        if (equals_ignoring_case(message, "ccm fir")) known |= rtp_fir;
    }
    return known;
}

void describe_feedback(LocalMedia& media, std::uint8_t feedback) {
    for (const auto& [bit, message] : {std::pair(rtp_nack, "* nack"), std::pair(rtp_pli, "* nack pli"), std::pair(rtp_fir, "* ccm fir")})
        if (feedback & bit) media.attributes.push_back({"rtcp-fb", message, true});
}

// What describes a sender's own stream is not repeated to it (RFC 6184 8.2.2, RFC 7798 7.1).
std::string without_parameter_sets(std::string_view fmtp) {
    std::string kept;
    for (const std::string_view part : split(fmtp, ';')) {
        const std::string_view word = trim(part);
        if (word.empty() || starts_with_ignoring_case(word, "sprop-")) continue;
        kept.append(kept.empty() ? "" : ";").append(word);
    }
    return kept;
}

StreamInfo::Direction to_info(Direction direction) {
    if (direction == Direction::sendrecv) return StreamInfo::Direction::both;
    if (direction == Direction::inactive) return StreamInfo::Direction::inactive;
    return direction == Direction::sendonly ? StreamInfo::Direction::send : StreamInfo::Direction::receive;
}

// What we would like of one side when the other one's far side wants this.
Direction mirrored(StreamInfo::Direction direction) {
    switch (direction) {
        case StreamInfo::Direction::inactive: return Direction::inactive;
        case StreamInfo::Direction::send: return Direction::sendonly;     // it goes on to ours
        case StreamInfo::Direction::receive: return Direction::recvonly;
        case StreamInfo::Direction::both: break;
    }
    return Direction::sendrecv;
}

// The first audio stream is none of these.
std::size_t first_index(MediaType type) { return type == MediaType::audio ? 1 : 0; }

// Calls `visit` with each stream of a topology that is passed on, and its place among those of its type.
template <class F>
void for_each_passed_info(const Topology& topology, F&& visit) {
    for (const MediaType type : {MediaType::audio, MediaType::video, MediaType::text}) {
        std::size_t index = 0;
        for (const StreamInfo& info : topology)
            if (info.type == type) {
                if (index >= first_index(type)) visit(info, index);
                ++index;
            }
    }
}

}  // namespace

std::string_view media_name(MediaType type) {
    switch (type) {
        case MediaType::video: return "video";
        case MediaType::text: return "text";
        case MediaType::image: return "image";
        case MediaType::audio: break;
    }
    return "audio";
}

// --- which there are ----------------------------------------------------------------------------------------------------------

// One that is not in use, or a new one; null: there are as many as there may be.
PassedStream* MediaSession::free_stream(MediaType type, const std::vector<const PassedStream*>& taken) {
    if (!passed_) passed_ = std::make_unique<PassedStreams>();
    std::size_t index = first_index(type);
    for (const auto& stream : passed_->all) {
        if (stream->type != type) continue;
        ++index;
        if (std::ranges::find(taken, stream.get()) == taken.end()) return stream.get();
    }
    const std::size_t most = type == MediaType::audio ? endpoint_->max_audio_streams : type == MediaType::video ? endpoint_->max_video_streams : 1;
    if (index >= most) return nullptr;
    auto made = std::make_unique<PassedStream>();
    made->type = type;
    made->index = index;
    passed_->all.push_back(std::move(made));
    return passed_->all.back().get();
}

bool MediaSession::open(PassedStream& stream) {
    if (stream.rtp) return true;
    const auto service = find_service<RtpService>();
    if (!service) return false;
    RtpOptions options = rtp_options(*endpoint_, host_, audio_.rtp->local().with_port(0));
    options.type = stream.type;
    if (stream.bundled) options.carrier = audio_.rtp.get();
    options.dscp = stream.type == MediaType::video ? endpoint_->tos_video : endpoint_->tos_audio;
    auto opened = (*service)->create(options);
    if (!opened) {
        log_warning("Endpoint {}: no {} stream: {}", endpoint_->name, media_name(stream.type), opened.error().text);
        return false;
    }
    stream.rtp = *std::move(opened);
    if (needs_protection() && !stream.bundled) stream.protection = std::make_unique<MediaProtection>();
    return true;
}

void MediaSession::close(PassedStream& stream) const {
    stream.codecs.clear();
    stream.declined = false;
    stream.remote_feedback = 0;
    close_port(stream);
}

void MediaSession::close_port(PassedStream& stream) const {
    if (std::exchange(stream.attached, false) && channel_)
        if (MediaStream* const above = channel_->stream(stream.type, stream.index)) above->set_port(nullptr);
    stream.rtp.reset();
    stream.protection.reset();
}

// Before anything is described anew: what was refused is gone.
void MediaSession::close_unused() {
    for (const auto& stream : passed_->all)
        if (stream->rtp && (!stream->live() || stream->declined)) close(*stream);
}

void MediaSession::for_each_passed(const std::function<void(const PassedStream&)>& visit) const {
    if (!passed_) return;
    for (std::size_t i = 0; i < passed_->all.size(); ++i)
        if (passed_->all[i]->rtp && slot_of(i + 1)) visit(*passed_->all[i]);
}

Topology MediaSession::topology() const {
    Topology streams{StreamInfo{MediaType::audio, formats(), StreamInfo::Direction::both, "audio"}};
    if (!passed_) return streams;
    for (std::size_t i = 0; i < passed_->all.size(); ++i) {
        const PassedStream& stream = *passed_->all[i];
        StreamInfo info{stream.type, {}, to_info(stream.wanted), std::string(media_name(stream.type)), stream.remote_feedback != 0};
        const NegotiatedMedia* const slot = slot_of(i + 1);
        const auto add = [&info](const SdpCodec& codec) {
            if (const Codec* const known = passed_codec(codec)) info.formats.add(Format{known, {}, codec.fmtp});
        };
        if (slot)
            for (const NegotiatedCodec& negotiated : slot->codecs) add(negotiated.codec);
        else if (!negotiated())
            for (const SdpCodec& codec : stream.codecs) add(codec);
        if (info.formats.empty()) info.direction = StreamInfo::Direction::inactive;
        streams.push_back(std::move(info));
    }
    return streams;
}

// The far side of a stream is told of it by its channel, and whoever the channel is connected with.
void MediaSession::tell_topology() {
    Topology now = topology();
    const auto same = [](const StreamInfo& a, const StreamInfo& b) {
        return a.type == b.type && (a.type == MediaType::audio || (a.formats == b.formats && a.direction == b.direction));
    };
    const bool changed = passed_ && (std::exchange(passed_->refusal_untold, false) || !std::ranges::equal(now, channel_->topology(), same));
    channel_->set_topology(std::move(now));
    if (changed) channel_->remote_event({ChannelEvent::Kind::topology_changed, {}, {}});
}

// --- what is described --------------------------------------------------------------------------------------------------------

void MediaSession::describe_passed(LocalDescription& local) const {
    for (const auto& stream : passed_->all) {
        LocalMedia media{.type = std::string(media_name(stream->type))};
        if (stream->live() && stream->rtp) {
            media.port = stream->rtp->local().port();
            media.codecs = stream->codecs;
            media.rtcp_mux = endpoint_->rtcp_mux;
            media.direction = stream->direction;
            describe_feedback(media, stream->feedback);
            if (!stream->mid.empty()) media.attributes.push_back({"mid", stream->mid, true});
            if (stream->bundled) {
                describe_bundled(*stream, local.media.front(), media);
            } else {
                describe_encryption(*stream, media);
                describe_transport(*stream, local, media);
            }
        }
        local.media.push_back(std::move(media));
    }
}

// What a peer's stream has that our endpoint takes, with the parameters that its far side told.
std::vector<SdpCodec> MediaSession::codecs_for(const StreamInfo& peer) const {
    std::vector<SdpCodec> codecs;
    std::uint8_t dynamic = first_passed_dynamic;
    for (const Format& format : peer.formats) {
        const Codec& codec = *format.codec;
        if (codec.type != peer.type || codec.encoding.empty() || !formats_.has(&codec)) continue;
        SdpCodec made{.name = codec.encoding, .clock_rate = codec.rtp_clock.hz, .channels = codec.channels, .payload_type = 0, .fmtp = format.parameters};
        if (made.name == "opus") made.channels = 2;  // RFC 7587 4.1
        made.payload_type = codec.static_payload_type >= 0 ? static_cast<std::uint8_t>(codec.static_payload_type) : dynamic++;
        codecs.push_back(std::move(made));
    }
    return codecs;
}

void MediaSession::offer_streams(const Topology& caller) {
    for_each_passed_info(caller, [&](const StreamInfo& info, std::size_t index) { (void)add_stream(info.type, index, info); });
}

// False: nothing of it can be had.
bool MediaSession::add_stream(MediaType type, std::size_t index, const StreamInfo& peer) {
    auto codecs = codecs_for(peer);
    if (codecs.empty()) return false;
    std::vector<const PassedStream*> taken;  // all but the one at that place
    if (passed_)
        for (const auto& stream : passed_->all)
            if (stream->type != type || stream->index != index) taken.push_back(stream.get());
    PassedStream* const stream = free_stream(type, taken);
    if (!stream || stream->index != index) return false;
    offer_bundled(*stream);
    if (!open(*stream)) return false;
    stream->codecs = std::move(codecs);
    stream->declined = false;
    stream->direction = mirrored(peer.direction);
    stream->wanted = Direction::sendrecv;
    const bool tells = type == MediaType::video && (peer.feedback || endpoint_->use_avpf);
    stream->feedback = tells ? rtp_nack | rtp_pli | rtp_fir : 0;
    if (endpoint_->bundle && stream->mid.empty()) stream->mid = fmt::format("{}-{}", media_name(type), index);
    return true;
}

const StreamInfo* MediaSession::peer_of(const PassedStream& stream) const {
    const StreamInfo* found = nullptr;
    for_each_passed_info(passed_->peer, [&](const StreamInfo& info, std::size_t index) {
        if (info.type == stream.type && index == stream.index) found = &info;
    });
    return found;
}

// In an answer: codecs of the offer that `allow` has, one payload type each. Where the peer is known its parameters are told, and
// what it can't take is left out.
void MediaSession::describe_answer(PassedStream& stream, const SdpMedia& offered) const {
    const StreamInfo* const peer = peer_of(stream);
    const bool fitted = peer && !peer->formats.empty();
    stream.codecs.clear();
    if (passed_->expecting && !fitted) return;
    for (const Format& format : formats_) {
        if (format.codec->type != stream.type || format.codec->encoding.empty()) continue;
        const Format* const wanted = fitted ? peer->formats.find(format.codec) : nullptr;
        if (fitted && !wanted) continue;
        for (const SdpCodec& theirs : offered.codecs) {
            if (passed_codec(theirs) != format.codec) continue;
            SdpCodec mine = theirs;
            mine.fmtp = wanted && !wanted->parameters.empty() ? wanted->parameters : without_parameter_sets(theirs.fmtp);
            if (!compatible(mine, theirs)) continue;
            stream.codecs.push_back(std::move(mine));
            break;
        }
    }
    stream.direction = fitted ? mirrored(peer->direction) : Direction::sendrecv;
    stream.feedback = stream.type == MediaType::video ? feedback_of(offered) : 0;
    const SdpAttribute* const mid = offered.attribute("mid");
    stream.mid = mid ? mid->value : std::string();
}

// Decides which stream each line of an offer goes to, and how it is answered. Empty: all as without streams that are passed on.
std::vector<std::size_t> MediaSession::take_lines(const SdpSession& offer, const std::vector<std::string>& bundle) {
    if (!passed_ && offer.media.size() < 2) return {};
    std::vector<std::size_t> lines(offer.media.size(), NegotiatedMedia::none);
    const auto stays = [&](std::size_t line) {
        return line < slots_.size() && slots_[line].accepted() && type_of(offer.media[line].type) == type_of(slots_[line].type);
    };
    std::vector<const PassedStream*> taken;
    for (std::size_t line = 0; line < lines.size(); ++line)
        if (stays(line)) {
            lines[line] = slots_[line].local;
            if (lines[line] > 0) taken.push_back(passed_->all[lines[line] - 1].get());
        }
    bool audio_found = std::ranges::find(lines, std::size_t{0}) != lines.end();
    for (std::size_t line = 0; line < lines.size(); ++line) {
        const SdpMedia& offered = offer.media[line];
        const auto type = type_of(offered.type);
        if (!type || !offered.is_rtp()) continue;
        if (*type == MediaType::audio && lines[line] == NegotiatedMedia::none) {
            // Alternatives of one stream, as secured and plain, are told apart by whoever answers.
            if (endpoint_->max_audio_streams < 2 || (!audio_found && !offered.refused())) {
                audio_found |= !offered.refused();
                continue;
            }
        }
        if (lines[line] == 0) continue;
        PassedStream* stream = lines[line] != NegotiatedMedia::none ? passed_->all[lines[line] - 1].get() : nullptr;
        if (!stream && !offered.refused() && formats_.best(*type)) stream = free_stream(*type, taken);
        if (!stream) continue;
        if (offered.refused())
            stream->codecs.clear();
        else {
            describe_answer(*stream, offered);
            answer_bundled(*stream, offered, bundle);
        }
        if (!stream->live() || !open(*stream)) {
            stream->codecs.clear();
            continue;
        }
        stream->declined = stream->refused = false;
        stream->wanted = offered.direction;
        taken.push_back(stream);
        const auto place = std::ranges::find(passed_->all, stream, &std::unique_ptr<PassedStream>::get);
        lines[line] = static_cast<std::size_t>(place - passed_->all.begin()) + 1;
    }
    if (passed_) passed_->expecting = false;
    return lines;
}

// Keys and transport of the streams that are accepted; those whose keys can't be had are refused.
void MediaSession::answer_passed(const SdpSession& offer, const std::vector<std::size_t>& lines) {
    if (!passed_) return;
    close_unused();
    for (std::size_t line = 0; line < lines.size(); ++line) {
        if (lines[line] == NegotiatedMedia::none || lines[line] == 0) continue;
        PassedStream& stream = *passed_->all[lines[line] - 1];
        if (!stream.live() || stream.bundled) continue;
        const SdpMedia& offered = offer.media[line];
        auto answered = answer_encryption(stream, &offered);
        if (answered) answered = answer_transport(stream, offer, &offered);
        if (answered) continue;
        log_debug(1, "Endpoint {}: {} is refused: {}", endpoint_->name, offered.type, answered.error().text);
        close(stream);
    }
}

// What the far side's description says of each line that was accepted.
void MediaSession::note_offer(const SdpSession& offer, const std::vector<NegotiatedMedia>& media) {
    for (std::size_t line = 0; line < media.size() && line < offer.media.size(); ++line)
        if (media[line].accepted() && media[line].local > 0) {
            PassedStream& stream = *passed_->all[media[line].local - 1];
            stream.remote_feedback = stream.type == MediaType::video ? feedback_of(offer.media[line]) & stream.feedback : 0;
        }
}

void MediaSession::note_answer(const SdpSession& answer, const std::vector<std::string>& bundle, std::vector<NegotiatedMedia>& media) {
    note_offer(answer, media);
    for (const auto& stream : passed_->all) stream->declined = stream->live();
    for (std::size_t line = 0; line < media.size() && line < answer.media.size(); ++line) {
        if (!media[line].accepted() || media[line].local == 0) continue;
        PassedStream& stream = *passed_->all[media[line].local - 1];
        const SdpMedia& described = answer.media[line];
        auto accepted = stream.bundled ? accept_bundled(stream, described, bundle) : accept_encryption(stream, &described);
        if (accepted && !stream.bundled) accepted = accept_transport(stream, answer, &described);
        stream.declined = !accepted;
        if (accepted) continue;
        log_notice("Endpoint {}: its {} is not used: {}", endpoint_->name, described.type, accepted.error().text);
        media[line].local = NegotiatedMedia::none;
    }
    for (const auto& stream : passed_->all) {
        passed_->refusal_untold |= stream->declined && !stream->refused;
        stream->refused = stream->declined || (stream->refused && !stream->live());
    }
}

void MediaSession::offer_declined() {
    if (!passed_) return;
    for (std::size_t i = 0; i < passed_->all.size(); ++i)
        if (passed_->all[i]->live() && !slot_of(i + 1)) passed_->refusal_untold = passed_->all[i]->declined = passed_->all[i]->refused = true;
    if (channel_) tell_topology();
}

// --- what it does -------------------------------------------------------------------------------------------------------------

void MediaSession::attach(PassedStream& stream) {
    if (std::exchange(stream.attached, true)) return;
    if (stream.transport() && audio_.protection)
        stream.transport()->on_late_candidates([this] {  // its transport is ours
            if (audio_.protection->late) audio_.protection->late();
        });
    MediaStream& above = channel_->need_stream(stream.type, stream.index);
    above.set_port(stream.rtp->take_port(), &channel_->media());
    above.on_port_event([this, alive = std::weak_ptr<char>(passed_->alive)](std::uint32_t bits) {
        if ((bits & rtp_key_frame_wanted) && !alive.expired() && passed_->fast_update) passed_->fast_update();
    });
}

void MediaSession::apply_passed() {
    for (std::size_t i = 0; i < passed_->all.size(); ++i) {
        PassedStream& stream = *passed_->all[i];
        const NegotiatedMedia* const slot = slot_of(i + 1);
        if (!slot || !stream.rtp) continue;
        RtpParameters parameters = parameters_of(stream, *slot);
        if (parameters.send.empty()) continue;
        parameters.feedback = stream.remote_feedback;
        if (stream.bundled) parameters.bundle = std::make_shared<const RtpBundle>(RtpBundle{stream.mid, stream.mid_extension, {}});
        set_parameters(stream, *slot, std::move(parameters));
        if (channel_) attach(stream);
    }
}

void MediaSession::when_gathered(std::function<void()> done) {
    const auto waits = [](const SessionStream& stream) { return stream.transport() && !stream.transport()->gathered(); };
    RtpTransport* waiting = waits(audio_) ? audio_.transport() : nullptr;
    if (passed_ && !waiting)
        for (const auto& stream : passed_->all)
            if (waits(*stream)) waiting = stream->transport();
    if (!waiting) return done();
    waiting->when_gathered([this, done = std::move(done)]() mutable { when_gathered(std::move(done)); });  // its transport is ours
}

bool MediaSession::gathered() const {
    const auto known = [](const SessionStream& stream) { return !stream.transport() || stream.transport()->gathered(); };
    return known(audio_) && (!passed_ || std::ranges::all_of(passed_->all, [&](const auto& stream) { return known(*stream); }));
}

void MediaSession::on_fast_update(std::function<void()> tell) {
    if (passed_) passed_->fast_update = std::move(tell);
}

// --- following the peer -------------------------------------------------------------------------------------------------------

// True: the description has changed.
bool MediaSession::follow(PassedStream& stream, const StreamInfo& peer) {
    const auto place = std::ranges::find(passed_->all, &stream, &std::unique_ptr<PassedStream>::get);
    const NegotiatedMedia* const slot = slot_of(static_cast<std::size_t>(place - passed_->all.begin()) + 1);
    if (peer.formats.empty()) {  // refused there, or removed
        stream.refused = false;
        if (!slot || !stream.live()) return false;
        stream.codecs.clear();
        return true;
    }
    if (!slot) return !stream.refused && (!stream.live() || stream.declined) && add_stream(stream.type, stream.index, peer);
    const auto taken = [&](const NegotiatedCodec& codec) { return peer.formats.has(passed_codec(codec.codec)); };
    bool changed = false;
    if (std::ranges::any_of(slot->codecs, taken) && !std::ranges::all_of(slot->codecs, taken)) {
        auto narrowed = codecs_for(peer);
        changed = narrowed != stream.codecs;
        stream.codecs = std::move(narrowed);
    }
    const Direction direction = mirrored(peer.direction);
    return std::exchange(stream.direction, direction) != direction || changed;
}

bool MediaSession::follow(const Topology& peer) {
    if (!negotiated() || (!passed_ && peer.size() < 2)) return false;
    bool changed = false;
    for_each_passed_info(peer, [&](const StreamInfo& info, std::size_t index) {
        PassedStream* mine = nullptr;
        if (passed_)
            for (const auto& stream : passed_->all)
                if (stream->type == info.type && stream->index == index) mine = stream.get();
        if (mine)
            changed |= follow(*mine, info);
        else if (!info.formats.empty())
            changed |= add_stream(info.type, index, info);
    });
    if (passed_) passed_->peer = peer;
    return changed;
}

bool MediaSession::expect(const Topology& peer) {
    if (!passed_) return false;
    passed_->peer = peer;
    passed_->expecting = true;
    return true;
}

}  // namespace jackfield::sip
