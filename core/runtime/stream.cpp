// Byte streams over TCP, TLS and UNIX sockets and over pipes, and the listeners that accept the former.
#include "core/runtime/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/descriptor.hpp"
#include "core/runtime/reactor.hpp"
#include "core/runtime/timer.hpp"
#include "core/runtime/tls_handshakes.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr auto kHandshakeTime = 10s;               // of a connection that a listener accepted
constexpr std::size_t kCompactAt = 64 * 1024;  // sent bytes at the front of a queue before it is moved together

class Flag final : public Waitable {
  public:
    ~Flag() override = default;
    bool ready() const override { return set_; }
    void set() {
        set_ = true;
        notify();
    }
    void clear() { set_ = false; }

  private:
    bool set_ = false;
};

// What is left of a call's time over several waits.
class Deadline {
  public:
    explicit Deadline(Timeout timeout) {
        if (timeout) end_ = Clock::now() + *timeout;
    }
    Timeout left() const {
        if (!end_) return {};
        return std::max<std::chrono::nanoseconds>(*end_ - Clock::now(), 0ns);
    }

  private:
    std::optional<Instant> end_;
};

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path))
        return fail(ErrorCode::invalid, "the path of a socket has 1 to {} bytes: \"{}\"", sizeof(address.sun_path) - 1,
                    path);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

void send_without_delay(int descriptor) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // each write is a whole message
}

}  // namespace

struct Stream::Private {
    Private(Descriptor socket, bool is_unix, std::unique_ptr<TlsSession> session = {})
        : descriptor(std::move(socket)),
          is_unix_socket(is_unix),
          tls(std::move(session)),
          watch(
              descriptor.get(),
              [this] {
                  watch.want_read(false);  // nobody may be reading: wake once, and leave the data to the kernel
                  readable.set();
              },
              [this] { flush(); }) {
        if (tls) tls->send_by([this](std::string_view bytes) { put_raw(bytes); });
    }
    Private(Descriptor reading, Descriptor writing)
        : Private(std::move(reading), false) {
        output = std::move(writing);
        output_watch.emplace(output.get(), std::move_only_function<void()>(), [this] { flush(); });
        over_pipes = true;
    }
    ~Private() {
        if (tls && !broken && !shut_wanted) tls->close();
    }

    std::size_t queued() const { return queue.size() - sent; }

    // Hands bytes to the kernel; how many it took. Breaks the stream on an error.
    std::size_t write_now(std::string_view bytes) {
        std::size_t written = 0;
        while (written < bytes.size() && !broken) {
            const ssize_t n = send_part(bytes.substr(written));
            if (n >= 0) {
                written += static_cast<std::size_t>(n);
            } else if (would_block(errno)) {
                break;
            } else {
                break_off();
            }
        }
        return written;
    }

    // With the descriptor to pass on, which belongs to the first byte that follows what was queued when it was given.
    ssize_t send_part(std::string_view bytes) {
        if (over_pipes) return ::write(output.get(), bytes.data(), bytes.size());
        if (!passed || pass_after != 0) {
            if (passed) bytes = bytes.substr(0, pass_after);
            const ssize_t n = ::send(descriptor.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n > 0 && passed) pass_after -= static_cast<std::size_t>(n);
            return n;
        }
        iovec part{const_cast<char*>(bytes.data()), bytes.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        const int number = passed.get();
        std::memcpy(CMSG_DATA(rights), &number, sizeof(number));
        const ssize_t n = sendmsg(descriptor.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) passed.reset();
        return n;
    }

    // Sends or queues all of it.
    void put(std::string_view bytes) {
        if (!tls) return put_raw(bytes);
        if (!tls->write(bytes)) break_off();
    }

    void put_raw(std::string_view bytes) {
        if (queued() == 0) bytes.remove_prefix(write_now(bytes));
        if (broken || bytes.empty()) return;
        if (sent >= kCompactAt) queue.erase(0, std::exchange(sent, 0));
        queue += bytes;
        want_write(true);
    }

    void want_write(bool wanted) {
        if (!over_pipes)
            watch.want_write(wanted);
        else if (output_watch)
            output_watch->want_write(wanted);
    }

    ssize_t receive_raw(std::span<char> into) {
        if (over_pipes) return ::read(descriptor.get(), into.data(), into.size());
        return recv(descriptor.get(), into.data(), into.size(), MSG_DONTWAIT);
    }

    void end_output() {
        if (!over_pipes) {
            ::shutdown(descriptor.get(), SHUT_WR);
            return;
        }
        output_watch.reset();
        output.reset();
    }

    void flush() {
        sent += write_now(std::string_view(queue).substr(sent));
        if (queued() != 0 && !broken) return;
        want_write(false);
        queue.clear();
        sent = 0;
        if (shut_wanted && !broken) end_output();
        drained.set();
    }

    void shut_down() {
        if (std::exchange(shut_wanted, true)) return;
        if (tls && !broken) tls->close();
        if (queued() == 0) end_output();
    }

    // What is there now: some bytes, 0 at the end, nothing when one has to wait.
    Result<std::optional<std::size_t>> receive(std::span<char> into) {
        if (tls) return receive_tls(into);
        const ssize_t n = receive_raw(into);
        if (n < 0 && would_block(errno)) return std::nullopt;
        if (n < 0) {
            const int error = errno;
            break_off();
            return system_failure("read", error);
        }
        ended |= n == 0;
        return static_cast<std::size_t>(n);
    }

    Result<std::optional<std::size_t>> receive_tls(std::span<char> into) {
        std::size_t size = 0;
        switch (tls->read(into, size)) {
            case TlsSession::Read::some: return size;
            case TlsSession::Read::nothing_yet: return std::nullopt;
            case TlsSession::Read::end: ended = true; return std::size_t{0};
            case TlsSession::Read::failed: break;
        }
        break_off();
        return fail(ErrorCode::failed, "read: {}", tls->error());
    }

    void break_off() {
        broken = true;
        queue.clear();
        sent = 0;
        drained.set();
        readable.set();
    }

    Descriptor descriptor;
    bool is_unix_socket;
    bool over_pipes = false;
    Descriptor output;    // of pipes
    std::unique_ptr<TlsSession> tls;  // what is queued is encrypted already
    bool broken = false;  // writing failed: the other side is gone
    bool ended = false;   // the other side has closed
    bool shut_wanted = false;
    Flag open;  // always ready: lets interruption be seen and others run although there is always data; or destroy us
    Flag readable;
    Flag drained;  // set while nothing is queued
    std::string queue;
    std::size_t sent = 0;  // bytes at the front of the queue that the kernel has
    std::size_t limit = 1024 * 1024;
    Descriptor passed;
    std::size_t pass_after = 0;
    DescriptorWatch watch;  // last, both: their functions use the rest
    std::optional<DescriptorWatch> output_watch;
};

Stream::Stream(std::unique_ptr<Private> made) : private_(std::move(made)) {
    private_->open.set();
    private_->drained.set();
}
Stream::~Stream() = default;

namespace {

// Waits until a connection that is under way has come about.
Result<void> finish_connect(int descriptor, Timeout timeout) {
    Flag writable;
    DescriptorWatch watch(descriptor, {}, [&] {
        watch.want_write(false);
        writable.set();
    });
    watch.want_write(true);
    JF_TRY(select({&writable}, timeout));
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return system_failure("connect", error);
    return {};
}

Result<Descriptor> connected_socket(int family, const sockaddr* to, socklen_t size, const SocketAddress& local,
                                    Timeout timeout) {
    Descriptor descriptor(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!descriptor) return system_failure("socket");
    if (local.valid() && ::bind(descriptor.get(), local.raw(), local.raw_size()) != 0)
        return system_failure(fmt::format("{} can't be bound", local.to_string()));
    if (::connect(descriptor.get(), to, size) != 0) {
        // EAGAIN of a UNIX socket: the listener's backlog is full.
        if (errno != EINPROGRESS) return system_failure("connect");
        JF_TRY(finish_connect(descriptor.get(), timeout));
    }
    return descriptor;
}

}  // namespace

namespace {

Result<Descriptor> connect_tcp(const SocketAddress& to, Timeout timeout, const SocketAddress& local) {
    auto descriptor = connected_socket(to.family(), to.raw(), to.raw_size(), local, timeout);
    if (!descriptor) {
        Error error = std::move(descriptor).error();
        if (error.code == ErrorCode::failed || error.code == ErrorCode::timeout)
            error.text = fmt::format("TCP {}: {}", to.to_string(), error.text.empty() ? "no answer" : error.text);
        return std::unexpected(std::move(error));
    }
    send_without_delay(descriptor->get());
    return descriptor;
}

// Waits for an I/O thread to do the handshake.
Result<TlsHandshakes::Secured> handshake(Descriptor descriptor, std::shared_ptr<const TlsContext> context,
                                         const std::string& name, Timeout timeout) {
    struct Answer {
        Latch there;
        Result<TlsHandshakes::Secured> value = fail(ErrorCode::failed);
    };
    const auto answer = std::make_shared<Answer>();  // it may outlive this wait
    TlsHandshakes::of_the_loop().start(std::move(descriptor), std::move(context), name, timeout.value_or(kHandshakeTime),
                                       [answer](Result<TlsHandshakes::Secured> value) {
                                           answer->value = std::move(value);
                                           answer->there.set();
                                       });
    JF_TRY(answer->there.wait());
    return std::move(answer->value);
}

}  // namespace

Result<std::unique_ptr<Stream>> Stream::connect(const SocketAddress& to, Timeout timeout, const SocketAddress& local) {
    Descriptor descriptor = JF_TRY(connect_tcp(to, timeout, local));
    return std::unique_ptr<Stream>(new Stream(std::make_unique<Private>(std::move(descriptor), false)));
}

Result<std::unique_ptr<Stream>> Stream::connect_tls(const SocketAddress& to, std::shared_ptr<const TlsContext> context,
                                                    const std::string& name, Timeout timeout, const SocketAddress& local) {
    const Deadline deadline(timeout);
    Descriptor descriptor = JF_TRY(connect_tcp(to, timeout, local));
    auto secured = handshake(std::move(descriptor), std::move(context), name, deadline.left());
    if (!secured) {
        Error error = std::move(secured).error();
        if (!error.text.empty()) error.text = fmt::format("TLS {}: {}", to.to_string(), error.text);
        return std::unexpected(std::move(error));
    }
    return std::unique_ptr<Stream>(
        new Stream(std::make_unique<Private>(std::move(secured->descriptor), false, std::move(secured->session))));
}

Result<std::unique_ptr<Stream>> Stream::start_tls(std::unique_ptr<Stream> plain, std::shared_ptr<const TlsContext> context,
                                                  const std::string& name, Timeout timeout) {
    if (plain->private_->tls || plain->private_->is_unix_socket || plain->private_->over_pipes || plain->queued() != 0)
        return fail(ErrorCode::invalid, "TLS starts on a TCP stream with nothing left to send");
    Descriptor descriptor(fcntl(plain->descriptor(), F_DUPFD_CLOEXEC, 0));
    plain.reset();
    auto secured = JF_TRY(handshake(std::move(descriptor), std::move(context), name, timeout));
    return std::unique_ptr<Stream>(
        new Stream(std::make_unique<Private>(std::move(secured.descriptor), false, std::move(secured.session))));
}

Result<std::unique_ptr<Stream>> Stream::connect_unix(const std::string& path, Timeout timeout) {
    const sockaddr_un address = JF_TRY(unix_address(path));
    auto descriptor =
        connected_socket(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address), {}, timeout);
    if (!descriptor) {
        Error error = std::move(descriptor).error();
        if (error.code == ErrorCode::failed) error.text = fmt::format("{}: {}", path, error.text);
        return std::unexpected(std::move(error));
    }
    return std::unique_ptr<Stream>(new Stream(std::make_unique<Private>(std::move(*descriptor), true)));
}

std::unique_ptr<Stream> Stream::of_pipes(int reading, int writing) {
    for (const int end : {reading, writing}) fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
    return std::unique_ptr<Stream>(new Stream(std::make_unique<Private>(Descriptor(reading), Descriptor(writing))));
}

Result<std::size_t> Stream::read(std::span<char> into, Timeout timeout, std::source_location where) {
    JF_TRY(select({&private_->open}, {}, where));
    const Deadline deadline(timeout);
    for (;;) {
        if (const auto size = JF_TRY(private_->receive(into))) return *size;
        private_->readable.clear();
        private_->watch.want_read(true);
        JF_TRY(select({&private_->readable}, deadline.left(), where));
    }
}

Result<void> Stream::write(std::string_view bytes, Timeout timeout, std::source_location where) {
    JF_TRY(select({&private_->open}, {}, where));
    const Deadline deadline(timeout);
    if (private_->broken) return fail(ErrorCode::closed, "the other side has closed the connection");
    private_->put(bytes);
    while (private_->queued() != 0) {
        private_->drained.clear();
        JF_TRY(select({&private_->drained}, deadline.left(), where));
    }
    if (private_->broken) return fail(ErrorCode::closed, "the other side has closed the connection");
    return {};
}

Result<void> Stream::send(std::string_view bytes) {
    if (private_->broken) return fail(ErrorCode::closed, "the other side has closed the connection");
    if (private_->queued() + bytes.size() > private_->limit)
        return fail(ErrorCode::limit, "{} bytes wait for the other side already", private_->queued());
    private_->put(bytes);
    if (private_->broken) return fail(ErrorCode::closed, "the other side has closed the connection");
    return {};
}

void Stream::set_queue_limit(std::size_t bytes) { private_->limit = bytes; }
std::size_t Stream::queued() const { return private_->queued(); }

void Stream::shut_down() { private_->shut_down(); }

bool Stream::closed() const { return private_->broken || private_->ended; }

namespace {

template <class F>
SocketAddress socket_name(F get_name, int descriptor) {
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    if (get_name(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
    return SocketAddress(reinterpret_cast<const sockaddr*>(&name));
}

}  // namespace

SocketAddress Stream::local() const { return socket_name(getsockname, private_->descriptor.get()); }
SocketAddress Stream::peer() const { return socket_name(getpeername, private_->descriptor.get()); }

std::optional<PeerCredentials> Stream::credentials() const {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (!private_->is_unix_socket ||
        getsockopt(private_->descriptor.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return {};
    return PeerCredentials{.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
}

const TlsPeer* Stream::tls_peer() const { return private_->tls ? &private_->tls->peer() : nullptr; }

int Stream::descriptor() const { return private_->descriptor.get(); }

void Stream::pass_descriptor_on_next_write(int descriptor) {
    private_->passed = Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    private_->pass_after = private_->queued();
}

struct Listener::Private : std::enable_shared_from_this<Private> {
    Private(Descriptor socket, bool is_unix, Acceptor function)
        : descriptor(std::move(socket)), is_unix_socket(is_unix), accept(std::move(function)) {}

    void listen_on() {
        watch.emplace(descriptor.get(), [this] { accept_waiting(); });
        watch->want_read(true);
    }

    // The acceptor may destroy the listener.
    void accept_waiting() {
        const auto self = shared_from_this();
        for (int i = 0; i < 64 && watch; ++i) {
            Descriptor accepted(accept4(descriptor.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (accepted) {
                if (!is_unix_socket) send_without_delay(accepted.get());
                take(std::move(accepted));
            } else {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) rest();
                return;
            }
        }
    }

    void take(Descriptor accepted) {
        if (!tls) {
            accept(std::unique_ptr<Stream>(
                new Stream(std::make_unique<Stream::Private>(std::move(accepted), is_unix_socket))));
            return;
        }
        TlsHandshakes::of_the_loop().start(std::move(accepted), tls, {}, kHandshakeTime, [weak = weak_from_this()](auto secured) {
            if (const auto self = weak.lock(); self && self->watch) self->take_secured(std::move(secured));
        });
    }

    void take_secured(Result<TlsHandshakes::Secured> secured) {
        if (!secured) {
            if (failures.allow(Clock::now()))
                log_notice("TLS {}: a connection failed: {} ({} more not shown)", name.to_string(), secured.error().text,
                           failures.taken());
            return;
        }
        auto stream = std::unique_ptr<Stream>(new Stream(
            std::make_unique<Stream::Private>(std::move(secured->descriptor), false, std::move(secured->session))));
        call_guarded("acceptor", gate, [&] { accept(std::move(stream)); });
    }

    // Out of descriptors: the connection stays in the backlog, so asking again at once would spin.
    void rest() {
        log_warning("connections wait: {}", std::generic_category().message(errno));
        watch->want_read(false);
        again.start(100ms);
    }

    void close() {
        watch.reset();
        again.stop();
        descriptor.reset();
        struct stat present {};
        // Only our own file: another process may have put its own in its place.
        if (!path.empty() && stat(path.c_str(), &present) == 0 && present.st_ino == inode) unlink(path.c_str());
    }

    Descriptor descriptor;
    bool is_unix_socket;
    Acceptor accept;
    std::shared_ptr<const TlsContext> tls;
    SocketAddress name;
    Gate* gate = running_gate();  // of the acceptor's module, for what comes from an I/O thread
    RateLimit failures{1s};
    std::string path;
    ino_t inode = 0;
    std::optional<DescriptorWatch> watch;
    Timer again{[this] {
        if (watch) watch->want_read(true);
    }};
};

Listener::Listener(std::shared_ptr<Private> made) : private_(std::move(made)) { private_->listen_on(); }
Listener::~Listener() { private_->close(); }

Result<std::unique_ptr<Listener>> Listener::bind(const SocketAddress& address, Acceptor accept, int backlog,
                                                 std::shared_ptr<const TlsContext> context) {
    Descriptor descriptor(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!descriptor) return system_failure("socket");
    const int on = 1;
    setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));  // connections of an earlier run linger
    if (address.is_v6()) setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (::bind(descriptor.get(), address.raw(), address.raw_size()) != 0 || listen(descriptor.get(), backlog) != 0) {
        const int error = errno;
        if (error == EADDRINUSE)
            return fail(ErrorCode::busy, "TCP {} is in use by another program", address.to_string());
        return system_failure(fmt::format("TCP {} can't be bound", address.to_string()), error);
    }
    auto state = std::make_shared<Private>(std::move(descriptor), false, std::move(accept));
    state->tls = std::move(context);
    state->name = address;
    return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

void Listener::set_tls(std::shared_ptr<const TlsContext> context) { private_->tls = std::move(context); }

namespace {

// True when somebody accepts connections there.
bool answers(const sockaddr_un& address) {
    const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
}

int bind_file(int descriptor, const sockaddr_un& address) {
    const mode_t before = umask(0177);  // nobody else may connect before chmod() below
    const int result = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int error = errno;
    umask(before);
    errno = error;
    return result;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::bind_unix(const std::string& path, mode_t mode, Acceptor accept) {
    const sockaddr_un address = JF_TRY(unix_address(path));
    Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!descriptor) return system_failure("socket");
    if (bind_file(descriptor.get(), address) != 0) {
        struct stat present {};
        if (errno != EADDRINUSE || stat(path.c_str(), &present) != 0) return system_failure(path);
        if (!S_ISSOCK(present.st_mode)) return fail(ErrorCode::exists, "{} is there and is not a socket", path);
        if (answers(address)) return fail(ErrorCode::busy, "another program listens on {}", path);
        if (unlink(path.c_str()) != 0 || bind_file(descriptor.get(), address) != 0) return system_failure(path);
    }
    struct stat made {};
    if (chmod(path.c_str(), mode) != 0 || stat(path.c_str(), &made) != 0 || listen(descriptor.get(), 128) != 0)
        return system_failure(path);
    auto state = std::make_shared<Private>(std::move(descriptor), true, std::move(accept));
    state->path = path;
    state->inode = made.st_ino;
    return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

SocketAddress Listener::local() const { return socket_name(getsockname, private_->descriptor.get()); }

}  // namespace jackfield
