// Digest authentication (RFC 7616, RFC 8760, RFC 3261 section 22), both sides. Pure but for the nonces' key; one thread
// at a time per object.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/message.hpp"
#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

enum class DigestAlgorithm : std::uint8_t { md5, sha256, sha512_256 };
std::string_view to_string(DigestAlgorithm algorithm);                        // "MD5", "SHA-256", "SHA-512-256"
std::optional<DigestAlgorithm> find_digest_algorithm(std::string_view name);  // letter case aside
std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes);    // lower-case hex

// What is known of a user: the password, or the hash of user:realm:password that stands in its place.
struct DigestSecret {
    std::string password;
    std::string hash;  // "HA1" in hex; used for `hash_algorithm` when not empty
    DigestAlgorithm hash_algorithm = DigestAlgorithm::md5;

    // HA1 for this algorithm; nothing when only the hash of another one is known.
    std::optional<std::string> ha1(DigestAlgorithm algorithm, std::string_view user, std::string_view realm) const;
};

// A WWW-Authenticate or Proxy-Authenticate value.
struct DigestChallenge {
    std::string realm;
    std::string nonce;
    std::string opaque;
    DigestAlgorithm algorithm = DigestAlgorithm::md5;
    bool qop_auth = false;
    bool stale = false;
};
// Errors: unsupported (another scheme, algorithm, or only qop=auth-int), invalid.
Result<DigestChallenge> parse_challenge(std::string_view value);
std::string write_challenge(const DigestChallenge& challenge);

// An Authorization or Proxy-Authorization value.
struct DigestCredentials {
    std::string username;
    std::string realm;
    std::string nonce;
    std::string uri;
    std::string response;
    std::string opaque;
    std::string cnonce;
    DigestAlgorithm algorithm = DigestAlgorithm::md5;
    bool qop_auth = false;
    std::uint32_t nonce_count = 0;
};
// Errors: unsupported (another scheme or algorithm), invalid.
Result<DigestCredentials> parse_credentials(std::string_view value);
std::string write_credentials(const DigestCredentials& credentials);

// The response that belongs to the other fields (RFC 7616 3.4.1).
std::string digest_response(const DigestCredentials& credentials, std::string_view ha1, std::string_view method);

// The answering side: keeps one challenge per realm and counts its uses, so that later requests need no round trip.
class DigestClient {
  public:
    // Answers the challenge (or goes on with it); RFC 8760: the caller picks the first one it supports from top down.
    // Errors: unsupported when the secret lacks the hash for this algorithm.
    Result<std::string> answer(const DigestChallenge& challenge, std::string_view user, const DigestSecret& secret,
                               std::string_view method, std::string_view uri);

  private:
    std::string nonce_;
    std::uint32_t count_ = 0;
};

// Nonces that carry their own proof: time, number and a keyed hash, so that handing them out costs no memory. Used ones
// are remembered in a table of fixed size, which refuses replays; a nonce that has lost its place there is stale.
class NonceIssuer {
  public:
    static constexpr std::size_t key_size = 32;
    // `lifetime` of a nonce; `slots`: how many nonces in use are told apart (16 bytes each, rounded up to a power of
    // two).
    NonceIssuer(std::array<std::uint8_t, key_size> key, std::chrono::seconds lifetime = std::chrono::seconds(32),
                std::size_t slots = 16384);

    std::string issue(std::string_view realm, Instant now);

    enum class Check : std::uint8_t {
        fresh,
        stale,   // ours, but too old, forgotten, or this count was used before
        forged,  // not ours, or another realm's
    };
    // Accepts each count once (in a window of 32, as packets may overtake each other); requests without qop count as 1.
    // Call only after the response was found right, since it marks the nonce as used.
    Check use(std::string_view nonce, std::string_view realm, std::uint32_t count, Instant now);

  private:
    struct Slot {
        std::uint64_t number = 0;  // 0: free
        std::uint32_t highest = 0;
        std::uint32_t seen = 0;  // bit n: highest - n was used
    };
    std::string proof(std::string_view head, std::string_view realm) const;

    std::array<std::uint8_t, key_size> key_;
    std::chrono::seconds lifetime_;
    std::uint64_t issued_ = 0;
    std::vector<Slot> slots_;
};

enum class DigestVerdict : std::uint8_t {
    ok,
    stale,      // right secret, old nonce: challenge again with stale=true
    wrong,      // wrong password or forged nonce
    malformed,  // 400
};
// The checking side. `method` and `request_uri` are the request's; the credentials' uri must be equivalent to the
// latter (RFC 7616 3.4.6), which `request_uri` empty switches off.
DigestVerdict verify(const DigestCredentials& credentials, const DigestSecret& secret, std::string_view method,
                     std::string_view request_uri, NonceIssuer& nonces, Instant now);

}  // namespace jackfield::sip
