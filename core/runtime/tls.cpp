// Making TLS contexts from files, with errors that name the file.
#include "core/runtime/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "core/base/log.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

SSL_CTX* as_context(void* native) { return static_cast<SSL_CTX*>(native); }

int version_number(TlsProtocol protocol) {
    constexpr std::array numbers{TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    return numbers.at(static_cast<std::size_t>(protocol));
}

// What OpenSSL says about the latest failure of this thread; forgets older ones.
std::string openssl_text() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : "unknown error";
}

Result<void> check_readable(const std::string& file) {
    const std::ifstream stream(file);
    if (!stream) return fail(ErrorCode::failed, "{}: {}", file, std::generic_category().message(errno));
    return {};
}

// Instead of OpenSSL's own, which asks for the pass phrase on the terminal and waits.
int no_pass_phrase(char*, int, int, void*) { return 0; }

void warn_of_its_dates(SSL_CTX* context, const std::string& file) {
    const X509* certificate = SSL_CTX_get0_certificate(context);
    if (certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        log_warning("{}: the certificate has expired", file);
    if (certificate && X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        log_warning("{}: the certificate is not valid yet", file);
}

// Puts OpenSSL's two lists of ciphers apart.
struct CipherLists {
    std::string until_1_2, from_1_3;
    explicit CipherLists(std::string_view all) {
        while (!all.empty()) {
            const std::size_t end = all.find(':');
            const std::string_view name = all.substr(0, end);
            all.remove_prefix(end == all.npos ? all.size() : end + 1);
            std::string& list = name.starts_with("TLS_") ? from_1_3 : until_1_2;
            list.append(list.empty() ? "" : ":").append(name);
        }
    }
};

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsSettings& settings) {
    const std::shared_ptr<TlsContext> context(new TlsContext(settings));
    JF_TRY(context->open());
    return context;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::load(TlsSettings settings) {
    return offload([&settings] { return make(settings); });
}

TlsContext::~TlsContext() { SSL_CTX_free(as_context(native_)); }

Result<void> TlsContext::open() {
    const bool server = settings_.role == TlsSettings::Role::server;
    native_ = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!native_) return fail(ErrorCode::failed, "TLS: {}", openssl_text());
    JF_TRY(set_limits());
    JF_TRY(set_identity());
    return set_trust();
}

Result<void> TlsContext::set_limits() {
    SSL_CTX* const context = as_context(native_);
    // A peer that ends without close_notify has ended: SIP, AMI and HTTP tell by themselves whether a message is whole.
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (settings_.prefer_own_ciphers) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);             // 34 KiB less for each idle connection
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);     // clients keep their tickets themselves
    SSL_CTX_set_dh_auto(context, 1);
    if (settings_.minimum > settings_.maximum)
        return fail(ErrorCode::invalid, "TLS: the least protocol version is above the highest");
    SSL_CTX_set_min_proto_version(context, version_number(settings_.minimum));
    SSL_CTX_set_max_proto_version(context, version_number(settings_.maximum));
    // Older versions sign with SHA-1, which OpenSSL 3 allows at this level only.
    if (settings_.minimum < TlsProtocol::tls1_2) SSL_CTX_set_security_level(context, 0);
    const CipherLists ciphers(settings_.ciphers);
    if ((!ciphers.until_1_2.empty() && SSL_CTX_set_cipher_list(context, ciphers.until_1_2.c_str()) != 1) ||
        (!ciphers.from_1_3.empty() && SSL_CTX_set_ciphersuites(context, ciphers.from_1_3.c_str()) != 1)) {
        ERR_clear_error();
        return fail(ErrorCode::invalid, "TLS: no cipher is named by \"{}\" (`openssl ciphers` lists them)", settings_.ciphers);
    }
    return {};
}

Result<void> TlsContext::set_identity() {
    SSL_CTX* const context = as_context(native_);
    const std::string& file = settings_.certificate_file;
    if (file.empty()) {
        if (settings_.role == TlsSettings::Role::server) return fail(ErrorCode::invalid, "a TLS server needs a certificate");
        return {};
    }
    const std::string& key = settings_.key_file.empty() ? file : settings_.key_file;
    JF_TRY(check_readable(file));
    JF_TRY(check_readable(key));
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
    if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1)
        return fail(ErrorCode::invalid, "{}: no certificate in PEM form is in it: {}", file, openssl_text());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        if (mismatch) {
            ERR_clear_error();
            return fail(ErrorCode::invalid, "{}: the private key does not belong to the certificate in {}", key, file);
        }
        return fail(ErrorCode::invalid, "{}: no private key in PEM form without a pass phrase is in it: {}", key, openssl_text());
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        ERR_clear_error();
        return fail(ErrorCode::invalid, "{}: the private key does not belong to the certificate in {}", key, file);
    }
    warn_of_its_dates(context, file);
    return {};
}

Result<void> TlsContext::set_trust() {
    SSL_CTX* const context = as_context(native_);
    const std::string& file = settings_.ca_file;
    const std::string& path = settings_.ca_path;
    if (!file.empty()) {
        JF_TRY(check_readable(file));
        if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
            return fail(ErrorCode::invalid, "{}: no certificate in PEM form is in it: {}", file, openssl_text());
        if (settings_.role == TlsSettings::Role::server)
            SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));  // tells clients which one to send
    }
    if (!path.empty() && SSL_CTX_load_verify_dir(context, path.c_str()) != 1)
        return fail(ErrorCode::invalid, "{}: not a folder of certificates: {}", path, openssl_text());
    if (file.empty() && path.empty() && settings_.verify_peer) SSL_CTX_set_default_verify_paths(context);
    if (!settings_.verify_peer) return {};
    const int required = settings_.require_peer ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
    constexpr std::string_view name = "jackfield";  // a server that verifies needs one to accept tickets
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(name.data()), name.size());
    return {};
}

}  // namespace jackfield
