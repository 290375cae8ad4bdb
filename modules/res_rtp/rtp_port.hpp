// The port of one RTP session: sockets, numbering, digits, reports. Lives on a media thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>

#include "core/media/jitter_buffer.hpp"
#include "core/media/media_socket.hpp"
#include "core/media/port.hpp"
#include "modules/res_rtp/extended_reception.hpp"
#include "modules/res_rtp/bundle.hpp"
#include "modules/res_rtp/packet_inbox.hpp"
#include "modules/res_rtp/packet_log.hpp"
#include "modules/res_rtp/reception.hpp"
#include "modules/res_rtp/rtcp_packet.hpp"
#include "modules/res_rtp/rtcp_report.hpp"
#include "modules/res_rtp/rtp.hpp"
#include "modules/res_rtp/rtp_packet.hpp"
#include "modules/res_rtp/rtp_settings.hpp"
#include "modules/res_rtp/snapshot.hpp"
#include "modules/res_rtp/socket_pool.hpp"
#include "modules/res_rtp/source_learning.hpp"
#include "modules/res_rtp/telephone_events.hpp"

namespace jackfield::rtp {

// Who looks at the packets of a session; most have nobody.
struct Watch {
    std::shared_ptr<RtpPacketSink> capture;  // either may be null
    std::shared_ptr<PacketLog> log;
};

struct LastReports {
    Snapshot<RtcpReport> sent, received;
    Snapshot<ExtendedReport> extended;
};

struct Shared;

// Of a session without sockets of its own: whose it has, and how packets get here from there.
struct Carried {
    std::shared_ptr<const Shared> carrier;
    std::shared_ptr<Crossing> crossing = std::make_shared<Crossing>();
};

// What session (control thread) and port (media thread) have in common.
struct Shared {
    Shared(OwnedPair pair, const RtpOptions& its_options, std::shared_ptr<const Settings> its_settings)
        : sockets(std::move(pair)), options(its_options), settings(std::move(its_settings)) {}
    Shared(std::shared_ptr<const Shared> carrier, const RtpOptions& its_options, std::shared_ptr<const Settings> its_settings)
        : sockets(carrier->sockets.get()), options(its_options), settings(std::move(its_settings)), carried(std::make_unique<const Carried>(std::move(carrier))) {}
    ~Shared() {
        delete pending.load(std::memory_order_acquire);
        delete pending_watch.load(std::memory_order_acquire);
        delete reports.load(std::memory_order_acquire);
    }
    // Control thread. The port takes them with the next packet, in or out, or within half a second; what it never took is dropped.
    void hand_over(std::unique_ptr<RtpParameters> parameters) {
        delete pending.exchange(parameters.release(), std::memory_order_acq_rel);
        news.store(true, std::memory_order_release);
    }
    void hand_over(std::unique_ptr<Watch> watch) {
        delete pending_watch.exchange(watch.release(), std::memory_order_acq_rel);
        news.store(true, std::memory_order_release);
    }

    const OwnedPair sockets;
    RtpOptions options;  // changed before the port is made, never after
    const std::shared_ptr<const Settings> settings;  // as they were when it was made
    std::shared_ptr<PacketInbox> inbox;  // of STUN and DTLS; null: none is expected
    const std::unique_ptr<const Carried> carried;  // null: the sockets are its own
    std::atomic<bool> news{false};                 // one of the next two is not null
    std::atomic<RtpParameters*> pending{nullptr};  // newest that the port has not taken yet
    std::atomic<Watch*> pending_watch{nullptr};
    std::atomic<LastReports*> reports{nullptr};  // made by the port when there is somebody who wants one, or an extended one: calls are many
    Snapshot<RtpQuality> quality;
    Snapshot<SocketAddress> source;  // learnt; invalid before
};

class RtpPort final : public Port, MediaSocket::Receiver {
  public:
    explicit RtpPort(std::shared_ptr<Shared> shared);
    ~RtpPort() override;  // says goodbye by RTCP

    void write(const Frame& frame) override;
    bool write_digit(const Digit& digit) override;
    void ask(const Feedback& feedback) override;  // by RTCP (RFC 4585); of video only
    void attach(MediaThread& thread) override;
    void detach() override;
    std::uint32_t relay_kind() const override { return 0x525450; }  // "RTP"

  private:
    static constexpr std::uint8_t unknown_type = 0xff;  // no payload type: they have 7 bits
    // A clock of its own for each purpose, so that the one that is not needed does not run.
    struct Clocked final : MediaThread::Ticked {
        Clocked(RtpPort& its_port, void (RtpPort::*its_action)(std::uint64_t)) : port(its_port), action(its_action) {}
        void tick(std::uint64_t now) override { (port.*action)(now); }
        void start(std::chrono::milliseconds interval);
        void stop();
        RtpPort& port;
        void (RtpPort::*action)(std::uint64_t);
        bool runs = false;
    };

    // Of a stream that is no audio, or has a carrier.
    struct Passed {
        explicit Passed(RtpPort& port) : crossing_clock(port, &RtpPort::take_passed) {}
        bool key_frame_wanted = false;           // once there is a source
        std::uint8_t full_intra = 0;             // the number of our last FIR
        std::optional<std::uint8_t> full_intra_heard;
        std::uint16_t joined_at = 0;             // the sequence number since which sequence_offset_ holds
        std::uint64_t key_frame_asked_at = 0;    // 0: never
        int text_type = -1;                      // payload type of T.140 text in redundant payloads; -1: it can't be in them
        bool redundant = false;                  // the codec that is written
        Clocked crossing_clock;
    };

    // Extended reports: of who is asked for them, or was asked for a round trip.
    struct Extended {
        ExtendedReception reception;
        std::uint32_t reference_ssrc = 0, reference = 0;  // whose reference time was heard last, the middle of it
        std::uint64_t reference_at = 0;                   // 0: none, or it is answered
    };

    // RTCP's socket, where STUN and DTLS come to it too and nobody can wait for the clock that reads it otherwise.
    struct ControlSocket final : MediaSocket::Receiver {
        explicit ControlSocket(RtpPort& its_port) : port(its_port) {}
        void packet(std::span<std::uint8_t> bytes, const sockaddr* from) override;
        RtpPort& port;
        MediaSocket socket{*this};
    };

    // Media in.
    void packet(std::span<std::uint8_t> bytes, const sockaddr* from) override;
    void no_media(unsigned component, std::span<const std::uint8_t> bytes, const sockaddr* from);
    // What is media in ChannelData of the relay in use: then `bytes` becomes that.
    static bool unwrap(const RtpRelay& relay, std::span<std::uint8_t>& bytes, const sockaddr* from);
    bool judge_source(const SocketAddress& from, std::uint16_t sequence);
    void lock_source(const SocketAddress& from);
    void open_learning(const SocketAddress& expected);
    bool pass_on(const Header& header, std::span<std::uint8_t> bytes, const SocketAddress& from);
    void new_remote_source(const Header& header);
    void hear_event(const Packet& packet);
    void hear_comfort_noise(const Packet& packet);
    void hand_over(const Header& header, const Codec* codec, std::span<const std::uint8_t> payload);
    void play_out(std::uint64_t now);  // of the jitter buffer
    void take_passed(std::uint64_t) { shared_->carried->crossing->drain(); }

    // Media out.
    bool choose_payload(const Codec* codec);
    void join_source(const Frame& frame);
    void write_comfort_noise(const Frame& frame);
    std::uint32_t timestamp_now() const;
    std::uint8_t* packet_space() { return media_.outgoing() + headroom_; }
    std::size_t finish_passed(std::uint8_t* bytes, std::size_t size) const;
    void send_packet(std::uint8_t* bytes, std::size_t size);  // `bytes`: packet_space()
    void send_event(std::uint64_t now);
    void send_keepalive();

    // Parameters, reports, time-outs: off the hot path.
    void take_parameters() {
        if (shared_->news.load(std::memory_order_relaxed)) [[unlikely]]
            take_news();
    }
    void take_news();
    void apply_parameters(std::unique_ptr<RtpParameters> fresh);
    void show(bool sent, bool rtcp, std::span<const std::uint8_t> bytes, const SocketAddress& remote) const;
    const Codec* received_codec(std::uint8_t type) {
        return type == known_type_ ? known_codec_ : look_up_codec(type);
    }
    const Codec* look_up_codec(std::uint8_t type);
    void every_half_second(std::uint64_t now);
    bool elsewhere() const;
    void check_silence(std::uint64_t now);
    void check_key();
    void begin_source();
    void multiplex_rtcp(bool on);
    void aim_rtcp();
    void read_rtcp();
    // `age`: nanoseconds since it came.
    void hear_rtcp(std::span<std::uint8_t> bytes, const SocketAddress& from, std::uint64_t age);
    void hear_block(const ReportBlock& block, std::uint64_t age);
    void hear_round_trip(std::uint32_t last, std::uint32_t delay, std::uint64_t age);
    void hear_extended(const CompoundReport& heard, std::uint64_t age);
    void tell_extended(OutgoingReport& report);
    VoipMetrics measured() const;
    void send_rtcp(bool bye, const OutgoingFeedback* feedback = nullptr);
    void hear_feedback(const CompoundReport& heard);
    void ask_key_frame();
    void plan_rtcp(bool first);
    void publish_quality();
    std::uint64_t now() const { return thread_ ? thread_->now_ns() : last_now_; }
    std::uint32_t random();

    // What every packet touches stands together.
    MediaThread* thread_ = nullptr;
    MediaSocket media_{*this};
    int socket_;
    bool connected_ = false;       // the kernel lets only the learnt source through
    bool send_connected_ = false;  // and that is where we send to
    bool sending_ = false, receiving_ = true;
    bool any_received_ = false, any_sent_ = false, timeout_reported_ = false;
    std::uint8_t send_type_ = 0, headroom_ = 0;  // headroom_: for a relay's header
    std::uint16_t last_sequence_, sequence_offset_ = 0;
    std::uint32_t ssrc_, last_timestamp_, timestamp_offset_ = 0;
    std::uint32_t write_source_ = 0;  // Frame::source of what is written; 0: the next frame joins anew
    std::uint32_t last_step_ = 160;   // between the last two frames written, timestamp units
    const Codec* write_codec_ = nullptr;
    RtpCipher *encrypt_ = nullptr, *decrypt_ = nullptr;  // of parameters_
    RtpSources sources_ = RtpSources::learnt;
    std::unique_ptr<Passed> passed_;  // null: audio
    std::unique_ptr<const Watch> watch_;  // null, as a rule
    std::unique_ptr<Extended> extended_;  // the same
    std::uint64_t written_at_ = 0, heard_at_ = 0;
    std::uint32_t packets_sent_ = 0, octets_sent_ = 0;
    std::uint32_t remote_ssrc_ = 0, read_source_ = 0, receive_clock_ = 8000;
    Reception reception_;
    EventReceiver events_in_;
    EventSender events_out_;
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<JitterBuffer> jitter_;
    std::unique_ptr<ControlSocket> control_;
    RtpCipher *encrypt_rtcp_ = nullptr, *decrypt_rtcp_ = nullptr;
    const Codec* read_codec_ = nullptr;
    int event_receive_type_ = -1, event_send_type_ = -1;
    SocketAddress target_;  // of media; invalid: nobody to send to
    const Codec* known_codec_ = nullptr;    // of the payload type that came last
    std::uint8_t known_type_ = unknown_type;

    std::unique_ptr<RtpParameters> parameters_;
    SourceLearning learning_;
    std::uint32_t send_clock_ = 8000;
    SocketAddress source_, rtcp_target_;
    Clocked coarse_{*this, &RtpPort::every_half_second};
    Clocked event_clock_{*this, &RtpPort::send_event};
    Clocked jitter_clock_{*this, &RtpPort::play_out};
    std::uint64_t last_now_ = 0, started_at_ = 0, rtcp_due_ = 0;
    std::uint64_t sender_report_at_ = 0;    // when the last one came
    std::uint32_t sender_report_time_ = 0;  // its NTP time, middle 32 bits
    std::uint32_t packets_at_report_ = 0;
    std::uint32_t packets_at_key_ = 0;      // when encrypt_ was new
    bool key_worn_ = false;                 // reported
    std::uint64_t random_state_;
    RtpQuality quality_;
    bool rtcp_mux_ = false;
};

}  // namespace jackfield::rtp
