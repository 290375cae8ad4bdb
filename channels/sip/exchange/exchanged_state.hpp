// What servers tell each other of devices and mailboxes by PUBLISH: bodies of the event packages asterisk-devicestate and
// asterisk-mwi, JSON objects. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield::sip {

struct ExchangedState {
    enum class Kind : std::uint8_t {
        device,
        mailbox,
        refresh,  // everything is to be told again
    } kind = Kind::refresh;
    std::string server;                // entity id of who tells, "00:11:22:33:44:55"
    std::string name;                  // "PJSIP/6001", "6001@default"
    std::string device_state;          // "INUSE"
    std::uint32_t fresh = 0, old = 0;  // messages
};

// Errors: invalid (no such object, members missing or longer than 200 characters).
Result<ExchangedState> parse_exchanged_state(std::string_view body);
std::string exchanged_state_body(const ExchangedState& state);

}  // namespace jackfield::sip
