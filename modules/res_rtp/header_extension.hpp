// Header extensions of RTP packets (RFC 8285): pure functions over bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace jackfield::rtp {

inline constexpr std::uint8_t last_short_extension = 14;      // numbers of elements with a head of one byte begin with 1
inline constexpr std::size_t longest_short_extension = 16;    // bytes of their value
inline constexpr std::size_t largest_extension = 4 + 20;      // bytes that one of them adds to a packet

// The value of the element with that number, in heads of one byte or of two; empty when there is none, or no such packet.
std::string_view find_extension(std::span<const std::uint8_t> packet, std::uint8_t number);

// Puts an extension of one element behind the header of a packet that has none and is the first `size` bytes of `buffer`. Returns
// the new size; the old one, with nothing done, when number or value are out of range or there is no room.
std::size_t insert_extension(std::span<std::uint8_t> buffer, std::size_t size, std::uint8_t number, std::string_view value);

}  // namespace jackfield::rtp
