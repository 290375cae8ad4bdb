// Session descriptions (RFC 8866) as values. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield::sip {

// RFC 3264 section 5.1, as seen by whoever wrote the description.
enum class Direction : std::uint8_t { inactive = 0, sendonly = 1, recvonly = 2, sendrecv = 3 };
std::string_view to_string(Direction direction);
// What the other side sees: sendonly becomes recvonly and the reverse.
constexpr Direction reversed(Direction direction) {
    const auto bits = static_cast<unsigned>(direction);
    return static_cast<Direction>((bits & 1) << 1 | bits >> 1);
}
constexpr Direction common(Direction a, Direction b) {
    return static_cast<Direction>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool sends(Direction direction) { return (static_cast<unsigned>(direction) & 1) != 0; }
constexpr bool receives(Direction direction) { return (static_cast<unsigned>(direction) & 2) != 0; }

// a=name:value, or a=name.
struct SdpAttribute {
    std::string name;
    std::string value;
    bool has_value = false;
    bool operator==(const SdpAttribute&) const = default;
};

// c=IN IP4 192.0.2.1; an empty address: none given.
struct SdpConnection {
    std::string address;
    bool ipv6 = false;
    bool operator==(const SdpConnection&) const = default;

    // The hold of RFC 2543 times: 0.0.0.0 (RFC 3264 8.4).
    bool is_null() const { return address == "0.0.0.0" || address == "::"; }
};

// One format of an RTP stream: rtpmap and fmtp together. Static payload types get their rtpmap when it is absent.
struct SdpCodec {
    std::string name;  // "PCMU", as written; empty: no usable rtpmap, never chosen
    std::uint32_t clock_rate = 8000;
    std::uint8_t channels = 1;
    std::uint8_t payload_type = 0;
    std::string fmtp;  // parameters after the payload type
    bool operator==(const SdpCodec&) const = default;

    bool is_telephone_event() const;  // RFC 4733
    bool is_comfort_noise() const;    // RFC 3389
};
// a=rtcp-xr (RFC 3611 5.1): extended reports that whoever wrote the description wants to get, and whether it answers reference times.
struct WantedReports {
    bool voip_metrics = false, statistics = false, reference_time = false;
    bool any() const { return voip_metrics || statistics || reference_time; }
    bool operator==(const WantedReports&) const = default;
};

// The value of one name=value of an fmtp line, blanks and letter case of the name aside; empty when absent.
std::string_view fmtp_value(std::string_view fmtp, std::string_view name);

struct SdpMedia {
    std::string type;        // audio, video, text, image, application, message
    std::uint16_t port = 0;  // 0: refused or removed
    std::uint16_t port_count = 1;
    std::string protocol;                 // RTP/AVP, UDP/TLS/RTP/SAVPF, udptl, ...
    std::vector<std::string> formats;     // as on the m line; those of RTP are in `codecs` too
    SdpConnection connection;             // its own; empty: the session's
    std::vector<std::string> bandwidths;  // "AS:64"
    Direction direction = Direction::sendrecv;
    std::vector<SdpCodec> codecs;  // in the order of the m line
    unsigned ptime = 0;            // milliseconds; 0: none given
    unsigned maxptime = 0;
    std::uint16_t rtcp_port = 0;           // RFC 3605; 0: none given
    std::string rtcp_address;              // empty: that of the media
    bool rtcp_mux = false;                 // RFC 5761
    bool bundle_only = false;              // RFC 8843 6: written with port 0, but not refused; what is read has it as an attribute
    std::vector<SdpAttribute> attributes;  // all others, in order: crypto, fingerprint, candidate, mid, T38..., ...

    bool is_rtp() const;
    bool refused() const { return port == 0 && !bundle_only; }
    const SdpAttribute* attribute(std::string_view name) const;  // the first; null when absent
};

struct SdpSession {
    std::string user = "-";  // o=
    std::uint64_t id = 0;
    std::uint64_t version = 0;
    SdpConnection origin;
    std::string name = "-";  // s=
    SdpConnection connection;
    std::vector<std::string> bandwidths;
    std::vector<SdpAttribute> attributes;  // session level, without directions (those are in each medium)
    std::vector<SdpMedia> media;

    const SdpAttribute* attribute(std::string_view name) const;
    // Address that a medium is received at: its own or the session's.
    const SdpConnection& connection_of(const SdpMedia& media) const;
};

// Of the medium, or of all media; what else can be wanted is passed over.
WantedReports wanted_reports(const SdpSession& session, const SdpMedia& media);
SdpAttribute write_wanted(const WantedReports& wanted);

// At most 32 media, 128 formats each and 1,000 attributes in all. Unknown lines and attributes without meaning here are
// kept or skipped, never an error. Errors: invalid (not a description, a malformed o, c or m line, a medium in use
// without an address), limit.
Result<SdpSession> parse_sdp(std::string_view text);
std::string write_sdp(const SdpSession& session);

// T.38 fax over UDPTL (ITU-T T.38 annex D).
struct T38Description {
    unsigned version = 0;
    unsigned max_bit_rate = 14400;
    bool fill_bit_removal = false;
    bool transcoding_mmr = false;
    bool transcoding_jbig = false;
    bool local_tcf = false;   // T38FaxRateManagement:localTCF
    unsigned max_buffer = 0;  // bytes; 0: none given
    unsigned max_datagram = 0;
    std::string error_correction;  // t38UDPRedundancy, t38UDPFEC; empty: none
    bool operator==(const T38Description&) const = default;
};
// Nothing when the medium is not T.38.
std::optional<T38Description> t38_of(const SdpMedia& media);
std::vector<SdpAttribute> t38_attributes(const T38Description& description);

}  // namespace jackfield::sip
