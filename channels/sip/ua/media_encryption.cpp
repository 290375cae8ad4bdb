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

const SdpMedia* audio_of(const SdpSession& session) {
    const auto found = std::ranges::find_if(session.media, [](const SdpMedia& media) { return media.type == "audio" && !media.refused(); });
    return found == session.media.end() ? nullptr : &*found;
}

std::vector<CryptoLine> crypto_of(const SdpMedia& media) {
    std::vector<CryptoLine> lines;
    for (const SdpAttribute& attribute : media.attributes)
        if (attribute.name == "crypto")
            if (auto line = parse_crypto(attribute.value)) lines.push_back(std::move(*line));
    return lines;
}

bool is_secure(std::string_view profile) { return profile.starts_with(secure_profile); }

}  // namespace

void MediaSession::describe_encryption(LocalMedia& audio) const {
    if (endpoint_->media_encryption == MediaEncryption::dtls) return;  // media_transport.cpp
    audio.protocol = protection_ && protection_->keys.secure_profile ? secure_profile : plain_profile;
    if (endpoint_->use_avpf) audio.protocol += 'F';
    if (!protection_) return;
    for (const CryptoLine& line : protection_->keys.described) audio.attributes.push_back({"crypto", write_crypto(line), true});
}

void MediaSession::offer_encryption() {
    if (endpoint_->media_encryption != MediaEncryption::sdes) return;
    protection_->keys.secure_profile = !endpoint_->media_encryption_optimistic;
    protection_->keys.described.clear();
    if (const auto& own = protection_->keys.own) {  // the suite and the key that are in use, so that nothing is interrupted
        protection_->keys.described.push_back(protection_->keys.renew ? fresh_line(own->tag % 9 + 1, own->suite) : *own);
        return;
    }
    using enum SrtpSuite;
    const bool short_tag = endpoint_->srtp_tag_32;
    std::uint32_t tag = 0;
    for (const SrtpSuite suite : {short_tag ? aes_cm_128_hmac_sha1_32 : aes_cm_128_hmac_sha1_80,
                                  short_tag ? aes_cm_128_hmac_sha1_80 : aes_cm_128_hmac_sha1_32, aes_256_cm_hmac_sha1_80,
                                  aead_aes_128_gcm, aead_aes_256_gcm})
        protection_->keys.described.push_back(fresh_line(++tag, suite));
}

Result<void> MediaSession::answer_encryption(const SdpSession& offer) {
    const SdpMedia* offered = audio_of(offer);
    if (!offered || endpoint_->media_encryption != MediaEncryption::sdes) {  // a secured offer finds no medium then: 488
        if (protection_) protection_->keys = {};
        return {};
    }
    const auto lines = crypto_of(*offered);
    const bool secure = is_secure(offered->protocol);
    if (lines.empty() || (!secure && !endpoint_->media_encryption_optimistic)) {
        if (secure || !endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants encrypted media", endpoint_->name);
        protection_->keys = {};
        return {};
    }
    // The key that is in use goes on for as long as theirs does; who brings a new one gets a new one.
    const bool same = protection_->keys.remote && protection_->keys.own && std::ranges::find(lines, *protection_->keys.remote) != lines.end();
    const CryptoLine remote = same ? *protection_->keys.remote : lines.front();
    CryptoLine own = same ? *protection_->keys.own : fresh_line(remote.tag, remote.suite);
    JF_TRY(make_ciphers(own, remote));
    own.tag = remote.tag;
    protection_->keys.secure_profile = secure;
    protection_->keys.described = {std::move(own)};
    return {};
}

Result<void> MediaSession::accept_encryption(const SdpSession& answer) {
    if (endpoint_->media_encryption != MediaEncryption::sdes) return {};
    const SdpMedia* answered = audio_of(answer);
    const auto lines = answered ? crypto_of(*answered) : std::vector<CryptoLine>();
    if (lines.empty()) {
        if (!endpoint_->media_encryption_optimistic)
            return fail(ErrorCode::unsupported, "Endpoint {} wants encrypted media, and the answer has no key", endpoint_->name);
        protection_->keys = {};
        return {};
    }
    const auto own = std::ranges::find_if(protection_->keys.described, [&](const CryptoLine& line) { return line.tag == lines.front().tag && line.suite == lines.front().suite; });
    if (own == protection_->keys.described.end()) return fail(ErrorCode::invalid, "The answer's key is for none that was offered");
    return make_ciphers(*own, lines.front());
}

// A cipher whose key stays is kept: it counts the packets since the key was new (RFC 3711 3.3.1).
Result<void> MediaSession::make_ciphers(const CryptoLine& own, const CryptoLine& remote) {
    const auto keeps = [](const std::optional<CryptoLine>& before, const CryptoLine& now) {
        return before && before->suite == now.suite && before->key == now.key && before->identifier == now.identifier;
    };
    const auto srtp = JF_TRY(find_service<SrtpService>());
    auto encrypt = keeps(protection_->keys.own, own) ? protection_->keys.encrypt : JF_TRY(srtp->encryption(own.suite, own.key));
    auto decrypt = keeps(protection_->keys.remote, remote) ? protection_->keys.decrypt : JF_TRY(srtp->decryption(remote.suite, remote.key, remote.identifier));
    if (protection_->keys.own && encrypt != protection_->keys.encrypt) {
        ++protection_->keys.number;
        protection_->keys.renew = false;
    }
    protection_->keys.encrypt = std::move(encrypt);
    protection_->keys.decrypt = std::move(decrypt);
    protection_->keys.own = own;
    protection_->keys.remote = remote;
    return {};
}

}  // namespace jackfield::sip
