// Negotiating media by offer and answer (RFC 3264, RFC 6337). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "channels/sip/stack/sdp.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

// One stream that this side has or would have.
struct LocalMedia {
    std::string type = "audio";
    std::string protocol = "RTP/AVP";           // offered; an answer takes the offer's when it is of the same kind
    std::uint16_t port = 0;                     // 0: no stream (its slot is kept as removed)
    SdpConnection connection;                   // empty: LocalDescription's
    Direction direction = Direction::sendrecv;  // what this side would like
    std::vector<SdpCodec> codecs;               // in order of preference; telephone-event among them when wanted
    unsigned ptime = 0;                         // milliseconds; 0: not told
    unsigned maxptime = 0;
    std::uint16_t rtcp_port = 0;           // told when it is not port + 1 and RTCP is not multiplexed
    bool rtcp_mux = false;                 // offered, and accepted when offered
    bool extended_reports = false;         // offered: those of WantedReports; an answer has those that were offered
    bool bundled = false;                  // RFC 8843: another medium's transport serves it, whose port this has; offered first as bundle-only
    std::vector<std::string> formats;      // of media that are not RTP: "t38"
    std::vector<SdpAttribute> attributes;  // crypto, fingerprint, candidates, T38...: written as they are
};

enum class CodecOrder : std::uint8_t { remote, local };  // whose preference orders the codecs in common

struct LocalDescription {
    SdpConnection connection;
    std::string user = "-";
    std::string name = "-";
    std::vector<SdpAttribute> attributes;  // session level
    std::vector<LocalMedia> media;
    CodecOrder order = CodecOrder::remote;
    std::size_t most_codecs = 0;  // of an answer, events and comfort noise apart; 0: all in common
};

// A codec that both sides have, with the payload types of each direction.
struct NegotiatedCodec {
    SdpCodec codec;  // name and rate as the local side wrote them; fmtp is the remote's: what it wants to be sent
    std::uint8_t send_payload_type = 0;
    std::uint8_t receive_payload_type = 0;
};

// One m line after offer and answer.
struct NegotiatedMedia {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t local = none;  // index into LocalDescription::media; none: refused, nothing here serves it
    std::string type;
    std::string protocol;
    std::vector<std::string> formats;           // of a refused line, which is repeated with them
    Direction direction = Direction::inactive;  // of this side
    bool held = false;                          // the remote side has put this one on hold
    SdpConnection remote;                       // where to send to; a null address while held in the old way
    std::uint16_t remote_port = 0;
    std::string remote_rtcp_address;  // empty: remote's
    std::uint16_t remote_rtcp_port = 0;
    bool rtcp_mux = false;
    WantedReports wanted;             // by the remote side, of audio
    std::vector<NegotiatedCodec> codecs;             // best first; neither events nor comfort noise
    std::optional<NegotiatedCodec> telephone_event;  // that of the best codec's clock rate when there are several
    std::optional<NegotiatedCodec> comfort_noise;
    unsigned ptime = 0;  // what the remote side wants to receive; 0: not told

    bool accepted() const { return local != none; }
};

struct Answer {
    SdpSession description;
    std::vector<NegotiatedMedia> media;  // one per m line of the offer
};

// True when the two can talk: name, rate, channels and those fmtp parameters that change the format (H264
// packetization-mode and profile, AMR octet-align).
bool compatible(const SdpCodec& a, const SdpCodec& b);

// An offer with each local medium in its m line. `slots` is the outcome of the last exchange, when there was one: its m
// lines stay in their places, refused ones as removed or taken by a new medium of their type, and payload types keep their meaning (RFC 3264 section 8);
// where some are bundled, no two media have one of the same number.
SdpSession make_offer(const LocalDescription& local, std::span<const NegotiatedMedia> slots = {});

// Answers an offer: each m line goes to the first free local medium of its type, others are refused with port 0. `lines`: the
// local media that are kept for certain lines, by line; NegotiatedMedia::none: none is. Errors: unsupported when nothing could be
// accepted (488).
Result<Answer> make_answer(const LocalDescription& local, const SdpSession& offer, std::span<const std::size_t> lines = {});

// What came out of an own offer. Errors: invalid (the answer has other m lines than the offer), unsupported (no medium
// is left).
Result<std::vector<NegotiatedMedia>> accept_answer(const LocalDescription& local, const SdpSession& offer,
                                                   const SdpSession& answer);

// The o= line of one dialog's descriptions: the version counts up when a description differs from the last one
// (RFC 3264 section 8), and only then, so that a session refresh is seen to change nothing.
class SdpOrigin {
  public:
    explicit SdpOrigin(std::uint64_t id) : id_(id), version_(id) {}
    // Writes `description` with the right origin.
    std::string write(SdpSession& description);

  private:
    std::uint64_t id_;
    std::uint64_t version_;
    std::optional<std::size_t> last_;  // hash of what was written last: a call would keep the text for nothing else
};

}  // namespace jackfield::sip
