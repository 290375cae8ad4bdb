// Identifiers: the process generation, unique ids of channels, and random tokens for protocols.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace jackfield {

// Eight lower-case letters and digits that differ between any two runs of the daemon on a machine: six from the start
// time in milliseconds, two random. Tags, branches and Call-IDs begin with it, so that a process which drains and the
// one that took over its sockets can tell their messages apart (DESIGN section 9). Constant while the process runs.
std::string_view process_generation();
// The generation that a tag, branch or Call-ID made by protocol_token() began with; empty when it has none.
std::string_view generation_of(std::string_view token);

// The next UNIQUEID: "<epoch seconds>.<counter>", with "<system name>-" before it when a system name is set. Never
// the same twice in a process. Any thread.
std::string new_unique_id();
// `systemname` of jackfield.conf, set once at start before other threads exist; empty: none.
void set_system_name(std::string name);
const std::string& system_name();

// The number in a channel's name ("SIP/6001-0000002a"): eight hex digits, counted up. Any thread.
std::string new_channel_suffix();

// From the kernel's generator (getrandom), so fit for secrets. May wait only before the kernel is seeded at boot.
void random_bytes(std::span<std::uint8_t> buffer);
std::uint64_t random_number(std::uint64_t below);  // 0 <= n < below, uniform; 0 when below is 0
std::string random_hex(std::size_t digits);        // 4 bits each, lower case
std::string random_alnum(std::size_t characters);  // letters of both cases and digits, 5.95 bits each

// A token for SIP tags, branches (put z9hG4bK before it) and Call-IDs: generation, then random characters.
std::string protocol_token(std::size_t random_characters = 16);

}  // namespace jackfield
