// RTP packets (RFC 3550 5.1) and telephone events (RFC 4733 2.3): pure functions over bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace jackfield::rtp {

struct Header {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
};
struct Packet {
    Header header;
    std::span<const std::uint8_t> payload;  // without padding
};
inline constexpr std::size_t header_size = 12;

inline std::uint16_t read_16(const std::uint8_t* bytes) { return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]); }
inline std::uint32_t read_32(const std::uint8_t* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}
inline void write_16(std::uint8_t* bytes, std::uint16_t value) {
    bytes[0] = static_cast<std::uint8_t>(value >> 8);
    bytes[1] = static_cast<std::uint8_t>(value);
}
inline void write_32(std::uint8_t* bytes, std::uint32_t value) {
    write_16(bytes, static_cast<std::uint16_t>(value >> 16));
    write_16(bytes + 2, static_cast<std::uint16_t>(value));
}

// Nothing when it is no RTP packet of version 2 or its lengths do not fit.
inline std::optional<Packet> parse(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < header_size || bytes[0] >> 6 != 2) return {};
    std::size_t start = header_size + 4u * (bytes[0] & 0x0f);
    std::size_t end = bytes.size();
    if (bytes[0] & 0x10) [[unlikely]] {  // header extension
        if (start + 4 > end) return {};
        start += 4 + 4u * read_16(&bytes[start + 2]);
    }
    if (start > end) return {};
    if (bytes[0] & 0x20) [[unlikely]] {  // padding
        const std::size_t padding = bytes[end - 1];
        if (padding == 0 || start + padding > end) return {};
        end -= padding;
    }
    return Packet{{static_cast<std::uint8_t>(bytes[1] & 0x7f), (bytes[1] & 0x80) != 0, read_16(&bytes[2]),
                   read_32(&bytes[4]), read_32(&bytes[8])},
                  bytes.subspan(start, end - start)};
}

// Writes header_size bytes.
inline void write(const Header& header, std::uint8_t* bytes) {
    bytes[0] = 2 << 6;
    bytes[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
    write_16(bytes + 2, header.sequence);
    write_32(bytes + 4, header.timestamp);
    write_32(bytes + 8, header.ssrc);
}

// Writes `type` into each block header of a redundant payload (RFC 2198 3) whose blocks all have one type, as those of T.140
// text have (RFC 4103 4).
inline void set_block_types(std::span<std::uint8_t> payload, std::uint8_t type) {
    for (std::size_t at = 0; at < payload.size(); at += 4) {
        const bool more = payload[at] & 0x80;
        payload[at] = static_cast<std::uint8_t>((more ? 0x80 : 0) | (type & 0x7f));
        if (!more) return;
    }
}

// On one port with RTP, a packet whose second byte is in this range is RTCP (RFC 5761 4).
inline bool is_rtcp(std::span<const std::uint8_t> bytes) {
    return bytes.size() >= 8 && bytes[0] >> 6 == 2 && bytes[1] >= 192 && bytes[1] <= 223;
}

struct TelephoneEvent {
    std::uint8_t event = 0;  // 0-15 digits, 16 hook flash, 36 fax CNG
    bool end = false;
    std::uint8_t volume = 10;    // -dBm0
    std::uint16_t duration = 0;  // in timestamp units
};
inline constexpr std::size_t event_size = 4;
inline std::optional<TelephoneEvent> parse_event(std::span<const std::uint8_t> payload) {
    if (payload.size() < event_size) return {};
    return TelephoneEvent{payload[0], (payload[1] & 0x80) != 0, static_cast<std::uint8_t>(payload[1] & 0x3f),
                          read_16(&payload[2])};
}
inline void write_event(const TelephoneEvent& event, std::uint8_t* bytes) {
    bytes[0] = event.event;
    bytes[1] = static_cast<std::uint8_t>((event.end ? 0x80 : 0) | (event.volume & 0x3f));
    write_16(bytes + 2, event.duration);
}
// The key of an event and back; 0 and nothing when there is none.
char key_of_event(std::uint8_t event);
std::optional<std::uint8_t> event_of_key(char key);

}  // namespace jackfield::rtp
