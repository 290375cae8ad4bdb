// The media of one call: offers and answers on one side, RTP sessions and the channel's streams on the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/config/settings.hpp"
#include "channels/sip/stack/offer_answer.hpp"
#include "channels/sip/stack/sdes.hpp"
#include "channels/sip/stack/transport_attributes.hpp"
#include "channels/sip/stack/trickle.hpp"
#include "core/channel/channel.hpp"
#include "core/media/format.hpp"
#include "modules/res_rtp/rtp.hpp"
#include "modules/res_rtp/rtp_transport.hpp"

namespace jackfield::sip {

// The keys of a stream's media; none: it is plain.
struct MediaKeys {
    bool secure_profile = false;              // RTP/SAVP is described, not RTP/AVP
    std::vector<CryptoLine> described;        // offered or answered with
    std::optional<CryptoLine> own, remote;    // in use
    std::shared_ptr<RtpCipher> encrypt, decrypt;
    bool renew = false;                       // the next offer has a new key of ours
    std::uint32_t number = 0;                 // of `own`: how many have taken another's place
};

// What the stream's transport was described as, and what came of it.
struct MediaTransport {
    bool ice = false, dtls = false;           // described
    DtlsSetup setup = DtlsSetup::actpass;     // described
    std::optional<bool> active;               // we begin the handshake: settled
    std::string profile;                      // of the offer that is answered
    std::string mid;                          // of a bundle; empty: none
    bool one_port = false;                    // RTCP has no candidates of its own
    bool ours = false;                        // the latest offer
    bool bundles = false;                     // of the audio: the far side's latest description lets other streams go by it
    RtpRemoteTransport remote;
    std::string remote_mid;
    std::vector<IceCandidate> told;           // of ours: described or trickled
    bool told_all = false;
};

// Where another far side takes media, as this one is told it so that both send past us (direct media).
struct DirectMedia {
    SdpConnection connection;
    std::uint16_t port = 0, rtcp_port = 0;
    std::vector<SdpCodec> codecs;             // that both have under the same payload types; best first, events last
    bool operator==(const DirectMedia&) const = default;
};

struct MediaProtection {
    MediaKeys keys;
    MediaTransport transport;
    std::function<void()> late;               // of the audio: candidates of any stream were found late
};

// One RTP stream of a call: its session, and the keys and the transport that it has.
struct SessionStream {
    std::unique_ptr<RtpSession> rtp;
    std::unique_ptr<MediaProtection> protection;  // null: the endpoint has plain RTP and nothing else, as most have
    RtpTransport* transport() const { return rtp ? rtp->transport() : nullptr; }
    bool secured() const { return (protection && protection->keys.encrypt) || (transport() && transport()->secured()); }
};

// A stream that is passed on packet for packet and never looked into: video, text, audio beyond the first. passed_streams.cpp.
struct PassedStream : SessionStream {
    MediaType type = MediaType::video;
    std::size_t index = 0;                        // among the channel's streams of the type
    std::vector<SdpCodec> codecs;                 // offered or answered with; none: refused or removed
    Direction direction = Direction::sendrecv;    // what we would like
    Direction wanted = Direction::sendrecv;       // what the far side asked for in its last offer
    std::uint8_t feedback = 0, remote_feedback = 0;  // RtpFeedback: described; known to the far side
    std::string mid;                              // described; empty: none
    bool bundled = false;                         // by the audio's transport (bundle.cpp): it has no protection of its own
    std::uint8_t mid_extension = 0;               // number of the header extension that bears `mid`; 0: none does
    bool declined = false;                        // our last offer of it; closed before the next description
    bool refused = false;                         // the far side does not want it: it is not offered again by itself
    bool attached = false;                        // its port lives in the channel's stream
    bool live() const { return !codecs.empty(); }
};
struct PassedStreams {
    std::vector<std::unique_ptr<PassedStream>> all;  // LocalDescription::media has them after the audio
    Topology peer;                                   // of whom the channel is connected with; empty: nobody is known
    bool refusal_untold = false;                     // the far side did not take what the peer has: it is to hear so, though nothing changed
    bool expecting = false;                          // the next answer refuses what the peer has not
    std::shared_ptr<char> alive = std::make_shared<char>();
    std::function<void()> fast_update;               // a video stream's receiver needs a key frame, and RTCP does not tell so
};

std::string_view media_name(MediaType type);  // of an m line

// Control thread; nothing waits. One audio stream, and what is passed on beside it.
class MediaSession {
  public:
    // Opens the RTP session. `host` is told in SDP, `bind` is where the socket lives. Errors: those of RtpService::create.
    static Result<std::unique_ptr<MediaSession>> create(RtpService& rtp, std::shared_ptr<const EndpointSettings> endpoint, FormatList formats,
                                                        const std::string& host, const SocketAddress& bind);

    // Before the first offer: the streams beside the audio that whom the call is for has, as far as our endpoint takes them.
    void offer_streams(const Topology& caller);
    // And with comfort noise (RFC 3389), as the endpoint may have it anyway.
    void offer_comfort_noise() { comfort_noise_ = true; }
    bool has_comfort_noise() const { return audio_in_use() && audio_in_use()->comfort_noise; }  // negotiated
    // The channel is connected, or will be, with one that has these streams: those beside the audio are to follow. True: they do
    // not yet, and an offer is to say so. What the peer never had stays as it is.
    bool follow(const Topology& peer);
    // The same before the far side has our answer: what the peer has not is refused, and another answer is to be made.
    bool expect(const Topology& peer);
    // It is connected with nobody any more whose streams ours should fit.
    void forget_peer() {
        if (passed_) passed_->peer.clear();
    }
    // Of its streams, as the channel is to have it.
    Topology topology() const;
    // Every stream knows its candidates (RtpTransport::when_gathered).
    void when_gathered(std::function<void()> done);
    bool gathered() const;
    // `tell`: late_candidates() has something to say.
    void on_late_candidates(std::function<void()> tell);
    // `tell`: our far side is to be asked for a key frame by other ways than RTCP (RFC 5168).
    void on_fast_update(std::function<void()> tell);

    // Gives the RTP ports to the channel's streams (once) and keeps them up to date from then on. `near`: the stream whose
    // media thread it should live on. `send_digit` sends one by signalling, when digits go so.
    using SendDigit = std::function<void(const Digit&)>;
    void attach(Channel& channel, const MediaStream* near, SendDigit send_digit);
    // After Channel::exchange: the stream that our port lives below now.
    void moved_to(Channel& channel) { channel_ = &channel; }

    std::string make_offer();
    // Answers an offer. Errors: unsupported (488), invalid (400: no description).
    Result<std::string> make_answer(std::string_view offer);
    // What came back to our offer. Errors: unsupported, invalid.
    Result<void> accept_answer(std::string_view answer);
    // Whether offers from now on, until one is answered, have a new key for the audio that we send (SDES, once there is one).
    void renew_key(bool renew) {
        if (audio_.protection) audio_.protection->keys.renew = renew && audio_.protection->keys.own;
    }
    // No other answer to our offer will come.
    void offer_settled() { offer_.reset(); }
    // Our offer was refused: streams that it added are not offered again by themselves.
    void offer_declined();
    // Candidates that the far side found since its description; those of other credentials than it has now are passed over.
    void take_candidates(const TrickleFragment& fragment);
    // Those of ours that nobody was told yet, or that there will be no more, for INFO; empty: nothing new.
    std::string late_candidates();
    bool negotiated() const { return !slots_.empty(); }

    bool held_by_remote() const { return held_; }    // as of the last offer or answer
    FormatList formats() const;                      // of audio in common, the one in use first

    // What our far side would have to be told so that it sends to the other one's. Nothing when these two can't: no codec in
    // common under one payload type, digits that only one sends as events, encryption, ICE, hold.
    std::optional<DirectMedia> direct_to(const MediaSession& other) const;
    // Offers and answers from now on have that instead of our own address; nothing: our own again. Not while an offer is under way.
    void set_direct(std::optional<DirectMedia> direct) { direct_ = direct ? std::make_unique<DirectMedia>(*std::move(direct)) : nullptr; }
    const DirectMedia* direct() const { return direct_.get(); }
    // The host that the far side takes media at; empty: none is known.
    std::string_view remote_host() const;
    // Whether an offer is one to go on as now, neither a hold nor the end of one.
    static bool both_ways(std::string_view offer);
    const RtpSession& rtp() const { return *audio_.rtp; }
    void capture(std::shared_ptr<RtpPacketSink> sink) { audio_.rtp->capture(std::move(sink)); }  // of the audio
    bool secured() const { return audio_.secured(); }
    RtpTransport* transport() const { return audio_.transport(); }  // ICE and DTLS; null: neither
    // The streams beside the audio that are in use, for statistics.
    void for_each_passed(const std::function<void(const PassedStream&)>& visit) const;

  private:
    MediaSession(std::shared_ptr<const EndpointSettings> endpoint, FormatList formats)
        : endpoint_(std::move(endpoint)), formats_(std::move(formats)) {}
    static RtpOptions rtp_options(const EndpointSettings& endpoint, const std::string& host, const SocketAddress& local);
    // What we can do; made when it is needed: calls are many. `comfort_noise`: beside the codecs.
    LocalDescription describe(bool comfort_noise) const;
    LocalDescription describe_audio(bool comfort_noise) const;  // that alone
    void negotiated_to(std::vector<NegotiatedMedia> media);
    const NegotiatedMedia* audio_in_use() const;  // null: none yet
    bool needs_protection() const;
    // Keys in SDP (media_encryption.cpp). Before an answer: what it will say. After an exchange: the ciphers of both directions.
    void describe_encryption(const SessionStream& stream, LocalMedia& media) const;
    void offer_encryption(SessionStream& stream) const;
    Result<void> answer_encryption(SessionStream& stream, const SdpMedia* offered) const;
    Result<void> accept_encryption(SessionStream& stream, const SdpMedia* answered) const;
    // ICE and DTLS in SDP (media_transport.cpp), in the same order.
    void describe_direct(LocalMedia& audio) const;   // direct_media.cpp
    void describe_transport(const SessionStream& stream, LocalDescription& local, LocalMedia& media) const;
    void offer_transport(SessionStream& stream) const;
    Result<void> answer_transport(SessionStream& stream, const SdpSession& offer, const SdpMedia* offered) const;
    Result<void> accept_transport(SessionStream& stream, const SdpSession& answer, const SdpMedia* answered) const;
    void note_told();
    void describe_track(const SessionStream& stream, LocalMedia& media) const;
    // Streams that share the audio's transport (bundle.cpp).
    bool may_bundle() const;
    std::vector<std::string> take_bundle(SdpSession& remote) const;
    void offer_bundled(PassedStream& stream) const;
    void answer_bundled(PassedStream& stream, const SdpMedia& offered, const std::vector<std::string>& bundle) const;
    Result<void> accept_bundled(PassedStream& stream, const SdpMedia& answered, const std::vector<std::string>& bundle) const;
    void set_bundled(PassedStream& stream, bool bundled) const;
    void describe_bundled(const PassedStream& stream, const LocalMedia& audio, LocalMedia& media) const;
    void describe_bundle(LocalDescription& local) const;
    void complete_answer(const SdpSession& offer, SdpSession& answer) const;
    // Streams beside the audio (passed_streams.cpp).
    PassedStream* free_stream(MediaType type, const std::vector<const PassedStream*>& taken);
    bool open(PassedStream& stream);
    void close_port(PassedStream& stream) const;
    void close(PassedStream& stream) const;
    void close_unused();
    void describe_passed(LocalDescription& local) const;
    void describe_answer(PassedStream& stream, const SdpMedia& offered) const;
    std::vector<std::size_t> take_lines(const SdpSession& offer, const std::vector<std::string>& bundle);
    void answer_passed(const SdpSession& offer, const std::vector<std::size_t>& lines);
    void note_offer(const SdpSession& offer, const std::vector<NegotiatedMedia>& media);
    void note_answer(const SdpSession& answer, const std::vector<std::string>& bundle, std::vector<NegotiatedMedia>& media);
    void apply_passed();
    void attach(PassedStream& stream);
    const NegotiatedMedia* slot_of(std::size_t local) const;  // null: none, or it is refused
    const StreamInfo* peer_of(const PassedStream& stream) const;
    bool follow(PassedStream& stream, const StreamInfo& peer);
    bool add_stream(MediaType type, std::size_t index, const StreamInfo& peer);
    std::vector<SdpCodec> codecs_for(const StreamInfo& peer) const;
    RtpParameters parameters_of(const SessionStream& stream, const NegotiatedMedia& media) const;
    void set_parameters(SessionStream& stream, const NegotiatedMedia& media, RtpParameters parameters) const;
    void apply();
    void tell_channel(const NegotiatedMedia& audio);
    void tell_topology();

    std::shared_ptr<const EndpointSettings> endpoint_;
    FormatList formats_;
    SessionStream audio_;
    std::unique_ptr<PassedStreams> passed_;          // null: there has never been anything but audio
    std::string host_;                               // told in SDP
    SdpOrigin origin_{0};
    std::unique_ptr<SdpSession> offer_;              // ours, until its last answer
    std::vector<NegotiatedMedia> slots_;
    const Codec* write_codec_ = nullptr;             // as negotiated, and its packet time
    std::chrono::milliseconds packet_time_{0};
    Channel* channel_ = nullptr;
    SendDigit send_digit_;
    std::unique_ptr<DirectMedia> direct_;
    bool held_ = false, comfort_noise_ = false;
};

}  // namespace jackfield::sip
