// What c-ares' parsers do not tell of a DNS message (RFC 1035 section 4). Pure; private.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

namespace jackfield {

// The smallest TTL of the answer section; 0 for a message that is malformed or has no answer.
std::chrono::seconds shortest_time_to_live(std::span<const std::uint8_t> message);

}  // namespace jackfield
