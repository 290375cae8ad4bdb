// Keys of encrypted media in SDP (RFC 4568, RFC 6188, RFC 7714). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/res_srtp/srtp_suite.hpp"

namespace jackfield::sip {

// The value of one a=crypto line with one key.
struct CryptoLine {
    std::uint32_t tag = 1;
    SrtpSuite suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
    std::vector<std::uint8_t> key;  // master key and salt
    std::vector<std::uint8_t> identifier;  // MKI, that each packet bears (RFC 3711 3.1); empty: none
    bool operator==(const CryptoLine&) const = default;
};

// Nothing for suites and session parameters that are not known here, for several keys, and for what is malformed: an offer
// has other lines (RFC 4568 5.1.2). Of a lifetime no notice is taken: whose key it is has to bring another one in time.
std::optional<CryptoLine> parse_crypto(std::string_view value);
std::string write_crypto(const CryptoLine& line);

}  // namespace jackfield::sip
