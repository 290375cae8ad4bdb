// The service interface of res_rtp: RTP sessions for channel drivers (RFC 3550, RFC 3551, RFC 4733).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/media/format.hpp"
#include "core/media/media_stream.hpp"

namespace jackfield {

struct RtpPayload {
    std::uint8_t type = 0;          // 0 to 127
    const Codec* codec = nullptr;
};

// Encrypts or decrypts one direction of a session in place (SRTP). Made on the control thread, then the port's alone, on its
// media thread; allocates nothing for a packet but the first of a source.
class RtpCipher {
  public:
    static constexpr std::size_t overhead = 160;  // bytes that a packet may grow by
    virtual ~RtpCipher() = default;
    // The packet is the first `size` bytes of the buffer, which begins at a multiple of 4. Returns its new size; 0: drop it (it does not verify, or came before).
    virtual std::size_t rtp(std::span<std::uint8_t> buffer, std::size_t size) = 0;
    virtual std::size_t rtcp(std::span<std::uint8_t> buffer, std::size_t size) = 0;
    // Of a decryption: how often the source's sequence number has gone round, as far as it is known (RFC 3711 3.3.1).
    virtual std::optional<std::uint32_t> roll_over(std::uint32_t) const { return {}; }
    // It takes the place of one where that was so: a sender that has a new key may go on counting there or begin anew. The first packets
    // tell which.
    virtual void expect(std::uint32_t ssrc, std::uint32_t roll_over) { (void)ssrc, (void)roll_over; }
};

// Whom a session believes that packets are its peer's.
enum class RtpSources : std::uint8_t {
    learnt,         // who sends some packets in sequence, preferably from `remote` (strict RTP)
    exact,          // `remote` alone
    authenticated,  // whoever has the key: ciphers are set
};

class DtlsContext;
class RtpSession;
class RtpTransport;
namespace rtp {
struct Routes;
}
struct RtcpReport;
struct ExtendedReport;

// A way by a TURN server (RFC 8656): ChannelData to and from it instead of datagrams to and from the far side.
struct RtpRelay {
    SocketAddress server;
    std::uint16_t channel = 0;  // 0: no relay
};

// Bits of RtpParameters::feedback (RFC 4585 4.2, RFC 5104 7.1): what the far side of a video stream wants to be told.
enum RtpFeedback : std::uint8_t { rtp_nack = 1, rtp_pli = 2, rtp_fir = 4 };

// Bits of RtpParameters::extended (RFC 3611 5.1): what the far side of audio wants to be told in RTCP XR.
enum RtpExtended : std::uint8_t {
    rtp_voip_metrics = 1,
    rtp_statistics = 2,
    rtp_reference_time = 4,  // it answers reference times, so that who only receives knows the round trip; ours are answered always
};

// Of a stream that shares its transport with others (RFC 8843).
struct RtpBundle {
    std::string mid;                          // its name
    std::uint8_t mid_extension = 0;           // number of the header extension that names it in packets; 0: none does
    std::shared_ptr<const rtp::Routes> others;  // of who carries the others: set by the session itself
};

// What offer and answer settled; may be given again at any time (re-INVITE). Control thread.
struct RtpParameters {
    SocketAddress remote;                     // media address of the far side; invalid: none yet
    SocketAddress remote_rtcp;                // invalid: the port above, or the same with rtcp_mux
    std::vector<RtpPayload> send, receive;    // payload types the far side takes / that it may send to us
    const Codec* write_codec = nullptr;       // what we send now
    std::chrono::milliseconds packet_time{20};
    int dtmf_payload = -1;                    // RFC 4733 payload type to send; -1: none
    int dtmf_receive_payload = -1;
    bool rtcp_mux = false;
    std::int8_t comfort_noise_payload = -1;   // RFC 3389 payload type to send; -1: none
    std::int8_t comfort_noise_receive_payload = -1;
    std::uint8_t feedback = 0;                // RtpFeedback
    std::uint8_t extended = 0;                // RtpExtended
    bool sending = true, receiving = true;    // by the media direction (hold)
    bool elsewhere = false;                   // the far sides send to each other: nothing is kept alive, reported or missed here
    std::shared_ptr<RtpCipher> encrypt, decrypt;  // null: plain
    std::shared_ptr<RtpCipher> encrypt_rtcp, decrypt_rtcp;  // of RTCP on a port of its own, where it has other keys; null: those above
    // Packets under one `encrypt` after which rtp_key_worn is reported, once; 0: never. Under another number than before (a key has
    // taken another's place) what is sent is a new source: receivers do not agree whether its roll-over counter goes on
    // (RFC 3711 3.3.1, 8.1) or begins anew, and of a new source it begins. What is received under a new `decrypt` may do either.
    std::uint32_t key_life = 0, key_number = 0;
    RtpSources sources = RtpSources::learnt;      // set by the session's transport, if it has one
    RtpRelay relay, relay_rtcp;                   // as well; the second is for a port of its own
    std::shared_ptr<const RtpBundle> bundle;      // of a session with a carrier; null: it is told from others by its payload types
};

struct RtpOptions {
    MediaType type = MediaType::audio;
    SocketAddress local;                      // address to bind; the port is chosen from rtp.conf's range
    bool symmetric = true;                    // send to where media comes from (comedia), after learning (strict RTP)
    std::chrono::seconds timeout{0}, hold_timeout{0};  // without a packet; 0: none
    std::chrono::seconds keepalive{0};
    bool jitter_buffer = false;
    std::string jitter_implementation = "adaptive";  // or "fixed"
    std::chrono::milliseconds jitter_maximum{200};
    int dscp = 46;
    std::string cname;                        // of RTCP SDES
    SocketAddress external;                   // where a NAT leads to our address, port by port; told as a candidate. Invalid: none
    bool ice = false;                         // RtpSession::transport() has it (unless rtp.conf forbids it)
    std::shared_ptr<const DtlsContext> dtls;  // keys by DTLS-SRTP; null: none
    // Of whose transport, which must be ICE, this session's packets make use (RFC 8843): it has no sockets, no transport() and no
    // ciphers of its own, and RTCP is multiplexed. Its `local` and what concerns the transport do not count. Whoever is gone first,
    // the carrier or the other, does no harm. Null: none.
    RtpSession* carrier = nullptr;
};

struct RtpQuality {                           // of RTCP, both sides (RFC 3550 6.4)
    std::uint32_t packets_sent = 0, packets_received = 0, lost = 0, remote_lost = 0;
    double jitter_ms = 0, remote_jitter_ms = 0, round_trip_ms = 0;
    std::uint32_t ssrc = 0, remote_ssrc = 0;
};

// Sees the packets of a session as they go over the wire (encrypted, if they are), for a capture. What goes by TURN is wrapped in
// that, to and from its server, but for media. Belongs to the session and to
// whoever made it; code of a module holds its gate.
class RtpPacketSink {
  public:
    struct Packet {
        bool sent, rtcp;
        SocketAddress local;                  // as the socket is bound: may be of all addresses
        SocketAddress remote;                 // by a relay: the far side, not the relay
        std::span<const std::uint8_t> bytes;  // good within the call
    };
    virtual ~RtpPacketSink() = default;
    // On the port's media thread: may neither wait, lock nor allocate.
    virtual void packet(const Packet& packet) = 0;
    // STUN, TURN and DTLS; `rtcp`: of its port. On the control thread, which gets them a moment after they came.
    virtual void transport_packet(const Packet& packet) { (void)packet; }
};

// Bits of MediaStream::on_port_event for RTP ports.
// The two of RTCP come while a manager client wants such events (modules/res_rtp/rtcp_report.hpp).
enum RtpEvent : std::uint32_t {
    rtp_timeout = 1,
    rtp_source_learnt = 2,
    rtp_quality_report = 4,
    rtp_codec_changed = 8,
    rtp_key_worn = 16,
    rtcp_sent = 32,
    rtcp_received = 64,
    rtp_key_frame_wanted = 128,  // a video stream's receiver needs one, and the far side is not to be told so by RTCP
};

// One session: a pair of sockets and what is sent and received by them. Control thread.
class RtpSession {
  public:
    virtual ~RtpSession() = default;
    virtual SocketAddress local() const = 0;       // with the RTP port; RTCP is the next one. The carrier's, if there is one
    // The port to give to MediaStream::set_port, once; parameters set before or after take effect on it.
    virtual std::unique_ptr<Port> take_port() = 0;
    virtual void set(RtpParameters parameters) = 0;
    virtual RtpQuality quality() const = 0;        // as of the last report
    virtual SocketAddress learnt_source() const = 0;
    virtual RtcpReport last_report(bool sent) const = 0;  // on rtcp_sent and rtcp_received
    virtual ExtendedReport extended_report() const = 0;   // what the far side has told in RTCP XR
    virtual RtpTransport* transport() = 0;         // ICE and DTLS; null when the options asked for neither
    // RTP and RTCP from within half a second on, until another sink or null is set. Without one packets cost nothing more.
    virtual void capture(std::shared_ptr<RtpPacketSink> sink) = 0;
};

class RtpService {
  public:
    static constexpr std::string_view service_name = "rtp";
    virtual ~RtpService() = default;
    // Errors: limit (no free port in the range, or no descriptors), failed (the address can't be bound), unsupported (a carrier
    // without ICE).
    virtual Result<std::unique_ptr<RtpSession>> create(const RtpOptions& options) = 0;
};

}  // namespace jackfield
