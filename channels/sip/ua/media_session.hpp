// The media of one call: offers and answers on one side, an RTP session and the channel's stream on the other.
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
};

// Control thread; nothing waits. One audio stream.
class MediaSession {
  public:
    // Opens the RTP session. `host` is told in SDP, `bind` is where the socket lives. Errors: those of RtpService::create.
    static Result<std::unique_ptr<MediaSession>> create(RtpService& rtp, std::shared_ptr<const EndpointSettings> endpoint, FormatList formats,
                                                        const std::string& host, const SocketAddress& bind, const std::string& cname);

    // Gives the RTP port to the channel's stream (once) and keeps it up to date from then on. `near`: the stream whose
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
    // Whether offers from now on, until one is answered, have a new key for what we send (SDES, once there is one).
    void renew_key(bool renew) {
        if (protection_) protection_->keys.renew = renew && protection_->keys.own;
    }
    // No other answer to our offer will come.
    void offer_settled() { offer_.reset(); }
    // Candidates that the far side found since its description; those of other credentials than it has now are passed over.
    void take_candidates(const TrickleFragment& fragment);
    // Those of ours that nobody was told yet, or that there will be no more, for INFO; empty: nothing new.
    std::string late_candidates();
    bool negotiated() const { return !slots_.empty(); }

    bool held_by_remote() const { return held_; }    // as of the last offer or answer
    FormatList formats() const;                      // in common, the one in use first

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
    const RtpSession& rtp() const { return *rtp_; }
    void capture(std::shared_ptr<RtpPacketSink> sink) { rtp_->capture(std::move(sink)); }
    bool secured() const { return (protection_ && protection_->keys.encrypt) || (transport() && transport()->secured()); }
    RtpTransport* transport() const { return rtp_->transport(); }  // ICE and DTLS; null: neither

  private:
    MediaSession(std::shared_ptr<const EndpointSettings> endpoint, FormatList formats)
        : endpoint_(std::move(endpoint)), formats_(std::move(formats)) {}
    LocalDescription describe() const;               // what we can do; made when it is needed: calls are many
    void negotiated_to(std::vector<NegotiatedMedia> media);
    const NegotiatedMedia* audio_in_use() const;  // null: none yet
    // Keys in SDP (media_encryption.cpp). Before an answer: what it will say. After an exchange: the ciphers of both directions.
    void describe_encryption(LocalMedia& audio) const;
    void offer_encryption();
    Result<void> answer_encryption(const SdpSession& offer);
    Result<void> accept_encryption(const SdpSession& answer);
    // ICE, DTLS and bundling in SDP (media_transport.cpp), in the same order.
    void describe_direct(LocalMedia& audio) const;   // direct_media.cpp
    void describe_transport(LocalDescription& local, LocalMedia& audio) const;
    void offer_transport();
    Result<void> answer_transport(const SdpSession& offer);
    Result<void> accept_transport(const SdpSession& answer);
    void take_ice(const DescribedTransport& described);
    void note_told();
    void complete_answer(const SdpSession& offer, SdpSession& answer) const;
    Result<void> make_ciphers(const CryptoLine& own, const CryptoLine& remote);
    void apply();
    void tell_channel(const NegotiatedMedia& audio);

    std::shared_ptr<const EndpointSettings> endpoint_;
    FormatList formats_;
    std::unique_ptr<RtpSession> rtp_;
    std::string host_;                               // told in SDP
    SdpOrigin origin_{0};
    std::unique_ptr<SdpSession> offer_;              // ours, until its last answer
    std::vector<NegotiatedMedia> slots_;
    const Codec* write_codec_ = nullptr;             // as negotiated, and its packet time
    std::chrono::milliseconds packet_time_{0};
    std::unique_ptr<MediaProtection> protection_;    // null: the endpoint has plain RTP and nothing else, as most have
    Channel* channel_ = nullptr;
    SendDigit send_digit_;
    std::unique_ptr<DirectMedia> direct_;
    bool held_ = false;
};

}  // namespace jackfield::sip
