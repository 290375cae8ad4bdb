// The header that a front puts before a connection's bytes (PROXY protocol, versions 1 and 2).
#include "channels/sip/stack/proxy_header.hpp"

#include <netinet/in.h>

#include <cstring>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};  // of version 2
constexpr std::string_view line_start = "PROXY ";
constexpr std::size_t most_line = 107;
constexpr std::size_t fixed_size = 16;

std::size_t size_of_rest(std::string_view fixed) {
    return static_cast<std::size_t>(static_cast<std::uint8_t>(fixed[14])) << 8 | static_cast<std::uint8_t>(fixed[15]);
}

template <class T>
T address_at(std::string_view bytes, std::size_t place) {
    T address;
    std::memcpy(&address, bytes.data() + place, sizeof address);
    return address;
}

}  // namespace

std::size_t ProxyHeaderReader::wanted() const {
    if (state_ != State::incomplete) return 0;
    if (buffer_.size() < signature.size()) return signature.size() - buffer_.size();
    if (buffer_.starts_with(line_start)) return buffer_.back() == '\r' ? 1 : 2;  // no more than its end can be
    if (buffer_.size() < fixed_size) return fixed_size - buffer_.size();
    return fixed_size + size_of_rest(buffer_) - buffer_.size();
}

ProxyHeaderReader::State ProxyHeaderReader::append(std::string_view bytes) {
    if (state_ != State::incomplete) return state_;
    if (bytes.size() > wanted()) return state_ = State::broken;
    buffer_ += bytes;
    const std::size_t known = std::min(buffer_.size(), line_start.size());
    if (std::string_view(buffer_).substr(0, known) == line_start.substr(0, known)) return state_ = read_line();
    const std::string_view start = std::string_view(buffer_).substr(0, signature.size());
    if (start != signature.substr(0, start.size())) return state_ = State::broken;
    return state_ = read_binary();
}

// "PROXY TCP4 192.0.2.1 198.51.100.1 56324 5061"
ProxyHeaderReader::State ProxyHeaderReader::read_line() {
    if (!buffer_.ends_with("\r\n")) return buffer_.size() < most_line && !buffer_.contains('\n') ? State::incomplete : State::broken;
    const std::string_view line = std::string_view(buffer_).substr(0, buffer_.size() - 2);
    const auto words = split(line, ' ');
    if (words.size() >= 2 && words[1] == "UNKNOWN") return State::done;
    if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return State::broken;
    const bool v6 = words[1] == "TCP6";
    const auto port = parse_number<std::uint16_t>(words[4]);
    const auto address = port ? SocketAddress::parse(v6 ? "[" + std::string(words[2]) + "]" : std::string(words[2]), *port) : fail(ErrorCode::invalid);
    if (!address || address->is_v6() != v6 || !parse_number<std::uint16_t>(words[5])) return State::broken;
    source_ = *address;
    return State::done;
}

ProxyHeaderReader::State ProxyHeaderReader::read_binary() {
    if (buffer_.size() < fixed_size) return State::incomplete;
    const auto version = static_cast<std::uint8_t>(buffer_[12]), family = static_cast<std::uint8_t>(buffer_[13]);
    const std::size_t whole = fixed_size + size_of_rest(buffer_);
    if (version >> 4 != 2 || (version & 15) > 1 || whole > most_bytes) return State::broken;
    if (buffer_.size() < whole) return State::incomplete;
    if ((version & 15) == 0) return State::done;  // LOCAL: the front looks whether we are there
    if (family == 0x11) {
        if (whole < fixed_size + 12) return State::broken;
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr = address_at<in_addr>(buffer_, fixed_size);
        from.sin_port = address_at<in_port_t>(buffer_, fixed_size + 8);
        source_ = SocketAddress(reinterpret_cast<const sockaddr*>(&from));
    } else if (family == 0x21) {
        if (whole < fixed_size + 36) return State::broken;
        sockaddr_in6 from{};
        from.sin6_family = AF_INET6;
        from.sin6_addr = address_at<in6_addr>(buffer_, fixed_size);
        from.sin6_port = address_at<in_port_t>(buffer_, fixed_size + 32);
        source_ = SocketAddress(reinterpret_cast<const sockaddr*>(&from));
    }
    return State::done;
}

}  // namespace jackfield::sip
