// res_srtp - encrypted media (SRTP, RFC 3711), by libsrtp2.
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <type_traits>
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

struct Key {
    SrtpSuite suite;
    std::vector<std::uint8_t> master, identifier;
};

struct Deallocate {
    void operator()(srtp_t session) const { srtp_dealloc(session); }
};
using Session = std::unique_ptr<std::remove_pointer_t<srtp_t>, Deallocate>;

// Of any source, and of one that is known beforehand. The library makes its state for another source with that source's first good
// packet, and nothing for others.
Result<Session> open_session(Key& key, srtp_ssrc_type_t direction, std::optional<std::uint32_t> known) {
    srtp_policy_t policy{};
    policies.at(static_cast<std::size_t>(key.suite)).rtp(&policy.rtp);
    policies.at(static_cast<std::size_t>(key.suite)).rtcp(&policy.rtcp);
    policy.ssrc.type = direction;
    srtp_master_key_t named{key.master.data(), key.identifier.data(), static_cast<unsigned>(key.identifier.size())};
    std::array<srtp_master_key_t*, 1> keys{&named};
    if (key.identifier.empty())
        policy.key = key.master.data();
    else
        policy.keys = keys.data();
    policy.num_master_keys = key.identifier.empty() ? 0 : 1;
    policy.window_size = replay_window;
    policy.allow_repeat_tx = 1;  // a relayed packet that comes twice goes out twice
    srtp_policy_t one = policy;
    if (known) {
        one.ssrc = {ssrc_specific, *known};
        one.next = &policy;
    }
    srtp_t session = nullptr;
    if (const auto status = srtp_create(&session, &one); status != srtp_err_status_ok)
        return fail(ErrorCode::unsupported, "libsrtp2 refuses the cipher suite (error {})", static_cast<int>(status));
    return Session(session);
}

// One direction.
class Cipher final : public RtpCipher {
  public:
    // `key`: of a decryption, which may need it once more.
    Cipher(Session session, Key key, bool encrypts, Gate::Pass pass)
        : pass_(std::move(pass)), session_(std::move(session)), encrypts_(encrypts), identified_(!key.identifier.empty()), key_(std::move(key)) {}
    std::size_t rtp(std::span<std::uint8_t> buffer, std::size_t size) override {
        if (succession_) [[unlikely]]
            return decide(buffer, size);
        return run(session_.get(), buffer, size);
    }
    std::size_t rtcp(std::span<std::uint8_t> buffer, std::size_t size) override {
        return run(encrypts_ ? srtp_protect_rtcp : identified_ ? unprotect_identified_rtcp : srtp_unprotect_rtcp, session_.get(), buffer, size);
    }
    std::optional<std::uint32_t> roll_over(std::uint32_t ssrc) const override {
        std::uint32_t count = 0;
        if (srtp_get_stream_roc(session_.get(), ssrc, &count) != srtp_err_status_ok) return {};
        return count;
    }
    void expect(std::uint32_t ssrc, std::uint32_t roll_over) override { succession_ = std::make_unique<Succession>(ssrc, roll_over); }

  private:
    using Function = srtp_err_status_t (*)(srtp_t, void*, int*);
    // The roll-over counter of a sender that had another key before: it is 0, or as it was then, or has gone on by one meanwhile.
    struct Succession {
        Succession(std::uint32_t source, std::uint32_t count) : ssrc(source), roll_over(count) {}
        std::uint32_t ssrc, roll_over;
        unsigned tried = 0;
    };
    static constexpr unsigned most_tried = 128;  // packets; of the old key, too, some are still on their way

    std::size_t run(srtp_t session, std::span<std::uint8_t> buffer, std::size_t size) const {
        return run(encrypts_ ? srtp_protect : identified_ ? unprotect_identified : srtp_unprotect, session, buffer, size);
    }
    std::size_t run(Function function, srtp_t session, std::span<std::uint8_t> buffer, std::size_t size) const {
        if (encrypts_ && buffer.size() < size + overhead) return 0;
        int length = static_cast<int>(size);
        return function(session, buffer.data(), &length) == srtp_err_status_ok ? static_cast<std::size_t>(length) : 0;
    }
    // A packet that verifies settles it. AEAD suites decrypt in place before they know: each attempt begins with the packet as it came.
    std::size_t decide(std::span<std::uint8_t> buffer, std::size_t size) {
        constexpr std::size_t header_size = 12, largest = 2048;
        alignas(std::uint32_t) std::array<std::uint8_t, largest> copy;
        if (size < header_size || size > largest) return run(session_.get(), buffer, size);
        std::copy_n(buffer.begin(), size, copy.begin());
        const std::uint32_t ssrc = std::uint32_t{copy[8]} << 24 | std::uint32_t{copy[9]} << 16 | std::uint32_t{copy[10]} << 8 | copy[11];
        if (ssrc != succession_->ssrc) return run(session_.get(), buffer, size);
        if (const std::size_t plain = run(session_.get(), buffer, size)) {
            succession_.reset();
            return plain;
        }
        auto session = open_session(key_, ssrc_any_inbound, ssrc);
        for (const std::uint32_t count : {succession_->roll_over, succession_->roll_over + 1}) {
            if (!session || count == 0 || srtp_set_stream_roc(session->get(), ssrc, count) != srtp_err_status_ok) continue;
            std::copy_n(copy.begin(), size, buffer.begin());
            if (const std::size_t plain = run(session->get(), buffer, size)) {
                session_ = *std::move(session);
                succession_.reset();
                return plain;
            }
        }
        if (++succession_->tried == most_tried) succession_.reset();
        return 0;
    }
    static srtp_err_status_t unprotect_identified(srtp_t session, void* packet, int* size) { return srtp_unprotect_mki(session, packet, size, 1); }
    static srtp_err_status_t unprotect_identified_rtcp(srtp_t session, void* packet, int* size) {
        return srtp_unprotect_rtcp_mki(session, packet, size, 1);
    }
    Gate::Pass pass_;  // our code is needed for as long
    Session session_;
    bool encrypts_, identified_;
    Key key_;
    std::unique_ptr<Succession> succession_;  // until it is settled
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
        if (identifier.size() > SRTP_MAX_MKI_LEN) return fail(ErrorCode::invalid, "an identifier of a key (MKI) of {} bytes is too long", identifier.size());
        Key whole{suite, {key.begin(), key.end()}, {identifier.begin(), identifier.end()}};
        Session session = JF_TRY(open_session(whole, direction, {}));
        const bool encrypts = direction == ssrc_any_outbound;
        if (encrypts) whole = {suite, {}, {}};
        return std::make_shared<Cipher>(std::move(session), std::move(whole), encrypts, module_.gate().hold());
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
