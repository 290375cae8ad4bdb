// Header extensions of RTP packets (RFC 8285).
#include "modules/res_rtp/header_extension.hpp"

#include <algorithm>
#include <cstring>

#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {
namespace {

constexpr std::uint16_t short_heads = 0xbede, long_heads = 0x1000;  // RFC 8285 4.2, 4.3
constexpr std::size_t extension_head = 4;

}  // namespace

std::string_view find_extension(std::span<const std::uint8_t> packet, std::uint8_t number) {
    if (packet.size() < header_size || !(packet[0] & 0x10) || number == 0) return {};
    const std::size_t start = header_size + 4u * (packet[0] & 0x0f);
    if (start + extension_head > packet.size()) return {};
    const std::uint16_t profile = read_16(&packet[start]);
    const std::size_t end = start + extension_head + 4u * read_16(&packet[start + 2]);
    const bool is_long = (profile & 0xfff0) == long_heads;
    if (end > packet.size() || (profile != short_heads && !is_long)) return {};
    for (std::size_t at = start + extension_head; at < end;) {
        if (packet[at] == 0) {  // padding
            ++at;
            continue;
        }
        if (is_long && at + 1 >= end) return {};
        const std::uint8_t found = is_long ? packet[at] : packet[at] >> 4;
        const std::size_t size = is_long ? packet[at + 1] : (packet[at] & 0x0fu) + 1;
        if (!is_long && found > last_short_extension) return {};  // RFC 8285 4.2: what follows is not to be read
        at += is_long ? 2 : 1;
        if (at + size > end) return {};
        if (found == number) return {reinterpret_cast<const char*>(packet.data()) + at, size};
        at += size;
    }
    return {};
}

std::size_t insert_extension(std::span<std::uint8_t> buffer, std::size_t size, std::uint8_t number, std::string_view value) {
    if (number == 0 || number > last_short_extension || value.empty() || value.size() > longest_short_extension) return size;
    const std::size_t words = (1 + value.size() + 3) / 4;
    const std::size_t added = extension_head + 4 * words;
    if (size < header_size || (buffer[0] & 0x1f) != 0 || size + added > buffer.size()) return size;
    std::memmove(&buffer[header_size + added], &buffer[header_size], size - header_size);
    buffer[0] |= 0x10;
    std::uint8_t* const at = &buffer[header_size];
    std::fill_n(at, added, std::uint8_t{0});
    write_16(at, short_heads);
    write_16(at + 2, static_cast<std::uint16_t>(words));
    at[extension_head] = static_cast<std::uint8_t>(number << 4 | (value.size() - 1));
    std::memcpy(at + extension_head + 1, value.data(), value.size());
    return size + added;
}

}  // namespace jackfield::rtp
