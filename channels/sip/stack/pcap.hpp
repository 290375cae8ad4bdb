// Capture files as tcpdump and Wireshark read them (libpcap's format), of packets whose headers below UDP are made up. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/address.hpp"
#include "core/base/clock.hpp"

namespace jackfield::sip {

// What a file begins with: microseconds, packets that begin with an IP header.
std::string pcap_file_header();

// Adds one packet: UDP from `source` to `destination`, whatever it came by; of one family, else both are written as IPv6. What is
// beyond a datagram's 65,507 bytes is cut.
void append_pcap_packet(std::string& to, WallTime time, const SocketAddress& source, const SocketAddress& destination, std::string_view payload);

}  // namespace jackfield::sip
