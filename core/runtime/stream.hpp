// Byte streams of the control thread: TCP, TLS and UNIX sockets, and a program's pipes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

class TlsContext;  // core/runtime/tls.hpp
struct TlsPeer;

struct PeerCredentials {  // of the process at the other end of a UNIX socket (SO_PEERCRED)
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

class Stream {
  public:
    // Waits for the connection. Errors: timeout, failed with the system's text, interruption.
    static Result<std::unique_ptr<Stream>> connect(const SocketAddress& to, Timeout timeout,
                                                   const SocketAddress& local = {});
    static Result<std::unique_ptr<Stream>> connect_unix(const std::string& path, Timeout timeout);
    // Reads from one pipe and writes to another, and takes over both; shut_down() closes the one that it writes to.
    static std::unique_ptr<Stream> of_pipes(int reading, int writing);
    // The same, and waits for the TLS handshake, which an I/O thread does. `name`: the host that is wanted (SNI; with
    // verify_peer the certificate must bear it). Errors: as connect(); failed with what is wrong with the certificate.
    static Result<std::unique_ptr<Stream>> connect_tls(const SocketAddress& to, std::shared_ptr<const TlsContext> context,
                                                       const std::string& name, Timeout timeout,
                                                       const SocketAddress& local = {});
    // Waits: makes TLS of a TCP stream of which all has been read and written (STARTTLS and its like); which side we are,
    // the context tells. Errors: those of the handshake; the connection is closed then.
    static Result<std::unique_ptr<Stream>> start_tls(std::unique_ptr<Stream> plain, std::shared_ptr<const TlsContext> context,
                                                     const std::string& name, Timeout timeout);
    ~Stream();  // closes

    // Waits for at least one byte; 0 bytes: the other side has closed. Errors: timeout, failed, interruption.
    Result<std::size_t> read(std::span<char> into, Timeout timeout = {},
                             std::source_location where = std::source_location::current());
    // Waits until the kernel has taken all of it. Errors: closed, timeout, failed, interruption.
    Result<void> write(std::string_view bytes, Timeout timeout = {},
                       std::source_location where = std::source_location::current());
    // Never waits: queues what the kernel does not take. Errors: limit (the queue would pass `set_queue_limit`), closed.
    Result<void> send(std::string_view bytes);
    void set_queue_limit(std::size_t bytes);  // 1 MiB at first
    std::size_t queued() const;

    void shut_down();  // no more writing; the other side sees the end
    bool closed() const;
    SocketAddress local() const;
    SocketAddress peer() const;
    std::optional<PeerCredentials> credentials() const;
    const TlsPeer* tls_peer() const;  // null without TLS
    int descriptor() const;
    void pass_descriptor_on_next_write(int descriptor);  // UNIX sockets (SCM_RIGHTS)

  private:
    friend class Listener;
    struct Private;
    explicit Stream(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};

// Accepts connections; `accept` runs on the control thread, not on a fiber, and usually spawns one.
class Listener {
  public:
    using Acceptor = std::move_only_function<void(std::unique_ptr<Stream>)>;
    // With a context it is TLS that it accepts: `accept` gets connections after their handshakes, which I/O threads do in at
    // most 10 s each, 4,096 at once; then the oldest gives way. Failed ones are logged.
    static Result<std::unique_ptr<Listener>> bind(const SocketAddress& address, Acceptor accept, int backlog = 1024,
                                                  std::shared_ptr<const TlsContext> context = {});
    // For connections from now on (a renewed certificate); those that are open keep theirs. Not null, and only where bind()
    // was given one.
    void set_tls(std::shared_ptr<const TlsContext> context);
    // Replaces a stale socket file; mode as chmod.
    static Result<std::unique_ptr<Listener>> bind_unix(const std::string& path, mode_t mode, Acceptor accept);
    ~Listener();  // closes; removes the socket file
    SocketAddress local() const;

  private:
    struct Private;
    explicit Listener(std::shared_ptr<Private> made);
    std::shared_ptr<Private> private_;  // shared with the acceptor while it runs
};

}  // namespace jackfield
