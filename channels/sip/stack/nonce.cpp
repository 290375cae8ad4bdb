// Nonces that carry their own proof, and the bounded memory of used ones.
#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <bit>
#include <charconv>

#include "channels/sip/stack/digest.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

namespace {

constexpr std::size_t stamp_size = 32;   // 16 hex digits of time, 16 of number
constexpr std::size_t proof_size = 32;  // 128 bits of HMAC-SHA-256

std::optional<std::uint64_t> hex_number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) return {};
    return value;
}

}  // namespace

NonceIssuer::NonceIssuer(std::array<std::uint8_t, key_size> key, std::chrono::seconds lifetime, std::size_t slots)
    : key_(key), lifetime_(lifetime), slots_(std::bit_ceil(std::max<std::size_t>(slots, 1))) {}

std::string NonceIssuer::proof(std::string_view head, std::string_view realm) const {
    std::string bytes(head);
    bytes += realm;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key_.data(), key_.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
         mac.data(), &size);
    return to_hex({mac.data(), proof_size / 2});
}

std::string NonceIssuer::issue(std::string_view realm, Instant now) {
    const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const std::string head = fmt::format("{:016x}{:016x}", time, ++issued_);
    return head + proof(head, realm);
}

NonceIssuer::Check NonceIssuer::use(std::string_view nonce, std::string_view realm, std::uint32_t count, Instant now) {
    if (nonce.size() != stamp_size + proof_size) return Check::forged;
    const std::string_view head = nonce.substr(0, stamp_size);
    const std::string expected = proof(head, realm);
    if (CRYPTO_memcmp(expected.data(), nonce.data() + stamp_size, proof_size) != 0) return Check::forged;
    const auto time = hex_number(head.substr(0, 16)), number = hex_number(head.substr(16));
    if (!time || !number) return Check::forged;
    const Instant made{Instant::duration(static_cast<std::int64_t>(*time))};
    if (now - made > lifetime_) return Check::stale;

    Slot& slot = slots_[*number & (slots_.size() - 1)];
    // A younger nonce has the place: nobody remembers what this one was used for.
    if (slot.number > *number) return Check::stale;
    if (slot.number < *number) slot = {.number = *number};
    if (count > slot.highest) {
        const std::uint32_t ahead = count - slot.highest;
        slot.seen = ahead < 32 ? slot.seen << ahead | 1 : 1;
        slot.highest = count;
        return Check::fresh;
    }
    const std::uint32_t behind = slot.highest - count;
    if (count == 0 || behind >= 32 || (slot.seen >> behind & 1) != 0) return Check::stale;
    slot.seen |= 1u << behind;
    return Check::fresh;
}

}  // namespace jackfield::sip
