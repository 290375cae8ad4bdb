// Digest authentication (RFC 7616, RFC 8760): values, hashes, answering and checking.
#include "channels/sip/stack/digest.hpp"

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/base/generation.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

using namespace grammar;

namespace {

const EVP_MD* message_digest(DigestAlgorithm algorithm) {
    switch (algorithm) {
        case DigestAlgorithm::sha256:
            return EVP_sha256();
        case DigestAlgorithm::sha512_256:
            return EVP_sha512_256();
        case DigestAlgorithm::md5:
            break;
    }
    return EVP_md5();
}

// Takes "Digest" and the blank behind it off a challenge or credentials.
bool take_scheme(std::string_view& value) {
    value = strip(value);
    if (value.size() < 7 || !same_word(value.substr(0, 6), "Digest") || !is_white(value[6])) return false;
    value.remove_prefix(7);
    return true;
}

// qop is a list in a challenge and a token in credentials.
bool lists_auth(std::string_view qop) {
    for (std::string_view item; next_list_item(qop, item);)
        if (same_word(item, "auth")) return true;
    return false;
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) {
    switch (algorithm) {
        case DigestAlgorithm::sha256:
            return "SHA-256";
        case DigestAlgorithm::sha512_256:
            return "SHA-512-256";
        case DigestAlgorithm::md5:
            break;
    }
    return "MD5";
}

std::optional<DigestAlgorithm> find_digest_algorithm(std::string_view name) {
    for (const auto algorithm : {DigestAlgorithm::md5, DigestAlgorithm::sha256, DigestAlgorithm::sha512_256})
        if (same_word(name, to_string(algorithm))) return algorithm;
    return {};
}

std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, message_digest(algorithm), nullptr) != 1) size = 0;
    return to_hex({hash.data(), size});
}

std::optional<std::string> DigestSecret::ha1(DigestAlgorithm algorithm, std::string_view user,
                                             std::string_view realm) const {
    if (!hash.empty()) {
        if (algorithm != hash_algorithm) return {};
        return to_lower(hash);
    }
    return digest_hex(algorithm, fmt::format("{}:{}:{}", user, realm, password));
}

Result<DigestChallenge> parse_challenge(std::string_view value) {
    if (!take_scheme(value)) return fail(ErrorCode::unsupported, "Only digest authentication is supported");
    DigestChallenge challenge;
    bool has_nonce = false, has_qop = false;
    Parameter parameter;
    const Parameters parameters(value, ',');
    for (std::size_t position = 0; parameters.next(position, parameter);) {
        if (same_word(parameter.name, "realm")) {
            challenge.realm = unquote(parameter.value);
        } else if (same_word(parameter.name, "nonce")) {
            challenge.nonce = unquote(parameter.value);
            has_nonce = true;
        } else if (same_word(parameter.name, "opaque")) {
            challenge.opaque = unquote(parameter.value);
        } else if (same_word(parameter.name, "stale")) {
            challenge.stale = same_word(unquote(parameter.value), "true");
        } else if (same_word(parameter.name, "qop")) {
            has_qop = true;
            challenge.qop_auth = lists_auth(unquote(parameter.value));
        } else if (same_word(parameter.name, "algorithm")) {
            const auto algorithm = find_digest_algorithm(unquote(parameter.value));
            if (!algorithm) return fail(ErrorCode::unsupported, "Unknown digest algorithm {}", parameter.value);
            challenge.algorithm = *algorithm;
        }
    }
    if (!has_nonce) return fail(ErrorCode::invalid, "Digest challenge without a nonce");
    if (has_qop && !challenge.qop_auth) return fail(ErrorCode::unsupported, "Digest challenge without qop=auth");
    return challenge;
}

std::string write_challenge(const DigestChallenge& challenge) {
    std::string value = fmt::format("Digest realm={}, nonce={}", quote(challenge.realm), quote(challenge.nonce));
    if (!challenge.opaque.empty()) value += ", opaque=" + quote(challenge.opaque);
    value.append(", algorithm=").append(to_string(challenge.algorithm));
    if (challenge.qop_auth) value += ", qop=\"auth\"";
    if (challenge.stale) value += ", stale=true";
    return value;
}

Result<DigestCredentials> parse_credentials(std::string_view value) {
    if (!take_scheme(value)) return fail(ErrorCode::unsupported, "Only digest authentication is supported");
    DigestCredentials credentials;
    Parameter parameter;
    const Parameters parameters(value, ',');
    for (std::size_t position = 0; parameters.next(position, parameter);) {
        if (same_word(parameter.name, "username")) {
            credentials.username = unquote(parameter.value);
        } else if (same_word(parameter.name, "realm")) {
            credentials.realm = unquote(parameter.value);
        } else if (same_word(parameter.name, "nonce")) {
            credentials.nonce = unquote(parameter.value);
        } else if (same_word(parameter.name, "uri")) {
            credentials.uri = unquote(parameter.value);
        } else if (same_word(parameter.name, "response")) {
            credentials.response = to_lower(unquote(parameter.value));
        } else if (same_word(parameter.name, "opaque")) {
            credentials.opaque = unquote(parameter.value);
        } else if (same_word(parameter.name, "cnonce")) {
            credentials.cnonce = unquote(parameter.value);
        } else if (same_word(parameter.name, "qop")) {
            if (!same_word(unquote(parameter.value), "auth"))
                return fail(ErrorCode::unsupported, "Only qop=auth is supported");
            credentials.qop_auth = true;
        } else if (same_word(parameter.name, "nc")) {
            const std::string digits = unquote(parameter.value);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), credentials.nonce_count, 16);
            if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() != 8)
                return fail(ErrorCode::invalid, "Malformed nonce count");
        } else if (same_word(parameter.name, "algorithm")) {
            const auto algorithm = find_digest_algorithm(unquote(parameter.value));
            if (!algorithm) return fail(ErrorCode::unsupported, "Unknown digest algorithm {}", parameter.value);
            credentials.algorithm = *algorithm;
        }
    }
    if (credentials.username.empty() || credentials.nonce.empty() || credentials.uri.empty() ||
        credentials.response.empty())
        return fail(ErrorCode::invalid, "Digest credentials lack username, nonce, uri or response");
    if (credentials.qop_auth && (credentials.cnonce.empty() || credentials.nonce_count == 0))
        return fail(ErrorCode::invalid, "Digest credentials with qop lack cnonce or nc");
    return credentials;
}

std::string write_credentials(const DigestCredentials& credentials) {
    std::string value = fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\", algorithm={}",
                                    quote(credentials.username), quote(credentials.realm), quote(credentials.nonce),
                                    quote(credentials.uri), credentials.response, to_string(credentials.algorithm));
    if (credentials.qop_auth)
        value += fmt::format(", qop=auth, nc={:08x}, cnonce={}", credentials.nonce_count, quote(credentials.cnonce));
    if (!credentials.opaque.empty()) value += ", opaque=" + quote(credentials.opaque);
    return value;
}

std::string digest_response(const DigestCredentials& credentials, std::string_view ha1, std::string_view method) {
    const DigestAlgorithm algorithm = credentials.algorithm;
    const std::string ha2 = digest_hex(algorithm, fmt::format("{}:{}", method, credentials.uri));
    if (!credentials.qop_auth) return digest_hex(algorithm, fmt::format("{}:{}:{}", ha1, credentials.nonce, ha2));
    return digest_hex(algorithm, fmt::format("{}:{}:{:08x}:{}:auth:{}", ha1, credentials.nonce, credentials.nonce_count,
                                             credentials.cnonce, ha2));
}

Result<std::string> DigestClient::answer(const DigestChallenge& challenge, std::string_view user,
                                         const DigestSecret& secret, std::string_view method, std::string_view uri) {
    const auto ha1 = secret.ha1(challenge.algorithm, user, challenge.realm);
    if (!ha1)
        return fail(ErrorCode::unsupported, "The stored hash does not serve the algorithm {} of realm {}",
                    to_string(challenge.algorithm), challenge.realm);
    if (nonce_ != challenge.nonce) {
        nonce_ = challenge.nonce;
        count_ = 0;
    }
    DigestCredentials credentials{.username = std::string(user),
                                  .realm = challenge.realm,
                                  .nonce = challenge.nonce,
                                  .uri = std::string(uri),
                                  .opaque = challenge.opaque,
                                  .algorithm = challenge.algorithm,
                                  .qop_auth = challenge.qop_auth};
    if (challenge.qop_auth) {
        credentials.cnonce = protocol_token(8);
        credentials.nonce_count = ++count_;
    }
    credentials.response = digest_response(credentials, *ha1, method);
    return write_credentials(credentials);
}

DigestVerdict verify(const DigestCredentials& credentials, const DigestSecret& secret, std::string_view method,
                     std::string_view request_uri, NonceIssuer& nonces, Instant now) {
    if (!request_uri.empty() && request_uri != credentials.uri) {
        const auto asked = parse_uri(request_uri), signed_for = parse_uri(credentials.uri);
        if (!signed_for) return DigestVerdict::malformed;
        if (!asked || !equivalent(*asked, *signed_for)) return DigestVerdict::wrong;
    }
    const auto ha1 = secret.ha1(credentials.algorithm, credentials.username, credentials.realm);
    if (!ha1 || !same_secret(digest_response(credentials, *ha1, method), credentials.response))
        return DigestVerdict::wrong;
    const std::uint32_t count = credentials.qop_auth ? credentials.nonce_count : 1;
    switch (nonces.use(credentials.nonce, credentials.realm, count, now)) {
        case NonceIssuer::Check::fresh:
            return DigestVerdict::ok;
        // A right answer to a nonce that is not ours: made before a restart, or by another node.
        case NonceIssuer::Check::forged:
        case NonceIssuer::Check::stale:
            break;
    }
    return DigestVerdict::stale;
}

}  // namespace jackfield::sip
