// The media of one call: offers and answers on one side, an RTP session and the channel's stream on the other.
#include "channels/sip/ua/media_session.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/module/module.hpp"
#include "modules/res_srtp/srtp.hpp"

namespace jackfield::sip {
namespace {

constexpr std::uint8_t first_dynamic = 96;
constexpr std::uint8_t telephone_event_payload = 101;

std::uint64_t session_identifier() {
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) >> 20;
}

constexpr std::uint8_t comfort_noise_payload = 13;  // RFC 3551 table 4, at 8000 Hz

// Our formats with their payload types; comfort noise if wanted and telephone-event when digits go by RFC 4733, at each clock rate.
std::vector<SdpCodec> describe_codecs(const FormatList& formats, bool events, bool comfort_noise) {
    std::vector<SdpCodec> codecs;
    codecs.reserve(formats.size() + (events ? 1 : 0));
    std::uint8_t dynamic = first_dynamic;
    const auto next_dynamic = [&] {
        while (dynamic == telephone_event_payload) ++dynamic;
        return dynamic++;
    };
    for (const Format& format : formats) {
        if (format.codec->type != MediaType::audio || format.codec->encoding.empty()) continue;
        SdpCodec codec;
        codec.name = format.codec->encoding;
        codec.clock_rate = format.codec->rtp_clock.hz;
        codec.channels = codec.name == "opus" ? 2 : format.codec->channels;  // RFC 7587 4.1, whatever is in it
        codec.payload_type = format.codec->static_payload_type >= 0 ? static_cast<std::uint8_t>(format.codec->static_payload_type)
                                                                    : next_dynamic();
        codec.fmtp = format.parameters;
        codecs.push_back(std::move(codec));
    }
    if (codecs.empty()) return codecs;
    // RFC 4733 2.1, RFC 3389 4: events and noise have the clock of the audio beside them.
    std::vector<std::uint32_t> rates{8000};
    for (const SdpCodec& codec : codecs)
        if (std::ranges::find(rates, codec.clock_rate) == rates.end()) rates.push_back(codec.clock_rate);
    for (const std::uint32_t rate : rates) {
        if (!comfort_noise || rate > 32000) continue;  // what has such a clock (Opus) has a silence of its own
        SdpCodec noise;
        noise.name = "CN";
        noise.clock_rate = rate;
        noise.payload_type = rate == 8000 ? comfort_noise_payload : next_dynamic();
        codecs.push_back(std::move(noise));
    }
    if (!events) return codecs;
    for (const std::uint32_t rate : rates) {
        SdpCodec event;
        event.name = "telephone-event";
        event.clock_rate = rate;
        event.payload_type = rate == 8000 ? telephone_event_payload : next_dynamic();
        event.fmtp = "0-16";
        codecs.push_back(std::move(event));
    }
    return codecs;
}

const Codec* codec_of(const SdpCodec& codec) { return find_codec(codec.name, codec.clock_rate, codec.channels); }

const SdpMedia* described_audio(const SdpSession& session) {
    const auto found = std::ranges::find_if(session.media, [](const SdpMedia& media) { return media.type == "audio" && !media.refused(); });
    return found == session.media.end() ? nullptr : &*found;
}

// There is no call without the channel's own stream.
Result<void> need_audio(const std::vector<NegotiatedMedia>& media) {
    if (std::ranges::find(media, std::size_t{0}, &NegotiatedMedia::local) != media.end()) return {};
    return fail(ErrorCode::unsupported, "No audio codec in common");
}

}  // namespace

RtpOptions MediaSession::rtp_options(const EndpointSettings& endpoint, const std::string& host, const SocketAddress& local) {
    RtpOptions options;
    options.local = local;
    options.symmetric = endpoint.rtp_symmetric || endpoint.rewrite_contact;
    options.cname = "jackfield@" + host;
    options.dscp = endpoint.tos_audio;
    options.ice = endpoint.ice_support;
    if (const auto told = SocketAddress::parse(host); told && !told->is_any() && !told->same_host(options.local)) options.external = *told;
    if (endpoint.media_encryption == MediaEncryption::dtls) options.dtls = endpoint.dtls->context;
    return options;
}

bool MediaSession::needs_protection() const {
    return endpoint_->media_encryption != MediaEncryption::no || endpoint_->ice_support || endpoint_->bundle || endpoint_->webrtc;
}

Result<std::unique_ptr<MediaSession>> MediaSession::create(RtpService& rtp, std::shared_ptr<const EndpointSettings> settings,
                                                           FormatList formats, const std::string& host, const SocketAddress& bind) {
    std::unique_ptr<MediaSession> session(new MediaSession(std::move(settings), std::move(formats)));
    const EndpointSettings& endpoint = *session->endpoint_;
    if (endpoint.media_encryption == MediaEncryption::dtls && (!endpoint.dtls || !endpoint.dtls->context))
        return fail(ErrorCode::unsupported, "endpoint {} has no certificate for DTLS", endpoint.name);
    const bool bind_here = endpoint.bind_rtp_to_media_address && !endpoint.media_address.empty();
    RtpOptions options = rtp_options(endpoint, host, bind_here ? JF_TRY(SocketAddress::parse(endpoint.media_address)) : bind);
    options.timeout = endpoint.rtp_timeout;
    options.hold_timeout = endpoint.rtp_timeout_hold;
    options.keepalive = endpoint.rtp_keepalive;
    options.jitter_buffer = endpoint.jitter_buffer;
    session->audio_.rtp = JF_TRY(rtp.create(options));
    if (session->needs_protection()) session->audio_.protection = std::make_unique<MediaProtection>();
    session->origin_ = SdpOrigin(session_identifier());
    session->host_ = endpoint.media_address.empty() ? host : endpoint.media_address;
    if (endpoint.media_encryption != MediaEncryption::no) JF_TRY(find_service<SrtpService>());
    return session;
}

LocalDescription MediaSession::describe_audio(bool comfort_noise) const {
    LocalDescription local;
    local.connection = {host_, host_.contains(':')};
    local.user = endpoint_->sdp_owner;
    local.name = endpoint_->sdp_session;
    local.order = CodecOrder::local;
    LocalMedia audio;
    audio.port = audio_.rtp->local().port();
    const bool events = endpoint_->dtmf == DtmfMode::rfc4733 || endpoint_->dtmf == DtmfMode::automatic || endpoint_->dtmf == DtmfMode::auto_info;
    audio.codecs = describe_codecs(formats_, events, comfort_noise);
    audio.rtcp_mux = endpoint_->rtcp_mux;
    audio.extended_reports = endpoint_->rtcp_xr;
    describe_encryption(audio_, audio);
    describe_transport(audio_, local, audio);
    if (direct_) describe_direct(audio);
    if (const Format* first = formats_.best(MediaType::audio)) {
        audio.ptime = static_cast<unsigned>(first->effective_packet_time().count());
        audio.maxptime = static_cast<unsigned>(first->codec->maximum_packet_time.count());
    }
    local.media.push_back(std::move(audio));
    return local;
}

LocalDescription MediaSession::describe(bool comfort_noise) const {
    LocalDescription local = describe_audio(comfort_noise);
    if (passed_) describe_passed(local);
    describe_bundle(local);
    return local;
}

std::string MediaSession::make_offer() {
    offer_encryption(audio_);
    offer_transport(audio_);
    if (passed_) {
        close_unused();
        for (const auto& stream : passed_->all) {
            if (!stream->live() || stream->bundled) continue;
            offer_encryption(*stream);
            offer_transport(*stream);
        }
    }
    const bool comfort_noise = endpoint_->comfort_noise || comfort_noise_ || has_comfort_noise();
    offer_ = std::make_unique<SdpSession>(sip::make_offer(describe(comfort_noise), slots_));
    note_told();
    return origin_.write(*offer_);
}

Result<std::string> MediaSession::make_answer(std::string_view text) {
    SdpSession offer = JF_TRY(parse_sdp(text));
    std::optional<MediaProtection> before;
    if (audio_.protection) before = *audio_.protection;
    const auto bundle = take_bundle(offer);
    std::vector<std::size_t> lines;
    const auto answered = [&]() -> Result<Answer> {
        const SdpMedia* const audio = described_audio(offer);
        JF_TRY(answer_encryption(audio_, audio));
        JF_TRY(answer_transport(audio_, offer, audio));
        // First, for the other streams are not to change when the offer is refused.
        if (passed_ || offer.media.size() > 1) JF_TRY(need_audio(JF_TRY(sip::make_answer(describe_audio(true), offer)).media));
        lines = take_lines(offer, bundle);
        answer_passed(offer, lines);
        auto answer = JF_TRY(sip::make_answer(describe(true), offer, lines));
        JF_TRY(need_audio(answer.media));
        return answer;
    };
    auto answer = answered();
    if (!answer) {  // the media that there is goes on as it did
        if (before) *audio_.protection = *std::move(before);
        return std::unexpected(std::move(answer).error());
    }
    complete_answer(offer, answer->description);
    for (std::size_t line = 0; line < lines.size(); ++line)  // of another profile, for one
        if (lines[line] != NegotiatedMedia::none && lines[line] > 0 && !answer->media[line].accepted()) passed_->all[lines[line] - 1]->codecs.clear();
    if (passed_) note_offer(offer, answer->media);
    note_told();
    negotiated_to(std::move(answer->media));
    return origin_.write(answer->description);
}

Result<void> MediaSession::accept_answer(std::string_view text) {
    SdpSession answer = JF_TRY(parse_sdp(text));
    if (!offer_) return fail(ErrorCode::invalid, "An answer without an offer");
    const auto bundle = take_bundle(answer);
    auto media = JF_TRY(sip::accept_answer(describe(true), *offer_, answer));
    JF_TRY(need_audio(media));
    const SdpMedia* const audio = described_audio(answer);
    JF_TRY(accept_encryption(audio_, audio));
    JF_TRY(accept_transport(audio_, answer, audio));
    if (passed_) note_answer(answer, bundle, media);
    negotiated_to(std::move(media));
    return {};
}

void MediaSession::negotiated_to(std::vector<NegotiatedMedia> media) {
    slots_ = std::move(media);
    for (NegotiatedMedia& slot : slots_)
        if (slot.accepted()) slot.formats = {};  // of interest while a line is refused
    if (passed_) apply_passed();
    apply();
}

FormatList MediaSession::formats() const {
    FormatList list;
    if (const NegotiatedMedia* const media = slot_of(0))
        for (const NegotiatedCodec& negotiated : media->codecs)
            if (const Codec* codec = codec_of(negotiated.codec))
                list.add(Format{codec, std::chrono::milliseconds(media->ptime), negotiated.codec.fmtp});
    return list.empty() ? formats_.of_type(MediaType::audio) : list;
}

void MediaSession::attach(Channel& channel, const MediaStream* near, SendDigit send_digit) {
    channel_ = &channel;
    send_digit_ = std::move(send_digit);
    channel.media().set_port(audio_.rtp->take_port(), near);
    if (endpoint_->dtmf == DtmfMode::inband) channel.media().detect_inband_digits(true);
    if (passed_) apply_passed();
    if (const NegotiatedMedia* audio = audio_in_use()) tell_channel(*audio);
}

const NegotiatedMedia* MediaSession::slot_of(std::size_t local) const {
    const auto found = std::ranges::find(slots_, local, &NegotiatedMedia::local);
    return found == slots_.end() ? nullptr : &*found;
}

const NegotiatedMedia* MediaSession::audio_in_use() const {
    const NegotiatedMedia* const audio = slot_of(0);
    return audio && !audio->codecs.empty() ? audio : nullptr;
}

RtpParameters MediaSession::parameters_of(const SessionStream& stream, const NegotiatedMedia& media) const {
    RtpParameters parameters;
    if (!media.remote.is_null())
        if (auto remote = SocketAddress::parse(media.remote.address)) parameters.remote = remote->with_port(media.remote_port);
    if (media.remote_rtcp_port && parameters.remote.valid()) {
        const auto& host = media.remote_rtcp_address.empty() ? media.remote.address : media.remote_rtcp_address;
        if (auto rtcp = SocketAddress::parse(host)) parameters.remote_rtcp = rtcp->with_port(media.remote_rtcp_port);
    }
    parameters.send.reserve(media.codecs.size());
    parameters.receive.reserve(media.codecs.size());
    for (const NegotiatedCodec& negotiated : media.codecs)
        if (const Codec* codec = codec_of(negotiated.codec)) {
            parameters.send.push_back({negotiated.send_payload_type, codec});
            parameters.receive.push_back({negotiated.receive_payload_type, codec});
        }
    if (!parameters.send.empty()) parameters.write_codec = parameters.send.front().codec;
    parameters.rtcp_mux = media.rtcp_mux;
    if (stream.protection) {
        parameters.encrypt = stream.protection->keys.encrypt;
        parameters.decrypt = stream.protection->keys.decrypt;
        parameters.key_number = stream.protection->keys.number;
    }
    parameters.sending = sends(media.direction);
    parameters.receiving = receives(media.direction);
    return parameters;
}

void MediaSession::set_parameters(SessionStream& stream, const NegotiatedMedia& media, RtpParameters parameters) const {
    if (RtpTransport* const transport = stream.transport()) {  // first: nothing goes out in plain meanwhile
        MediaTransport& described = stream.protection->transport;
        described.remote.rtcp_mux = media.rtcp_mux;
        transport->set_remote(described.remote, described.ours, described.active.value_or(false));
    }
    stream.rtp->set(std::move(parameters));
}

void MediaSession::apply() {
    const NegotiatedMedia* const audio = audio_in_use();
    if (!audio) return;
    RtpParameters parameters = parameters_of(audio_, *audio);
    if (parameters.send.empty()) return;
    write_codec_ = parameters.write_codec;
    const unsigned ptime = audio->ptime && endpoint_->use_ptime ? audio->ptime : 0;
    packet_time_ = parameters.packet_time = ptime ? std::chrono::milliseconds(ptime) : write_codec_->packet_time;
    if (audio->telephone_event) {
        parameters.dtmf_payload = audio->telephone_event->send_payload_type;
        parameters.dtmf_receive_payload = audio->telephone_event->receive_payload_type;
    }
    if (audio->comfort_noise) {
        parameters.comfort_noise_payload = static_cast<std::int8_t>(audio->comfort_noise->send_payload_type);
        parameters.comfort_noise_receive_payload = static_cast<std::int8_t>(audio->comfort_noise->receive_payload_type);
    }
    if (audio->wanted.voip_metrics) parameters.extended |= rtp_voip_metrics;
    if (audio->wanted.statistics) parameters.extended |= rtp_statistics;
    if (audio->wanted.reference_time) parameters.extended |= rtp_reference_time;
    if (parameters.encrypt) parameters.key_life = endpoint_->srtp_rekey_packets;
    parameters.elsewhere = direct_ != nullptr;
    held_ = audio->held;
    set_parameters(audio_, *audio, std::move(parameters));
    if (channel_) tell_channel(*audio);
}

// What the channel's stream has to know of it.
void MediaSession::tell_channel(const NegotiatedMedia& audio) {
    if (!write_codec_) return;
    channel_->media().set_formats(write_codec_, write_codec_, packet_time_);
    tell_topology();
    if (endpoint_->dtmf == DtmfMode::automatic && !audio.telephone_event) channel_->media().detect_inband_digits(true);
    const bool by_info = endpoint_->dtmf == DtmfMode::info || (endpoint_->dtmf == DtmfMode::auto_info && !audio.telephone_event);
    // An empty std::function within would count as a function, and be called.
    channel_->media().signal_digits(by_info ? std::move_only_function<void(const Digit&)>(send_digit_) : nullptr);
}

}  // namespace jackfield::sip
