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

// Our formats with their payload types; telephone-event at each clock rate when digits go by RFC 4733.
std::vector<SdpCodec> describe_codecs(const FormatList& formats, bool events) {
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
    if (!events || codecs.empty()) return codecs;
    // RFC 4733 2.1: events have the clock of the audio beside them.
    std::vector<std::uint32_t> rates{8000};
    for (const SdpCodec& codec : codecs)
        if (std::ranges::find(rates, codec.clock_rate) == rates.end()) rates.push_back(codec.clock_rate);
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

}  // namespace

Result<std::unique_ptr<MediaSession>> MediaSession::create(RtpService& rtp, std::shared_ptr<const EndpointSettings> settings,
                                                           FormatList formats, const std::string& host, const SocketAddress& bind,
                                                           const std::string& cname) {
    std::unique_ptr<MediaSession> session(new MediaSession(std::move(settings), std::move(formats)));
    const EndpointSettings& endpoint = *session->endpoint_;
    RtpOptions options;
    options.local = bind;
    if (endpoint.bind_rtp_to_media_address && !endpoint.media_address.empty())
        options.local = JF_TRY(SocketAddress::parse(endpoint.media_address));
    options.symmetric = endpoint.rtp_symmetric || endpoint.rewrite_contact;
    options.timeout = endpoint.rtp_timeout;
    options.hold_timeout = endpoint.rtp_timeout_hold;
    options.keepalive = endpoint.rtp_keepalive;
    options.jitter_buffer = endpoint.jitter_buffer;
    options.dscp = endpoint.tos_audio;
    options.cname = cname;
    options.ice = endpoint.ice_support;
    if (const auto told = SocketAddress::parse(host); told && !told->is_any() && !told->same_host(options.local)) options.external = *told;
    if (endpoint.media_encryption == MediaEncryption::dtls) {
        if (!endpoint.dtls || !endpoint.dtls->context) return fail(ErrorCode::unsupported, "endpoint {} has no certificate for DTLS", endpoint.name);
        options.dtls = endpoint.dtls->context;
    }
    session->rtp_ = JF_TRY(rtp.create(options));
    if (endpoint.media_encryption != MediaEncryption::no || endpoint.ice_support || endpoint.bundle || endpoint.webrtc)
        session->protection_ = std::make_unique<MediaProtection>();
    session->origin_ = SdpOrigin(session_identifier());
    session->host_ = endpoint.media_address.empty() ? host : endpoint.media_address;
    if (endpoint.media_encryption != MediaEncryption::no) JF_TRY(find_service<SrtpService>());
    return session;
}

LocalDescription MediaSession::describe() const {
    LocalDescription local;
    local.connection = {host_, host_.contains(':')};
    local.user = endpoint_->sdp_owner;
    local.name = endpoint_->sdp_session;
    local.order = CodecOrder::local;
    LocalMedia audio;
    audio.port = rtp_->local().port();
    const bool events = endpoint_->dtmf == DtmfMode::rfc4733 || endpoint_->dtmf == DtmfMode::automatic || endpoint_->dtmf == DtmfMode::auto_info;
    audio.codecs = describe_codecs(formats_, events);
    audio.rtcp_mux = endpoint_->rtcp_mux;
    describe_encryption(audio);
    describe_transport(local, audio);
    if (direct_) describe_direct(audio);
    if (const Format* first = formats_.best(MediaType::audio)) {
        audio.ptime = static_cast<unsigned>(first->effective_packet_time().count());
        audio.maxptime = static_cast<unsigned>(first->codec->maximum_packet_time.count());
    }
    local.media.push_back(std::move(audio));
    return local;
}

std::string MediaSession::make_offer() {
    offer_encryption();
    offer_transport();
    offer_ = std::make_unique<SdpSession>(sip::make_offer(describe(), slots_));
    note_told();
    return origin_.write(*offer_);
}

Result<std::string> MediaSession::make_answer(std::string_view text) {
    const SdpSession offer = JF_TRY(parse_sdp(text));
    std::optional<MediaProtection> before;
    if (protection_) before = *protection_;
    const auto answered = [&]() -> Result<Answer> {
        JF_TRY(answer_encryption(offer));
        JF_TRY(answer_transport(offer));
        return sip::make_answer(describe(), offer);
    };
    auto answer = answered();
    if (!answer) {  // the media that there is goes on as it did
        if (before) *protection_ = *std::move(before);
        return std::unexpected(std::move(answer).error());
    }
    complete_answer(offer, answer->description);
    note_told();
    negotiated_to(std::move(answer->media));
    return origin_.write(answer->description);
}

Result<void> MediaSession::accept_answer(std::string_view text) {
    const SdpSession answer = JF_TRY(parse_sdp(text));
    if (!offer_) return fail(ErrorCode::invalid, "An answer without an offer");
    auto media = JF_TRY(sip::accept_answer(describe(), *offer_, answer));
    JF_TRY(accept_encryption(answer));
    JF_TRY(accept_transport(answer));
    negotiated_to(std::move(media));
    return {};
}

void MediaSession::negotiated_to(std::vector<NegotiatedMedia> media) {
    slots_ = std::move(media);
    for (NegotiatedMedia& slot : slots_)
        if (slot.accepted()) slot.formats = {};  // of interest while a line is refused
    apply();
}

FormatList MediaSession::formats() const {
    FormatList list;
    for (const NegotiatedMedia& media : slots_) {
        if (!media.accepted()) continue;
        for (const NegotiatedCodec& negotiated : media.codecs)
            if (const Codec* codec = codec_of(negotiated.codec))
                list.add(Format{codec, std::chrono::milliseconds(media.ptime), negotiated.codec.fmtp});
    }
    return list.empty() ? formats_ : list;
}

void MediaSession::attach(Channel& channel, const MediaStream* near, SendDigit send_digit) {
    channel_ = &channel;
    send_digit_ = std::move(send_digit);
    channel.media().set_port(rtp_->take_port(), near);
    if (endpoint_->dtmf == DtmfMode::inband) channel.media().detect_inband_digits(true);
    if (const NegotiatedMedia* audio = audio_in_use()) tell_channel(*audio);
}

const NegotiatedMedia* MediaSession::audio_in_use() const {
    const NegotiatedMedia* audio = nullptr;
    for (const NegotiatedMedia& media : slots_)
        if (media.accepted() && media.type == "audio") audio = &media;
    return audio && !audio->codecs.empty() ? audio : nullptr;
}

void MediaSession::apply() {
    const NegotiatedMedia* const audio = audio_in_use();
    if (!audio) return;
    RtpParameters parameters;
    if (!audio->remote.is_null())
        if (auto remote = SocketAddress::parse(audio->remote.address)) parameters.remote = remote->with_port(audio->remote_port);
    if (audio->remote_rtcp_port && parameters.remote.valid()) {
        const auto& host = audio->remote_rtcp_address.empty() ? audio->remote.address : audio->remote_rtcp_address;
        if (auto rtcp = SocketAddress::parse(host)) parameters.remote_rtcp = rtcp->with_port(audio->remote_rtcp_port);
    }
    parameters.send.reserve(audio->codecs.size());
    parameters.receive.reserve(audio->codecs.size());
    for (const NegotiatedCodec& negotiated : audio->codecs)
        if (const Codec* codec = codec_of(negotiated.codec)) {
            parameters.send.push_back({negotiated.send_payload_type, codec});
            parameters.receive.push_back({negotiated.receive_payload_type, codec});
        }
    if (parameters.send.empty()) return;
    write_codec_ = parameters.write_codec = parameters.send.front().codec;
    const unsigned ptime = audio->ptime && endpoint_->use_ptime ? audio->ptime : 0;
    packet_time_ = parameters.packet_time = ptime ? std::chrono::milliseconds(ptime) : write_codec_->packet_time;
    if (audio->telephone_event) {
        parameters.dtmf_payload = audio->telephone_event->send_payload_type;
        parameters.dtmf_receive_payload = audio->telephone_event->receive_payload_type;
    }
    parameters.rtcp_mux = audio->rtcp_mux;
    if (protection_) {
        parameters.encrypt = protection_->keys.encrypt;
        parameters.decrypt = protection_->keys.decrypt;
        parameters.key_number = protection_->keys.number;
        if (parameters.encrypt) parameters.key_life = endpoint_->srtp_rekey_packets;
    }
    parameters.elsewhere = direct_ != nullptr;
    parameters.sending = sends(audio->direction);
    parameters.receiving = receives(audio->direction);
    held_ = audio->held;
    if (RtpTransport* const transport = rtp_->transport()) {  // first: nothing goes out in plain meanwhile
        protection_->transport.remote.rtcp_mux = audio->rtcp_mux;
        transport->set_remote(protection_->transport.remote, protection_->transport.ours, protection_->transport.active.value_or(false));
    }
    rtp_->set(std::move(parameters));
    if (channel_) tell_channel(*audio);
}

// What the channel's stream has to know of it.
void MediaSession::tell_channel(const NegotiatedMedia& audio) {
    if (!write_codec_) return;
    channel_->media().set_formats(write_codec_, write_codec_, packet_time_);
    channel_->set_topology({StreamInfo{MediaType::audio, formats(), StreamInfo::Direction::both, "audio"}});
    if (endpoint_->dtmf == DtmfMode::automatic && !audio.telephone_event) channel_->media().detect_inband_digits(true);
    const bool by_info = endpoint_->dtmf == DtmfMode::info || (endpoint_->dtmf == DtmfMode::auto_info && !audio.telephone_event);
    // An empty std::function within would count as a function, and be called.
    channel_->media().signal_digits(by_info ? std::move_only_function<void(const Digit&)>(send_digit_) : nullptr);
}

}  // namespace jackfield::sip
