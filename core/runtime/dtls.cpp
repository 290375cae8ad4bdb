// DTLS for keying media (RFC 5764), by OpenSSL over datagrams that others carry.
#include "core/runtime/dtls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/runtime/openssl_bio.hpp"

namespace jackfield {
namespace {

constexpr long datagram_size = 1200;  // what nearly every path carries
constexpr std::string_view exporter_label = "EXTRACTOR-dtls_srtp";
// Whatever a peer offers of these is taken in this order. The short tag is for those who ask for it.
constexpr const char* profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_32";
constexpr const char* profiles_short = "SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM";

SSL* dtls_of(void* native) { return static_cast<SSL*>(native); }
SSL_CTX* dtls_context_of(void* native) { return static_cast<SSL_CTX*>(native); }

std::string reason_of_openssl() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : "unknown error";
}

const EVP_MD* digest_of(FingerprintHash hash) {
    switch (hash) {
        case FingerprintHash::sha1: return EVP_sha1();
        case FingerprintHash::sha256: return EVP_sha256();
        case FingerprintHash::sha384: return EVP_sha384();
        case FingerprintHash::sha512: return EVP_sha512();
    }
    return EVP_sha256();
}

Fingerprint fingerprint_of(const X509* certificate, FingerprintHash hash) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    X509_digest(certificate, digest_of(hash), digest.data(), &size);
    return {hash, {digest.begin(), digest.begin() + size}};
}

// A description's fingerprint vouches for the certificate, whoever signed it (RFC 5763 5).
int accept_any_signer(int, X509_STORE_CTX*) { return 1; }

int no_phrase(char*, int, int, void*) { return 0; }

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

// RFC 8827 6.5: ECDSA over P-256. The name says nothing of who we are.
Result<void> make_certificate(SSL_CTX* context) {
    const std::unique_ptr<EVP_PKEY, FreeKey> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, FreeCertificate> certificate(X509_new());
    std::array<unsigned char, 8> serial;
    if (!key || !certificate || RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1)
        return fail(ErrorCode::failed, "no key for DTLS can be made: {}", reason_of_openssl());
    std::uint64_t number = 0;
    std::memcpy(&number, serial.data(), serial.size());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number >> 1);
    constexpr long day = 86400;
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);  // of peers whose clock is late
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10 * 365 * day);
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("jackfield"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), key.get());
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0 || SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return fail(ErrorCode::failed, "no certificate for DTLS can be made: {}", reason_of_openssl());
    return {};
}

Result<void> load_certificate(SSL_CTX* context, const DtlsSettings& settings) {
    const std::string& file = settings.certificate_file;
    const std::string& key = settings.key_file.empty() ? file : settings.key_file;
    SSL_CTX_set_default_passwd_cb(context, no_phrase);
    if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1)
        return fail(ErrorCode::invalid, "{}: no certificate in PEM form can be read there: {}", file, reason_of_openssl());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fail(ErrorCode::invalid, "{}: no private key without a pass phrase for the certificate in {} can be read there: {}", key, file,
                    reason_of_openssl());
    return {};
}

}  // namespace

// --- contexts -----------------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<const DtlsContext>> DtlsContext::make(const DtlsSettings& settings) {
    const std::shared_ptr<DtlsContext> context(new DtlsContext);
    JF_TRY(context->open(settings));
    return context;
}

DtlsContext::~DtlsContext() { SSL_CTX_free(dtls_context_of(native_)); }

Result<void> DtlsContext::open(const DtlsSettings& settings) {
    SSL_CTX* const context = SSL_CTX_new(DTLS_method());
    native_ = context;
    if (!context) return fail(ErrorCode::failed, "DTLS: {}", reason_of_openssl());
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    if (!settings.ciphers.empty() && SSL_CTX_set_cipher_list(context, settings.ciphers.c_str()) != 1)
        return fail(ErrorCode::invalid, "no cipher is named by \"{}\" (`openssl ciphers` lists them): {}", settings.ciphers, reason_of_openssl());
    if (SSL_CTX_set_tlsext_use_srtp(context, settings.short_tag ? profiles_short : profiles) != 0)  // 0: it worked
        return fail(ErrorCode::unsupported, "OpenSSL has no use_srtp: {}", reason_of_openssl());
    if (settings.certificate_file.empty())
        JF_TRY(make_certificate(context));
    else
        JF_TRY(load_certificate(context, settings));
    const int demand = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, demand, settings.verify_certificate ? nullptr : accept_any_signer);
    if (!settings.verify_certificate) return {};
    if (!settings.ca_file.empty() && SSL_CTX_load_verify_file(context, settings.ca_file.c_str()) != 1)
        return fail(ErrorCode::invalid, "{}: no certificate in PEM form can be read there: {}", settings.ca_file, reason_of_openssl());
    if (!settings.ca_path.empty() && SSL_CTX_load_verify_dir(context, settings.ca_path.c_str()) != 1)
        return fail(ErrorCode::invalid, "{}: not a folder of certificates: {}", settings.ca_path, reason_of_openssl());
    if (settings.ca_file.empty() && settings.ca_path.empty()) SSL_CTX_set_default_verify_paths(context);
    return {};
}

Fingerprint DtlsContext::fingerprint(FingerprintHash hash) const {
    return fingerprint_of(SSL_CTX_get0_certificate(dtls_context_of(native_)), hash);
}

// --- associations -------------------------------------------------------------------------------------------------------------

// OpenSSL's view of the datagrams: it reads the one that is being received, and each that it writes is sent.
struct DtlsSession::Method {
    static DtlsSession& session(BIO* bio) { return *static_cast<DtlsSession*>(BIO_get_data(bio)); }

    static int write(BIO* bio, const char* bytes, int size) {
        BIO_clear_retry_flags(bio);
        session(bio).send_({reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)});
        return size;
    }

    static int read(BIO* bio, char* into, int size) {
        BIO_clear_retry_flags(bio);
        auto& incoming = session(bio).incoming_;
        if (incoming.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const std::size_t taken = std::min(incoming.size(), static_cast<std::size_t>(size));
        std::memcpy(into, incoming.data(), taken);
        incoming = {};  // the rest of a datagram is lost, as with a socket
        return static_cast<int>(taken);
    }

    static long control(BIO*, int command, long, void*) {
        switch (command) {
            case BIO_CTRL_FLUSH:
            case BIO_CTRL_DUP: return 1;
            case BIO_CTRL_DGRAM_QUERY_MTU:
            case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return datagram_size;
            default: return 0;
        }
    }
};

DtlsSession::DtlsSession(std::shared_ptr<const DtlsContext> context, Role role, Send send)
    : context_(std::move(context)), send_(std::move(send)), native_(SSL_new(dtls_context_of(context_->native()))) {
    SSL* const ssl = dtls_of(native_);
    BIO* const bio = make_bio<Method>("jackfield datagrams", this);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, datagram_size);
    role == Role::server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl);
}

DtlsSession::~DtlsSession() { SSL_free(dtls_of(native_)); }

DtlsSession::State DtlsSession::fail_with(std::string text) {
    error_ = std::move(text);
    return state_ = State::failed;
}

DtlsSession::State DtlsSession::start() { return state_ == State::handshaking ? advance() : state_; }

DtlsSession::State DtlsSession::advance() {
    ERR_clear_error();
    const int result = SSL_do_handshake(dtls_of(native_));
    if (result == 1) {
        if (srtp_profile() == 0) return fail_with("the peer agrees to no SRTP profile");
        return state_ = State::connected;
    }
    if (SSL_get_error(dtls_of(native_), result) == SSL_ERROR_WANT_READ) return state_;
    std::string text = reason_of_openssl();
    if (const long verdict = SSL_get_verify_result(dtls_of(native_)); verdict != X509_V_OK)
        text.append(": ").append(X509_verify_cert_error_string(verdict));
    return fail_with(std::move(text));
}

DtlsSession::State DtlsSession::receive(std::span<const std::uint8_t> datagram) {
    if (state_ == State::failed || state_ == State::closed) return state_;
    incoming_ = datagram;
    if (state_ == State::handshaking) {
        advance();
        incoming_ = {};
        return state_;
    }
    // Nothing is expected any more but a repeated flight, which OpenSSL answers by itself, and the end.
    ERR_clear_error();
    std::array<char, 512> data;
    while (!incoming_.empty() || SSL_has_pending(dtls_of(native_))) {
        const int result = SSL_read(dtls_of(native_), data.data(), static_cast<int>(data.size()));
        if (result > 0) continue;
        if (SSL_get_error(dtls_of(native_), result) == SSL_ERROR_ZERO_RETURN) state_ = State::closed;
        break;
    }
    ERR_clear_error();
    incoming_ = {};
    return state_;
}

DtlsSession::State DtlsSession::timed_out() {
    if (state_ != State::handshaking) return state_;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(dtls_of(native_)) < 0) return fail_with("the peer does not answer");
    return state_;
}

std::optional<std::chrono::microseconds> DtlsSession::timeout() const {
    timeval left{};
    if (state_ != State::handshaking || DTLSv1_get_timeout(dtls_of(native_), &left) != 1) return {};
    return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

void DtlsSession::close() {
    if (state_ != State::connected) return;
    ERR_clear_error();
    SSL_shutdown(dtls_of(native_));
    ERR_clear_error();
    state_ = State::closed;
}

std::uint16_t DtlsSession::srtp_profile() const {
    const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(dtls_of(native_));
    return profile ? static_cast<std::uint16_t>(profile->id) : 0;
}

std::vector<std::uint8_t> DtlsSession::srtp_keys(std::size_t size) const {
    std::vector<std::uint8_t> keys(size);
    if (SSL_export_keying_material(dtls_of(native_), keys.data(), size, exporter_label.data(), exporter_label.size(), nullptr, 0, 0) != 1)
        keys.clear();
    return keys;
}

bool DtlsSession::peer_has(const Fingerprint& fingerprint) const {
    const X509* certificate = SSL_get0_peer_certificate(dtls_of(native_));
    return certificate && fingerprint_of(certificate, fingerprint.hash) == fingerprint;
}

}  // namespace jackfield
