// The keys of a call's media (RFC 4568): what is offered and answered, and the ciphers that come of it.
#include <algorithm>

#include "channels/sip/ua/media_session.hpp"
#include "core/base/generation.hpp"
#include "core/module/module.hpp"
#include "modules/res_srtp/srtp.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view plain_profile = "RTP/AVP", secure_profile = "RTP/SAVP";

CryptoLine fresh_line(std::uint32_t tag, SrtpSuite suite) {
    CryptoLine line{tag, suite, std::vector<std::uint8_t>(key_size(suite)), {}};
    random_bytes(line.key);
    return line;
}

std::vector<CryptoLine> crypto_of(const SdpMedia& media) {
    std::vector<CryptoLine> lines;
    for (const SdpAttribute& attribute : media.attributes)
        if (attribute.name == "crypto")
            if (auto line = parse_crypto(attribute.value)) lines.push_back(std::move(*line));
    return lines;
}

bool is_secure(std::string_view profile) { return profile.starts_with(secure_profile); }

// A cipher whose key stays is kept: it counts the packets since the key was new (RFC 3711 3.3.1).
Result<void> make_ciphers(MediaKeys& keys, const CryptoLine& own, const CryptoLine& remote) {
    const auto keeps = [](const std::optional<CryptoLine>& before, const CryptoLine& now) {
        return before && before->suite == now.suite && before->key == now.key && before->identifier == now.identifier;
    };
    const auto srtp = JF_TRY(find_service<SrtpService>());
    auto encrypt = keeps(keys.own, own) ? keys.encrypt : JF_TRY(srtp->encryption(own.suite, own.key));
    auto decrypt = keeps(keys.remote, remote) ? keys.decrypt : JF_TRY(srtp->decryption(remote.suite, remote.key, remote.identifier));
    if (keys.own && encrypt != keys.encrypt) {
        ++keys.number;
        keys.renew = false;
    }
    keys.encrypt = std::move(encrypt);
    keys.decrypt = std::move(decrypt);
    keys.own = own;
    keys.remote = remote;
    return {};
}

}  // namespace

void MediaSession::describe_encryption(const SessionStream& stream, LocalMedia& media) const {
    if (endpoint_->media_encryption == MediaEncryption::dtls) return;  // media_transport.cpp
    media.protocol = stream.protection && stream.protection->keys.secure_profile ? secure_profile : plain_profile;
    if (endpoint_->use_avpf) media.protocol += 'F';
    if (!stream.protection) return;
    for (const CryptoLine& line : stream.protection->keys.described) media.attributes.push_back({"crypto", write_crypto(line), true});
}

void MediaSession::offer_encryption(SessionStream& stream) const {
    if (endpoint_->media_encryption != MediaEncryption::sdes) return;
    MediaKeys& keys = stream.protection->keys;
    keys.secure_profile = !endpoint_->media_encryption_optimistic;
    keys.described.clear();
    if (keys.own) {  // the suite and the key that are in use, so that nothing is interrupted
        keys.described.push_back(keys.renew ? fresh_line(keys.own->tag % 9 + 1, keys.own->suite) : *keys.own);
        return;
    }
    using enum SrtpSuite;
    const bool short_tag = endpoint_->srtp_tag_32;
    std::uint32_t tag = 0;
    for (const SrtpSuite suite : {short_tag ? aes_cm_128_hmac_sha1_32 : aes_cm_128_hmac_sha1_80,
                                  short_tag ? aes_cm_128_hmac_sha1_80 : aes_cm_128_hmac_sha1_32, aes_256_cm_hmac_sha1_80,
                                  aead_aes_128_gcm, aead_aes_256_gcm})
        stream.protection->keys.described.push_back(fresh_line(++tag, suite));
}

Result<void> MediaSession::answer_encryption(SessionStream& stream, const SdpMedia* offered) const {
    if (!offered || endpoint_->media_encryption != MediaEncryption::sdes) {  // a secured offer finds no medium then: 488
        if (stream.protection) stream.protection->keys = {};
        return {};
    }
    const auto lines = crypto_of(*offered);
    const bool secure = is_secure(offered->protocol);
    if (lines.empty() || (!secure && !endpoint_->media_encryption_optimistic)) {
        if (secure || !endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants encrypted media", endpoint_->name);
        stream.protection->keys = {};
        return {};
    }
    // The key that is in use goes on for as long as theirs does; who brings a new one gets a new one.
    const bool same = stream.protection->keys.remote && stream.protection->keys.own && std::ranges::find(lines, *stream.protection->keys.remote) != lines.end();
    const CryptoLine remote = same ? *stream.protection->keys.remote : lines.front();
    CryptoLine own = same ? *stream.protection->keys.own : fresh_line(remote.tag, remote.suite);
    JF_TRY(make_ciphers(stream.protection->keys, own, remote));
    own.tag = remote.tag;
    stream.protection->keys.secure_profile = secure;
    stream.protection->keys.described = {std::move(own)};
    return {};
}

Result<void> MediaSession::accept_encryption(SessionStream& stream, const SdpMedia* answered) const {
    if (endpoint_->media_encryption != MediaEncryption::sdes) return {};
    const auto lines = answered ? crypto_of(*answered) : std::vector<CryptoLine>();
    if (lines.empty()) {
        if (!endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants encrypted media, and the answer has no key", endpoint_->name);
        stream.protection->keys = {};
        return {};
    }
    const auto own = std::ranges::find_if(stream.protection->keys.described, [&](const CryptoLine& line) { return line.tag == lines.front().tag && line.suite == lines.front().suite; });
    if (own == stream.protection->keys.described.end()) return fail(ErrorCode::invalid, "The answer's key is for none that was offered");
    return make_ciphers(stream.protection->keys, *own, lines.front());
}

}  // namespace jackfield::sip
