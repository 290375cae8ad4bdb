// DTLS 1.2 (RFC 6347) for keying media (RFC 5764): certificates with fingerprints, and an association without a socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

enum class FingerprintHash : std::uint8_t { sha1, sha256, sha384, sha512 };
// How a description names a certificate (RFC 8122 5).
struct Fingerprint {
    FingerprintHash hash = FingerprintHash::sha256;
    std::vector<std::uint8_t> bytes;
    bool operator==(const Fingerprint&) const = default;
};

// Files are in PEM form.
struct DtlsSettings {
    std::string certificate_file;  // empty: a certificate of its own is made (ECDSA P-256), which nobody has signed
    std::string key_file;          // empty: in certificate_file too
    std::string ca_file, ca_path;  // whom to trust, with verify_certificate
    std::string ciphers;           // OpenSSL's list; empty: its default
    bool verify_certificate = false;
    bool short_tag = false;        // SRTP_AES128_CM_SHA1_32 is preferred
    bool operator==(const DtlsSettings&) const = default;
};

// Immutable, shared by associations and threads. An association keeps the one that it began with.
class DtlsContext {
  public:
    // Blocks (files, making a key): on a pool thread. Errors: invalid, failed, with the file that is wrong.
    static Result<std::shared_ptr<const DtlsContext>> make(const DtlsSettings& settings);
    ~DtlsContext();
    DtlsContext(const DtlsContext&) = delete;
    DtlsContext& operator=(const DtlsContext&) = delete;

    Fingerprint fingerprint(FingerprintHash hash) const;  // of our certificate
    void* native() const { return native_; }              // OpenSSL's SSL_CTX

  private:
    DtlsContext() = default;
    Result<void> open(const DtlsSettings& settings);
    void* native_ = nullptr;
};

// One association. Belongs to one thread at a time; a handshake's signatures cost a millisecond, so not the control thread
// nor a media thread. Nothing waits: datagrams go in, and come out by `send`, each at most 1200 bytes.
class DtlsSession {
  public:
    enum class Role : std::uint8_t { client, server };
    enum class State : std::uint8_t { handshaking, connected, failed, closed };
    using Send = std::function<void(std::span<const std::uint8_t>)>;

    DtlsSession(std::shared_ptr<const DtlsContext> context, Role role, Send send);
    ~DtlsSession();
    DtlsSession(const DtlsSession&) = delete;
    DtlsSession& operator=(const DtlsSession&) = delete;

    State start();  // a client's first flight; a server waits for it
    State receive(std::span<const std::uint8_t> datagram);
    // Repeats the last flight when the time that timeout() told has passed.
    State timed_out();
    std::optional<std::chrono::microseconds> timeout() const;  // from now; none: nothing is waited for
    void close();  // tells the peer

    State state() const { return state_; }
    const std::string& error() const { return error_; }  // why it failed

    // Once connected.
    std::uint16_t srtp_profile() const;  // RFC 5764 4.1.2, RFC 7714 14.2; 0: none was agreed upon
    // RFC 5764 4.2: `size` bytes of both keys and salts.
    std::vector<std::uint8_t> srtp_keys(std::size_t size) const;
    bool peer_has(const Fingerprint& fingerprint) const;  // the certificate that the peer showed

  private:
    struct Method;
    State advance();
    State fail_with(std::string text);

    std::shared_ptr<const DtlsContext> context_;
    Send send_;
    std::span<const std::uint8_t> incoming_;
    void* native_ = nullptr;  // SSL
    State state_ = State::handshaking;
    std::string error_;
};

}  // namespace jackfield
