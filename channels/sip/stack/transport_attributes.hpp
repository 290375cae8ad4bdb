// What SDP says of the transport below media: ICE (RFC 8839), DTLS (RFC 8842), multiplexing (RFC 8843). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/sdp.hpp"
#include "core/runtime/dtls.hpp"
#include "modules/res_rtp/ice.hpp"

namespace jackfield::sip {

// The value of a=candidate. Nothing for TCP, for names instead of addresses (mDNS) and for what is malformed.
std::optional<IceCandidate> parse_candidate(std::string_view value);
std::string write_candidate(const IceCandidate& candidate);
// RFC 8839 5.4: 4 to 256 and 22 to 256 ice-chars.
bool valid(const IceCredentials& credentials);

// The value of a=fingerprint, "sha-256 4A:AD:B9:...". Nothing for hashes that are not known here and for what is malformed.
std::optional<Fingerprint> parse_fingerprint(std::string_view value);
std::string write_fingerprint(const Fingerprint& fingerprint);

enum class DtlsSetup : std::uint8_t { actpass, active, passive, holdconn };  // a=setup (RFC 4145 4)
std::string_view to_string(DtlsSetup setup);

// One medium's, with what the session says for all.
struct DescribedTransport {
    IceCredentials credentials;               // empty: no ICE
    std::vector<IceCandidate> candidates;
    bool ice_lite = false;
    std::vector<Fingerprint> fingerprints;    // empty: no DTLS, or none that is known here
    std::optional<DtlsSetup> setup;
    std::string mid;                          // RFC 5888
};
DescribedTransport transport_of(const SdpSession& session, const SdpMedia& media);
// The mids of a=group:BUNDLE; empty: there is none.
std::vector<std::string> bundle_of(const SdpSession& session);
// The medium whose transport all of the bundle have, the first of the group that is in use (RFC 8843 7.2.1, 7.3.2); null: none is.
const SdpMedia* tagged_medium(const SdpSession& session);
// What that one says of its transport is written to the others of the bundle too, and those that are bundle-only get its port:
// after this each reads as if it stood alone. Refused ones stay refused.
void spread_bundle(SdpSession& session);

inline constexpr std::string_view mid_extension_uri = "urn:ietf:params:rtp-hdrext:sdes:mid";  // RFC 9143 15
// The number that a=extmap gives to an RTP header extension (RFC 8285 5), 1 to 14; 0: none.
std::uint8_t extension_number(const SdpMedia& media, std::string_view uri);

}  // namespace jackfield::sip
