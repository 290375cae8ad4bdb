// TLS (RFC 5246, RFC 8446) for Stream and Listener: what a side presents, what it accepts, and whom it talks to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

enum class TlsProtocol : std::uint8_t { tls1, tls1_1, tls1_2, tls1_3 };

// Files are in PEM form.
struct TlsSettings {
    enum class Role : std::uint8_t { server, client } role = Role::server;
    std::string certificate_file;  // ours, then those that signed it; a client may have none
    std::string key_file;          // its private key, without a pass phrase; empty: in certificate_file too
    std::string ca_file;           // whom to trust; with ca_path empty too: the system's list
    std::string ca_path;           // a folder of certificates under their hashes (`openssl rehash`)
    std::string ciphers;           // OpenSSL's list, colons between; names of TLS 1.3 (TLS_...) may be in it; empty: default
    TlsProtocol minimum = TlsProtocol::tls1_2;
    TlsProtocol maximum = TlsProtocol::tls1_3;
    bool verify_peer = false;      // client: the server's certificate and name; server: a certificate, if the client sends one
    bool require_peer = false;     // server, with verify_peer: who sends no certificate is refused
    bool prefer_own_ciphers = false;  // server: its order of ciphers decides
};

// Immutable, shared by connections and threads. A connection keeps the one that it began with, so that certificates can be
// exchanged while connections are open.
class TlsContext {
  public:
    // Reads the files; blocks, so off the control thread only. Errors: invalid and failed, with the file's name.
    static Result<std::shared_ptr<const TlsContext>> make(const TlsSettings& settings);
    // Waits: make() in the pool. Errors: those of make(), limit.
    static Result<std::shared_ptr<const TlsContext>> load(TlsSettings settings);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    const TlsSettings& settings() const { return settings_; }
    void* native() const { return native_; }  // OpenSSL's SSL_CTX

  private:
    explicit TlsContext(TlsSettings settings) : settings_(std::move(settings)) {}
    Result<void> open();
    Result<void> set_limits();
    Result<void> set_identity();
    Result<void> set_trust();

    TlsSettings settings_;
    void* native_ = nullptr;
};

// The other side of a connection, as the handshake showed it.
struct TlsPeer {
    std::string protocol;            // "TLSv1.3"
    std::string cipher;              // OpenSSL's name
    std::string server_name;         // that the client asked for (RFC 6066 3); may be empty
    bool has_certificate = false;
    bool verified = false;           // the certificate's signers are trusted; a client has checked the name too
    std::string subject;             // RFC 2253, e.g. "CN=pbx.example.com,O=Example"
    std::string common_name;         // the subject's last CN
    std::vector<std::string> names;  // subjectAltName: hosts, URIs and addresses, without a mark of their kind
};

}  // namespace jackfield
