// The service interface of res_srtp: ciphers for RTP sessions (RFC 3711, RFC 6188, RFC 7714).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/result.hpp"
#include "modules/res_rtp/rtp.hpp"

namespace jackfield {

enum class SrtpSuite : std::uint8_t {
    aes_cm_128_hmac_sha1_80, aes_cm_128_hmac_sha1_32, aes_256_cm_hmac_sha1_80, aes_256_cm_hmac_sha1_32, aead_aes_128_gcm, aead_aes_256_gcm,
};
constexpr std::size_t srtp_suites = 6;

// Bytes of master key and salt together.
constexpr std::size_t key_size(SrtpSuite suite) {
    constexpr std::array<std::size_t, srtp_suites> sizes{30, 30, 46, 46, 28, 44};
    return sizes.at(static_cast<std::size_t>(suite));
}

class SrtpService {
  public:
    static constexpr std::string_view service_name = "srtp";
    virtual ~SrtpService() = default;
    // For RtpParameters::encrypt and decrypt; `key` has key_size() bytes and is for this direction alone. Control thread.
    // Errors: invalid (the key's size), unsupported (the library lacks the suite).
    virtual Result<std::shared_ptr<RtpCipher>> encryption(SrtpSuite suite, std::span<const std::uint8_t> key) = 0;
    virtual Result<std::shared_ptr<RtpCipher>> decryption(SrtpSuite suite, std::span<const std::uint8_t> key) = 0;
};

}  // namespace jackfield
