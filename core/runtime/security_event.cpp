// The text of security events.
#include "core/runtime/security_event.hpp"

#include <fmt/chrono.h>

#include <iterator>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

std::string security_address(std::string_view transport, const SocketAddress& address) {
    if (!address.valid()) return {};
    return fmt::format("IPV{}/{}/{}/{}", address.is_v6() ? 6 : 4, transport, address.host(), address.port());
}

std::string security_time(WallTime at) {
    const auto since = at.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (since - seconds) / std::chrono::milliseconds(1));
}

}  // namespace

SecurityEvent::Fields SecurityEvent::fields() const {
    Fields values{
        {"EventTV", security_time(wall_now())},
        {"Severity", error ? "Error" : "Informational"},
        {"Service", std::string(service)},
        {"EventVersion", "1"},
        {"AccountID", account},
        {"SessionID", session},
        {"LocalAddress", security_address(transport, local)},
        {"RemoteAddress", security_address(transport, remote)},
    };
    values.insert(values.end(), details.begin(), details.end());
    return values;
}

void report_security(const SecurityEvent& event) {
    std::string line = fmt::format("SecurityEvent=\"{}\"", event.name);
    for (const auto& [key, value] : event.fields()) {
        fmt::format_to(std::back_inserter(line), ",{}=\"", key);
        // What the network sent can't end the quotes or the line.
        for (const char c : value) line += c == '"' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
        line += '"';
    }
    log_security("{}", line);
    publish(event);
}

}  // namespace jackfield
