// One TLS connection: OpenSSL over our own reading and writing of the socket.
#include "core/runtime/tls_session.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "core/runtime/openssl_bio.hpp"

namespace jackfield {
namespace {

SSL* as_ssl(void* native) { return static_cast<SSL*>(native); }

bool is_address(const std::string& name) {
    std::array<unsigned char, 16> bytes;
    return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

std::string text_of(BIO* memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    std::string text(bytes, static_cast<std::size_t>(std::max(size, 0L)));
    BIO_free(memory);
    return text;
}

std::string subject_of(const X509* certificate) {
    BIO* memory = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return text_of(memory);
}

std::string common_name_of(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    int last = -1;
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) last = at;
    if (last < 0) return {};
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
    std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
    OPENSSL_free(bytes);
    return name;
}

std::string alternative_name(const GENERAL_NAME& name) {
    if (name.type == GEN_DNS || name.type == GEN_URI || name.type == GEN_EMAIL) {
        const ASN1_IA5STRING* text = name.d.ia5;
        return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
    }
    if (name.type != GEN_IPADD) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(name.d.ip) == 16 ? AF_INET6 : AF_INET;
    if (family == AF_INET && ASN1_STRING_length(name.d.ip) != 4) return {};
    inet_ntop(family, ASN1_STRING_get0_data(name.d.ip), text.data(), text.size());
    return text.data();
}

std::vector<std::string> alternative_names_of(const X509* certificate) {
    std::vector<std::string> all;
    auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i)
        if (std::string name = alternative_name(*sk_GENERAL_NAME_value(names, i)); !name.empty()) all.push_back(std::move(name));
    GENERAL_NAMES_free(names);
    return all;
}

}  // namespace

// OpenSSL's view of our socket. Its own writes without MSG_NOSIGNAL, and can't hand what it has to our queue.
struct TlsSession::Method {
    static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

    static int write(BIO* bio, const char* bytes, int size) {
        BIO_clear_retry_flags(bio);
        TlsSession& self = session(bio);
        const std::string_view all(bytes, static_cast<std::size_t>(size));
        if (self.sink_) {
            self.sink_(all);
            return size;
        }
        const ssize_t sent = ::send(self.descriptor_, all.data(), all.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
        return static_cast<int>(sent);
    }

    static int read(BIO* bio, char* into, int size) {
        BIO_clear_retry_flags(bio);
        const ssize_t got = ::recv(session(bio).descriptor_, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
        if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        return static_cast<int>(got);
    }

    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
        return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
    }
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int descriptor, const std::string& name)
    : context_(std::move(context)), descriptor_(descriptor), native_(SSL_new(static_cast<SSL_CTX*>(context_->native()))) {
    SSL* const ssl = as_ssl(native_);
    BIO* const bio = make_bio<Method>("jackfield stream", this);
    SSL_set_bio(ssl, bio, bio);
    const bool server = context_->settings().role == TlsSettings::Role::server;
    server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl);
    if (server || name.empty()) return;
    if (is_address(name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl, name.c_str());
        SSL_set1_host(ssl, name.c_str());
    }
}

TlsSession::~TlsSession() { SSL_free(as_ssl(native_)); }

TlsSession::Progress TlsSession::handshake() {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(as_ssl(native_));
    if (result == 1) {
        look_at_peer();
        return Progress::done;
    }
    switch (SSL_get_error(as_ssl(native_), result)) {
        case SSL_ERROR_WANT_READ: return Progress::wants_read;
        case SSL_ERROR_WANT_WRITE: return Progress::wants_write;
        default: fail_with_openssl_text(); return Progress::failed;
    }
}

void TlsSession::fail_with_openssl_text() {
    const int system_error = errno;
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    error_ = reason ? reason : system_error != 0 ? std::generic_category().message(system_error) : "the other side has closed the connection";
    if (const long verdict = SSL_get_verify_result(as_ssl(native_)); verdict != X509_V_OK)
        error_.append(": ").append(X509_verify_cert_error_string(verdict));
    ERR_clear_error();
}

void TlsSession::look_at_peer() {
    const SSL* ssl = as_ssl(native_);
    peer_.protocol = SSL_get_version(ssl);
    peer_.cipher = SSL_get_cipher_name(ssl);
    if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) peer_.server_name = name;
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (!certificate) return;
    peer_.has_certificate = true;
    peer_.verified = context_->settings().verify_peer && SSL_get_verify_result(ssl) == X509_V_OK;
    peer_.subject = subject_of(certificate);
    peer_.common_name = common_name_of(certificate);
    peer_.names = alternative_names_of(certificate);
}

TlsSession::Read TlsSession::read(std::span<char> into, std::size_t& size) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_read_ex(as_ssl(native_), into.data(), into.size(), &size);
    if (result == 1) return Read::some;
    switch (SSL_get_error(as_ssl(native_), result)) {
        case SSL_ERROR_WANT_READ: return Read::nothing_yet;
        case SSL_ERROR_ZERO_RETURN: return Read::end;
        default: fail_with_openssl_text(); return Read::failed;
    }
}

bool TlsSession::write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t written = 0;
    if (bytes.empty() || SSL_write_ex(as_ssl(native_), bytes.data(), bytes.size(), &written) == 1) return true;
    fail_with_openssl_text();
    return false;
}

void TlsSession::close() {
    ERR_clear_error();
    if (SSL_is_init_finished(as_ssl(native_))) SSL_shutdown(as_ssl(native_));
    ERR_clear_error();
}

}  // namespace jackfield
