// Byte streams of the control thread: TCP and UNIX sockets (TLS comes in as another transport of the same class), and a
// program's pipes.
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
    static Result<std::unique_ptr<Listener>> bind(const SocketAddress& address, Acceptor accept, int backlog = 1024);
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
