// The limit for call set-up: receives the 7 messages of one leg and sends them on to the other, unread: the system calls of the
// 14 messages of a call with two legs (epoll, recvfrom, sendto), and nothing else.
//   bare_sip ADDRESS[:PORT] CALLER[:PORT] CALLEE[:PORT]    until it is ended by a signal
#include <sys/epoll.h>

#include <array>
#include <cstdio>

#include "tests/bench/load/udp.hpp"

int main(int count, char** words) {
    if (count != 4) {
        std::fputs("bare_sip ADDRESS[:PORT] CALLER[:PORT] CALLEE[:PORT]\n", stderr);
        return 2;
    }
    const bench::UdpSocket socket(bench::parse_address(words[1], 5060));
    const std::array sides{bench::parse_address(words[2], 5060), bench::parse_address(words[3], 5060)};
    const std::uint64_t caller = bench::address_key(sides[0]);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, socket.descriptor(), &event);
    std::puts("ready");
    std::fflush(stdout);
    std::array<char, 65536> buffer;
    for (;;) {
        if (::epoll_wait(poll, &event, 1, -1) <= 0) continue;
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t got = ::recvfrom(socket.descriptor(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got <= 0) continue;
        const sockaddr_in& to = sides[bench::address_key(from) == caller ? 1 : 0];
        ::sendto(socket.descriptor(), buffer.data(), static_cast<std::size_t>(got), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
}
