// radiusclient.conf, and sending until a server confirms.
#include "modules/res_cdr/radius_client.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "core/base/strings.hpp"

namespace jackfield::radius {
namespace {

using namespace std::chrono_literals;

constexpr auto look_around = 50ms;  // how often `stopping` is looked at

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

struct Socket {
    int number = -1;
    ~Socket() {
        if (number >= 0) ::close(number);
    }
};

Result<Addresses> addresses_of(const std::string& host, const std::string& port) {
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_DGRAM;
    if (const int code = ::getaddrinfo(host.c_str(), port.empty() ? nullptr : port.c_str(), &wanted, &found))
        return fail(ErrorCode::not_found, "RADIUS server {}: {}", host, ::gai_strerror(code));
    return Addresses(found);
}

// "host", "host:port", "host:port:secret", "[2001:db8::1]:port".
ClientSettings::Server parse_server(std::string_view text) {
    ClientSettings::Server server{.host = {}, .port = "1813", .secret = {}};
    std::string_view rest;
    if (const auto close = text.find(']'); text.starts_with('[') && close != std::string_view::npos) {
        server.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        if (rest.starts_with(':')) rest.remove_prefix(1);
    } else {
        const Halves halves = split_once(text, ':');
        server.host = halves.first;
        rest = halves.second;
    }
    const Halves halves = split_once(rest, ':');
    if (!halves.first.empty()) server.port = halves.first;
    server.secret = halves.second;
    return server;
}

// Calls `take(first word, rest, line)` for each line that is none of comment.
template <class Take>
Result<void> read_words(const std::string& path, Take&& take) {
    std::ifstream file(path);
    if (!file) return fail(ErrorCode::failed, "can't read {}: {}", path, std::strerror(errno));
    std::string text;
    for (int line = 1; std::getline(file, text); ++line) {
        const std::string_view content = trim(std::string_view(text).substr(0, text.find('#')));
        if (content.empty()) continue;
        const auto blank = content.find_first_of(" \t");
        const auto rest = blank == std::string_view::npos ? std::string_view() : trim(content.substr(blank));
        JF_TRY(take(content.substr(0, blank), rest, line));
    }
    return {};
}

// Lines of "host secret", where host may be "host/client".
Result<void> find_secrets(const std::string& path, std::vector<ClientSettings::Server>& servers) {
    return read_words(path, [&](std::string_view host, std::string_view secret, int) -> Result<void> {
        for (auto& server : servers)
            if (server.secret.empty() && equals_ignoring_case(split_once(host, '/').first, server.host)) server.secret = secret;
        return {};
    });
}

}  // namespace

Result<ClientSettings> read_client_settings(const std::string& path) {
    ClientSettings settings;
    std::string secrets;
    JF_TRY(read_words(path, [&](std::string_view key, std::string_view value, int line) -> Result<void> {
        const auto number = parse_number<unsigned>(value);
        if (key == "acctserver") {
            for (const std::string_view server : split_list(value)) settings.servers.push_back(parse_server(server));
        } else if (key == "servers") {
            secrets = value;
        } else if (key == "bindaddr") {
            settings.bind_address = value == "*" ? "" : std::string(value);
        } else if (key == "radius_timeout" || key == "radius_retries") {
            if (!number || *number > 3600 || (*number == 0 && key == "radius_timeout"))
                return fail(ErrorCode::failed, "{}:{}: {}: a number is expected, not '{}'", path, line, key, value);
            if (key == "radius_timeout")
                settings.timeout = std::chrono::seconds(*number);
            else
                settings.retries = *number;
        }
        return {};
    }));
    if (settings.servers.empty()) return fail(ErrorCode::failed, "{}: there is no acctserver", path);
    if (!secrets.empty()) JF_TRY(find_secrets(secrets, settings.servers));
    for (const auto& server : settings.servers)
        if (server.secret.empty())
            return fail(ErrorCode::failed, "{}: the server {} has no secret: write '{} SECRET' into the file that `servers` names", path,
                        server.host, server.host);
    return settings;
}

Result<void> Client::send(const AccountingRequest& request, const std::atomic<bool>& stopping) {
    Result<void> answer = fail(ErrorCode::timeout, "there is no server");
    for (std::size_t i = 0; i < settings_.servers.size(); ++i) {
        const std::size_t place = (current_ + i) % settings_.servers.size();
        answer = ask(settings_.servers[place], request, stopping);
        if (answer) current_ = place;
        if (answer || answer.error().code == ErrorCode::cancelled) return answer;
    }
    return answer;
}

Result<void> Client::ask(const ClientSettings::Server& server, const AccountingRequest& request, const std::atomic<bool>& stopping) {
    const Addresses addresses = JF_TRY(addresses_of(server.host, server.port));
    const Socket socket{::socket(addresses->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!settings_.bind_address.empty()) {
        const Addresses own = JF_TRY(addresses_of(settings_.bind_address, {}));
        if (::bind(socket.number, own->ai_addr, own->ai_addrlen) != 0)
            return fail(ErrorCode::failed, "can't send from {}: {}", settings_.bind_address, std::strerror(errno));
    }
    // Connected, so that the kernel takes packets of the server alone.
    if (socket.number < 0 || ::connect(socket.number, addresses->ai_addr, addresses->ai_addrlen) != 0)
        return fail(ErrorCode::failed, "can't send to {}: {}", server.host, std::strerror(errno));
    const std::string packet = request.packet(++identifier_, server.secret);  // the same in each try: RFC 2866 2.1
    for (unsigned tried = 0; tried <= settings_.retries; ++tried) {
        const auto end = std::chrono::steady_clock::now() + settings_.timeout;
        (void)::send(socket.number, packet.data(), packet.size(), 0);
        while (std::chrono::steady_clock::now() < end) {
            if (stopping) return fail(ErrorCode::cancelled, "the daemon stops");
            pollfd ready{socket.number, POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(look_around.count())) <= 0) continue;
            std::array<char, 4096> bytes;
            const ssize_t got = ::recv(socket.number, bytes.data(), bytes.size(), 0);
            if (got > 0 && is_response({bytes.data(), static_cast<std::size_t>(got)}, packet, server.secret)) return {};
            if (got < 0) ::poll(nullptr, 0, static_cast<int>(look_around.count()));  // nobody listens there: ICMP says so at once
        }
    }
    return fail(ErrorCode::timeout, "RADIUS server {}:{} does not answer", server.host, server.port);
}

}  // namespace jackfield::radius
