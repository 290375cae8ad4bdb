// The limit for relayed media: a loop of epoll, recvfrom and sendto with a socket per port, and nothing else.
//   bare_relay ADDRESS FIRST-PORT PAIRS    forwards between FIRST+4i and FIRST+4i+2 to where packets came from, until standard
// input ends; then one line of JSON.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct End {
    int socket;
    End* other;
    sockaddr_in far;  // learnt from what arrives
};

int bound(const char* host, int port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(port));
    const int made = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, host, &where.sin_addr) != 1 || ::bind(made, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) {
        std::perror("bare_relay: bind");
        std::exit(2);
    }
    return made;
}

}  // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::fputs("bare_relay ADDRESS FIRST-PORT PAIRS\n", stderr);
        return 2;
    }
    std::vector<End> ends(2 * std::strtoul(words[3], nullptr, 10));
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event over{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &over);
    for (std::size_t i = 0; i < ends.size(); ++i) {
        ends[i] = {bound(words[1], std::atoi(words[2]) + 2 * static_cast<int>(i)), &ends[i ^ 1], {}};
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &ends[i]}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, ends[i].socket, &event);
    }
    std::puts("ready");
    std::fflush(stdout);
    std::uint64_t sent = 0, received = 0;
    std::array<epoll_event, 256> events;
    std::array<std::uint8_t, 2048> buffer;
    for (;;) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            auto* end = static_cast<End*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (!end) {
                std::printf("{\"sent\": %llu, \"received\": %llu}\n", static_cast<unsigned long long>(sent), static_cast<unsigned long long>(received));
                return 0;
            }
            socklen_t size = sizeof end->far;
            const ssize_t got = ::recvfrom(end->socket, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&end->far), &size);
            if (got <= 0) continue;
            ++received;
            if (end->other->far.sin_port == 0) continue;
            sent += ::sendto(end->other->socket, buffer.data(), static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&end->other->far),
                             sizeof end->other->far) > 0;
        }
    }
}
