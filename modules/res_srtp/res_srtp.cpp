// res_srtp - encrypted media (SRTP, RFC 3711), by libsrtp2.
#include <srtp2/srtp.h>

#include <array>
#include <utility>
#include <vector>

#include "core/module/keep_library.hpp"
#include "core/sdk.hpp"
#include "modules/res_srtp/srtp.hpp"

using namespace jackfield;

namespace {

static_assert(RtpCipher::overhead >= SRTP_MAX_TRAILER_LEN);

constexpr unsigned long replay_window = 128;  // packets that may be overtaken

using SetPolicy = void (*)(srtp_crypto_policy_t*);
struct Policies {
    SetPolicy rtp, rtcp;  // RFC 4568 6.2: RTCP has the long tag with either
};
// In the order of SrtpSuite.
constexpr std::array<Policies, srtp_suites> policies{
    {{srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtp_default},
     {srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtp_default},
     {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
     {srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
     {srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth},
     {srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth}}};

// One direction. The library makes its state for a source with that source's first good packet, and nothing for others.
class Cipher final : public RtpCipher {
  public:
    Cipher(srtp_t session, bool encrypts, bool identified, Gate::Pass pass)
        : pass_(std::move(pass)), session_(session), encrypts_(encrypts), identified_(identified) {}
    ~Cipher() override { srtp_dealloc(session_); }
    std::size_t rtp(std::span<std::uint8_t> buffer, std::size_t size) override {
        return run(encrypts_ ? srtp_protect : identified_ ? unprotect_identified : srtp_unprotect, buffer, size);
    }
    std::size_t rtcp(std::span<std::uint8_t> buffer, std::size_t size) override {
        return run(encrypts_ ? srtp_protect_rtcp : identified_ ? unprotect_identified_rtcp : srtp_unprotect_rtcp, buffer, size);
    }

  private:
    std::size_t run(srtp_err_status_t (*function)(srtp_t, void*, int*), std::span<std::uint8_t> buffer, std::size_t size) {
        if (encrypts_ && buffer.size() < size + overhead) return 0;
        int length = static_cast<int>(size);
        return function(session_, buffer.data(), &length) == srtp_err_status_ok ? static_cast<std::size_t>(length) : 0;
    }
    static srtp_err_status_t unprotect_identified(srtp_t session, void* packet, int* size) { return srtp_unprotect_mki(session, packet, size, 1); }
    static srtp_err_status_t unprotect_identified_rtcp(srtp_t session, void* packet, int* size) {
        return srtp_unprotect_rtcp_mki(session, packet, size, 1);
    }
    Gate::Pass pass_;  // our code is needed for as long
    srtp_t session_;
    bool encrypts_, identified_;
};

class Srtp final : public SrtpService {
  public:
    explicit Srtp(Module& module) : module_(module) {}
    Result<std::shared_ptr<RtpCipher>> encryption(SrtpSuite suite, std::span<const std::uint8_t> key) override {
        return make(suite, key, {}, ssrc_any_outbound);
    }
    Result<std::shared_ptr<RtpCipher>> decryption(SrtpSuite suite, std::span<const std::uint8_t> key, std::span<const std::uint8_t> identifier) override {
        return make(suite, key, identifier, ssrc_any_inbound);
    }

  private:
    Result<std::shared_ptr<RtpCipher>> make(SrtpSuite suite, std::span<const std::uint8_t> key, std::span<const std::uint8_t> identifier,
                                            srtp_ssrc_type_t direction) {
        if (key.size() != key_size(suite)) return fail(ErrorCode::invalid, "an SRTP key of {} bytes does not fit its suite", key.size());
        std::vector<std::uint8_t> master(key.begin(), key.end());
        srtp_policy_t policy{};
        policies.at(static_cast<std::size_t>(suite)).rtp(&policy.rtp);
        policies.at(static_cast<std::size_t>(suite)).rtcp(&policy.rtcp);
        policy.ssrc.type = direction;
        std::vector<std::uint8_t> name(identifier.begin(), identifier.end());
        srtp_master_key_t named{master.data(), name.data(), static_cast<unsigned>(name.size())};
        std::array<srtp_master_key_t*, 1> keys{&named};
        if (name.size() > SRTP_MAX_MKI_LEN) return fail(ErrorCode::invalid, "an identifier of a key (MKI) of {} bytes is too long", name.size());
        if (name.empty())
            policy.key = master.data();
        else
            policy.keys = keys.data();
        policy.num_master_keys = name.empty() ? 0 : 1;
        policy.window_size = replay_window;
        policy.allow_repeat_tx = 1;  // a relayed packet that comes twice goes out twice
        srtp_t session = nullptr;
        if (const auto status = srtp_create(&session, &policy); status != srtp_err_status_ok)
            return fail(ErrorCode::unsupported, "libsrtp2 refuses the cipher suite (error {})", static_cast<int>(status));
        return std::make_shared<Cipher>(session, direction == ssrc_any_outbound, !name.empty(), module_.gate().hold());
    }
    Module& module_;
};

// Once for the process: the library is never shut down, since ciphers may outlive what asked for them. And it stays mapped
// when the module goes: Debian's is built on NSS, whose functions run at the end of each thread that has used it.
Result<void> start_library() {
    JF_TRY(keep_library(reinterpret_cast<const void*>(&srtp_init)));
    // bad_param: it has started already, for an earlier load of this module.
    if (const auto status = srtp_init(); status != srtp_err_status_ok && status != srtp_err_status_bad_param)
        return fail(ErrorCode::failed, "libsrtp2 does not start (error {})", static_cast<int>(status));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(offload(start_library));  // NSS tests itself for some 50 ms
    return module.provide<SrtpService>(module.own<Srtp>(module));
}

}  // namespace

JACKFIELD_MODULE("res_srtp", "Encrypted media (SRTP)", load)
