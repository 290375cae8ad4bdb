// Digest authentication.
#include "modules/res_manager/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fmt/core.h>

#include <charconv>
#include <span>

#include "core/base/generation.hpp"

namespace jackfield::manager {
namespace {

std::string md5(std::string_view text) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_md5(), nullptr);
    return to_hex(std::span(bytes).first(size));
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

DigestFields parse_digest(std::string_view header) {
    header = trim(header);
    if (!starts_with_ignoring_case(header, "Digest ")) return {};
    header.remove_prefix(7);
    DigestFields fields;
    while (!(header = trim(header)).empty()) {
        const std::size_t equals = header.find('=');
        if (equals == std::string_view::npos) return {};
        std::string key(trim(header.substr(0, equals))), value;
        header = trim(header.substr(equals + 1));
        std::size_t at = 0;
        if (header.starts_with('"')) {
            for (at = 1; at < header.size() && header[at] != '"'; ++at) {
                if (header[at] == '\\' && at + 1 < header.size()) ++at;
                value += header[at];
            }
            if (at == header.size()) return {};
            ++at;
        } else {
            at = std::min(header.find(','), header.size());
            value = trim(header.substr(0, at));
        }
        header = trim(header.substr(at));
        if (header.starts_with(','))
            header.remove_prefix(1);
        else if (!header.empty())
            return {};
        if (key.empty() || !fields.emplace(std::move(key), std::move(value)).second) return {};
    }
    return fields;
}

bool digest_fits(const DigestFields& fields, std::string_view method, std::string_view realm, std::string_view secret) {
    const auto get = [&](const char* key) {
        const auto found = fields.find(key);
        return found == fields.end() ? std::string() : found->second;
    };
    if (const std::string algorithm = get("algorithm"); !algorithm.empty() && !equals_ignoring_case(algorithm, "MD5"))
        return false;
    if (get("realm") != realm || get("nonce").empty() || get("uri").empty()) return false;
    const std::string one = md5(fmt::format("{}:{}:{}", get("username"), realm, secret));
    const std::string two = md5(fmt::format("{}:{}", method, get("uri")));
    const std::string qop = get("qop");
    if (qop != "auth" || get("nc").empty() || get("cnonce").empty()) return false;
    return equal_in_constant_time(to_lower(get("response")),
                md5(fmt::format("{}:{}:{}:{}:{}:{}", one, get("nonce"), get("nc"), get("cnonce"), qop, two)));
}

NonceMaker::NonceMaker() { random_bytes(key_); }

std::string NonceMaker::code(std::string_view time) const {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(time.data()),
         time.size(), bytes.data(), &size);
    return to_hex(std::span(bytes).first(16));
}

std::string NonceMaker::make(Instant now) const {
    // Random too: two clients of one moment have sessions of their own.
    const std::string time =
        fmt::format("{:016x}{}", static_cast<std::uint64_t>(now.time_since_epoch().count()), random_hex(8));
    return time + code(time);
}

NonceMaker::Verdict NonceMaker::judge(std::string_view nonce, Instant now, std::chrono::seconds lifetime) const {
    if (nonce.size() != 56 || !equal_in_constant_time(nonce.substr(24), code(nonce.substr(0, 24)))) return Verdict::foreign;
    std::uint64_t made = 0;
    std::from_chars(nonce.data(), nonce.data() + 16, made, 16);
    const Clock::duration age = now - Instant(Clock::duration(static_cast<std::int64_t>(made)));
    return age <= lifetime ? Verdict::good : Verdict::stale;
}

}  // namespace jackfield::manager
