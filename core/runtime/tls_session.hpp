// One TLS connection over a socket that does not block. Private.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/runtime/tls.hpp"

namespace jackfield {

// Handshakes on an I/O thread, then moves to the control thread. Never waits. Does not own the descriptor.
class TlsSession {
  public:
    // `name`: the server that a client wants, for SNI (not if it is an address) and, with verify_peer, for its certificate.
    TlsSession(std::shared_ptr<const TlsContext> context, int descriptor, const std::string& name);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    enum class Progress { done, wants_read, wants_write, failed };
    Progress handshake();
    const std::string& error() const { return error_; }  // of the latest failure

    // From now on what is to be sent goes to `sink`, which takes all of it.
    void send_by(std::function<void(std::string_view)> sink) { sink_ = std::move(sink); }

    enum class Read { some, nothing_yet, end, failed };
    Read read(std::span<char> into, std::size_t& size);
    bool write(std::string_view bytes);
    void close();  // tells the peer that no more follows
    const TlsPeer& peer() const { return peer_; }

  private:
    struct Method;
    void fail_with_openssl_text();
    void look_at_peer();

    std::shared_ptr<const TlsContext> context_;
    int descriptor_;
    void* native_ = nullptr;  // SSL
    std::function<void(std::string_view)> sink_;
    std::string error_;
    TlsPeer peer_;
};

}  // namespace jackfield
