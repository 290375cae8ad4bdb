// A blocking client of the control socket.
#include "core/console/console_client.hpp"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr auto hello_patience = 10s;  // a daemon that is busy starting answers late

Result<DaemonIdentity> parse_hello(std::string_view text) {
    const auto lines = split(text, '\n');
    if (lines.size() < 5) return fail(ErrorCode::invalid, "whoever listens there is no Jackfield daemon");
    const Halves numbers = split_once(lines[0], ' ');
    if (parse_number<int>(numbers.first) != console_protocol_version)
        return fail(ErrorCode::invalid, "the daemon ({}) speaks another console protocol; use its own program", lines[1]);
    return DaemonIdentity{parse_number<int>(numbers.second).value_or(0), std::string(lines[1]), std::string(lines[2]),
                          std::string(lines[3]), parse_number<int>(lines[4]).value_or(0)};
}

}  // namespace

ConsoleClient::ConsoleClient(ConsoleClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      reader_(std::move(other.reader_)),
      daemon_(std::move(other.daemon_)) {}

ConsoleClient& ConsoleClient::operator=(ConsoleClient&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(reader_, other.reader_);
    std::swap(daemon_, other.daemon_);
    return *this;
}

ConsoleClient::~ConsoleClient() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<ConsoleClient> ConsoleClient::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid, "the socket's path is longer than {} characters: {}",
                    sizeof address.sun_path - 1, path);
    path.copy(address.sun_path, path.size());
    ConsoleClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (client.descriptor_ < 0) return fail(ErrorCode::failed, "socket: {}", ::strerror(errno));
    if (::connect(client.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        return fail(error == EACCES || error == EPERM ? ErrorCode::refused : ErrorCode::not_found, "{}: {}", path,
                    ::strerror(error));
    }
    const auto hello = JF_TRY(client.receive(hello_patience));
    if (!hello) return fail(ErrorCode::timeout, "the daemon at {} does not answer", path);
    client.daemon_ = JF_TRY(parse_hello(hello->text));
    return client;
}

Result<void> ConsoleClient::send(FrameKind kind, std::string_view text) {
    const std::string frame = make_frame(kind, text);
    std::string_view left = frame;
    while (!left.empty()) {
        const ssize_t sent = ::send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return fail(ErrorCode::closed, "the connection to the daemon is gone");
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::optional<ConsoleFrame>> ConsoleClient::receive(std::optional<std::chrono::milliseconds> limit) {
    std::vector<char> bytes(64 * 1024);
    for (;;) {
        auto frame = JF_TRY(reader_.next());
        if (frame) return frame;
        pollfd waited{descriptor_, POLLIN, 0};
        const int ready = ::poll(&waited, 1, limit ? static_cast<int>(limit->count()) : -1);
        if (ready < 0 && errno != EINTR) return fail(ErrorCode::failed, "poll: {}", ::strerror(errno));
        if (ready == 0) return std::optional<ConsoleFrame>();
        if (ready < 0) continue;
        const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fail(ErrorCode::closed, "the connection to the daemon is gone");
        reader_.feed({bytes.data(), static_cast<std::size_t>(got)});
    }
}

}  // namespace jackfield
