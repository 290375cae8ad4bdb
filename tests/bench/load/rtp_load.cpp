// The other end of relayed calls, and the bare relay loop that they are compared with.
//   rtp_load send SECONDS < flows    each line "local-address local-port remote-address remote-port": 50 packets of G.711 a second
//   rtp_load relay SECONDS ADDRESS FIRST-PORT PAIRS    forwards between ports FIRST+4i and FIRST+4i+2 (epoll, recv, sendto)
// Prints one line of JSON: packets sent, received, and CPU seconds used.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in address(const std::string& host, int port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, host.c_str(), &made.sin_addr);
    return made;
}

int bound(const sockaddr_in& where) {
    const int made = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0 || ::bind(made, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        std::perror("rtp_load: bind");
        std::exit(2);
    }
    return made;
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void report(std::uint64_t sent, std::uint64_t received) {
    std::printf("{\"sent\": %llu, \"received\": %llu, \"cpu\": %.6f}\n", static_cast<unsigned long long>(sent),
                static_cast<unsigned long long>(received), cpu_seconds());
}

struct Flow {
    int socket;
    sockaddr_in remote;
    std::array<std::uint8_t, 172> packet{};
};

void number(std::array<std::uint8_t, 172>& packet, std::uint16_t sequence) {
    const std::uint32_t timestamp = sequence * 160u;
    packet[2] = static_cast<std::uint8_t>(sequence >> 8);
    packet[3] = static_cast<std::uint8_t>(sequence);
    for (int i = 0; i < 4; ++i) packet[4 + i] = static_cast<std::uint8_t>(timestamp >> (24 - 8 * i));
}

int send(double seconds) {
    std::vector<Flow> flows;
    std::string local, remote;
    int local_port = 0, remote_port = 0;
    while (std::cin >> local >> local_port >> remote >> remote_port) {
        Flow flow{bound(address(local, local_port)), address(remote, remote_port), {}};
        flow.packet[0] = 0x80;
        for (int i = 0; i < 4; ++i) flow.packet[8 + i] = static_cast<std::uint8_t>(local_port >> (8 * (i % 2)));
        for (std::size_t i = 12; i < flow.packet.size(); ++i) flow.packet[i] = static_cast<std::uint8_t>(i);
        flows.push_back(flow);
    }
    std::uint64_t sent = 0, received = 0;
    std::array<std::uint8_t, 2048> buffer;
    const auto drain = [&](Flow& flow) {
        while (::recv(flow.socket, buffer.data(), buffer.size(), 0) > 0) ++received;
    };
    const auto start = Clock::now();
    const auto turns = static_cast<std::uint16_t>(seconds * 50);
    for (std::uint16_t turn = 0; turn < turns; ++turn) {
        // The flows are spread over the 20 ms, in ten slices.
        for (int slice = 0; slice < 10; ++slice) {
            std::this_thread::sleep_until(start + std::chrono::milliseconds(20 * turn + 2 * slice));
            for (std::size_t i = static_cast<std::size_t>(slice); i < flows.size(); i += 10) {
                number(flows[i].packet, turn);
                sent += ::sendto(flows[i].socket, flows[i].packet.data(), flows[i].packet.size(), 0,
                                 reinterpret_cast<sockaddr*>(&flows[i].remote), sizeof flows[i].remote) > 0;
                drain(flows[i]);
            }
        }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    for (Flow& flow : flows) drain(flow);
    report(sent, received);
    return 0;
}

int relay(double seconds, const std::string& host, int first, int pairs) {
    struct End {
        int socket;
        End* other;
        sockaddr_in far{};  // learnt from what arrives
    };
    std::vector<End> ends(static_cast<std::size_t>(2 * pairs));
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < ends.size(); ++i) {
        ends[i].socket = bound(address(host, first + 2 * static_cast<int>(i)));
        ends[i].other = &ends[i ^ 1];
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &ends[i]}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, ends[i].socket, &event);
    }
    std::uint64_t sent = 0, received = 0;
    std::array<epoll_event, 256> events;
    std::array<std::uint8_t, 2048> buffer;
    const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < deadline) {
        const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 50);
        for (int i = 0; i < count; ++i) {
            End& end = *static_cast<End*>(events[static_cast<std::size_t>(i)].data.ptr);
            socklen_t size = sizeof end.far;
            const ssize_t got = ::recvfrom(end.socket, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&end.far), &size);
            if (got <= 0) continue;
            ++received;
            if (end.other->far.sin_port)
                sent += ::sendto(end.other->socket, buffer.data(), static_cast<std::size_t>(got), 0,
                                 reinterpret_cast<sockaddr*>(&end.other->far), sizeof end.other->far) > 0;
        }
    }
    report(sent, received);
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count == 3 && std::strcmp(words[1], "send") == 0) return send(std::atof(words[2]));
    if (count == 6 && std::strcmp(words[1], "relay") == 0) return relay(std::atof(words[2]), words[3], std::atoi(words[4]), std::atoi(words[5]));
    std::fprintf(stderr, "usage: rtp_load send SECONDS < flows | rtp_load relay SECONDS ADDRESS FIRST-PORT PAIRS\n");
    return 2;
}
