// The service interface of res_srtp: ciphers for RTP sessions (RFC 3711).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/result.hpp"
#include "modules/res_rtp/rtp.hpp"
#include "modules/res_srtp/srtp_suite.hpp"

namespace jackfield {

class SrtpService {
  public:
    static constexpr std::string_view service_name = "srtp";
    virtual ~SrtpService() = default;
    // For RtpParameters::encrypt and decrypt; `key` has key_size() bytes and is for this direction alone. Control thread.
    // Errors: invalid (the key's size), unsupported (the library lacks the suite).
    virtual Result<std::shared_ptr<RtpCipher>> encryption(SrtpSuite suite, std::span<const std::uint8_t> key) = 0;
    // `identifier`: the MKI that packets bear (RFC 3711 3.1), at most 128 bytes; empty: none.
    virtual Result<std::shared_ptr<RtpCipher>> decryption(SrtpSuite suite, std::span<const std::uint8_t> key,
                                                          std::span<const std::uint8_t> identifier = {}) = 0;
};

}  // namespace jackfield
