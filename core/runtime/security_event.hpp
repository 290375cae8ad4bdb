// Security events: who tried to get in by which interface and how it ended, for the `security` log level and for subscribers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/address.hpp"

namespace jackfield {

// On the event bus. Names and fields are Asterisk's.
struct SecurityEvent {
    static constexpr std::string_view topic = "security";
    using Fields = std::vector<std::pair<std::string_view, std::string>>;

    std::string_view name;     // "InvalidPassword", "SuccessfulAuth"
    bool error = false;        // its severity; else it is for information
    std::string_view service;  // the interface: "AMI", "ARI", "SIP"
    std::string account, session;
    std::string_view transport = "TCP";  // "UDP", "TCP", "TLS", "WS", "WSS"
    SocketAddress local, remote;         // local may be without an address
    Fields details = {};                 // that this event has beside the common ones

    // All of them in Asterisk's order, from EventTV on. Pure but for the clock.
    Fields fields() const;
};

// Writes the line to the log and publishes the event. Never waits. Control thread.
void report_security(const SecurityEvent& event);

}  // namespace jackfield
