// Candidates that come after the description, in the body of INFO (RFC 8840: application/trickle-ice-sdpfrag). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_rtp/ice.hpp"

namespace jackfield::sip {

inline constexpr std::string_view trickle_content_type = "application/trickle-ice-sdpfrag";
inline constexpr std::string_view trickle_package = "trickle-ice";  // Info-Package, and the option tag

struct TrickleMedia {
    std::string type, mid;            // "audio"; empty mid: none told
    IceCredentials credentials;       // empty: those of the fragment
    std::vector<IceCandidate> candidates;
    bool complete = false;            // a=end-of-candidates
    bool operator==(const TrickleMedia&) const = default;
};
struct TrickleFragment {
    IceCredentials credentials;       // at its head; empty: none
    std::vector<TrickleMedia> media;  // in its order
    bool complete = false;            // of all media
    bool operator==(const TrickleFragment&) const = default;
};

// Candidates that can't be used (TCP, names) and unknown lines are passed over; at most 16 media and 64 candidates. Errors:
// invalid (a line that is none of SDP, credentials that are malformed), limit.
Result<TrickleFragment> parse_trickle_fragment(std::string_view text);
std::string write_trickle_fragment(const TrickleFragment& fragment);

}  // namespace jackfield::sip
