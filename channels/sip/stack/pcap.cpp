// Capture files as tcpdump and Wireshark read them (libpcap's format), of packets whose headers below UDP are made up.
#include "channels/sip/stack/pcap.hpp"

#include <array>
#include <cstring>

namespace jackfield::sip {
namespace {

constexpr std::size_t longest_payload = 65507, udp_header = 8, v4_header = 20, v6_header = 40;
constexpr std::uint32_t longest_packet = 262144;  // that a reader has to expect
constexpr unsigned time_to_live = 64;

// The file's own numbers are in the order of the machine, which the magic number tells; those of packets in network order.
void put_own(std::string& to, std::uint32_t value) { to.append(reinterpret_cast<const char*>(&value), 4); }
void put_own_16(std::string& to, std::uint16_t value) { to.append(reinterpret_cast<const char*>(&value), 2); }
void put_8(std::string& to, unsigned value) { to += static_cast<char>(value); }
void put_16(std::string& to, std::size_t value) {
    put_8(to, static_cast<unsigned>(value >> 8 & 0xff));
    put_8(to, static_cast<unsigned>(value & 0xff));
}

// An address in 16 bytes, an IPv4 one mapped (RFC 4291 2.5.5.2).
std::string bytes_16(const SocketAddress& address) {
    if (address.is_v6()) return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr), 16};
    std::string mapped(16, '\0');
    mapped[10] = mapped[11] = '\xff';
    std::memcpy(mapped.data() + 12, &reinterpret_cast<const sockaddr_in*>(address.raw())->sin_addr, 4);
    return mapped;
}

// RFC 1071, of bytes in pairs; an odd last one counts as if a 0 followed.
std::uint32_t add_up(std::uint32_t sum, std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]) << 8 | (i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0));
    return sum;
}
std::uint16_t checksum(std::uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::string pcap_file_header() {
    constexpr std::uint32_t magic = 0xa1b2c3d4, raw_ip = 101;  // LINKTYPE_RAW
    std::string text;
    put_own(text, magic);
    put_own_16(text, 2);  // version 2.4
    put_own_16(text, 4);
    put_own(text, 0);  // times are UTC, as exact as they are
    put_own(text, 0);
    put_own(text, longest_packet);
    put_own(text, raw_ip);
    return text;
}

void append_pcap_packet(std::string& to, WallTime time, const SocketAddress& source, const SocketAddress& destination, std::string_view payload) {
    payload = payload.substr(0, longest_payload);
    const bool v6 = source.is_v6() || destination.is_v6();
    const std::size_t datagram = udp_header + payload.size(), size = (v6 ? v6_header : v4_header) + datagram;
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    put_own(to, static_cast<std::uint32_t>(microseconds / 1'000'000));
    put_own(to, static_cast<std::uint32_t>(microseconds % 1'000'000));
    put_own(to, static_cast<std::uint32_t>(size));
    put_own(to, static_cast<std::uint32_t>(size));
    std::string addresses = bytes_16(source) + bytes_16(destination);
    if (v6) {
        put_8(to, 0x60);  // version, no traffic class, no flow
        to.append(3, '\0');
        put_16(to, datagram);
        put_8(to, IPPROTO_UDP);
        put_8(to, time_to_live);
        to += addresses;
    } else {
        addresses = addresses.substr(12, 4) + addresses.substr(28, 4);
        std::string header;
        put_8(header, 0x45);  // version, five words
        put_8(header, 0);
        put_16(header, size);
        put_16(header, 0);       // identification
        put_16(header, 0x4000);  // not to be fragmented
        put_8(header, time_to_live);
        put_8(header, IPPROTO_UDP);
        const std::uint16_t sum = checksum(add_up(add_up(0, header), addresses));
        put_16(header, sum);
        to += header + addresses;
    }
    std::string udp;
    put_16(udp, source.port());
    put_16(udp, destination.port());
    put_16(udp, datagram);
    // RFC 768, RFC 8200 8.1: over addresses, protocol and length as well; 0 is written as all ones.
    const std::uint32_t pseudo = add_up(static_cast<std::uint32_t>(IPPROTO_UDP + datagram), addresses);
    const std::uint16_t sum = checksum(add_up(add_up(pseudo, udp), payload));
    put_16(udp, sum ? sum : 0xffff);
    to += udp;
    to += payload;
}

}  // namespace jackfield::sip
