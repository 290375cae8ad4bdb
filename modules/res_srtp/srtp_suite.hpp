// The service interface of res_srtp: its cipher suites (RFC 4568, RFC 6188, RFC 7714).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

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

}  // namespace jackfield
