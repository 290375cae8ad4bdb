// Security events.
#include "modules/res_manager/security_events.hpp"

#include <fmt/chrono.h>

#include "core/base/log.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

std::string address_text(const SocketAddress& address) {
    return fmt::format("IPV{}/TCP/{}/{}", address.is_v6() ? 6 : 4, address.host(), address.port());
}

std::string time_text(WallTime at) {
    const auto since = at.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (since - seconds) / std::chrono::milliseconds(1));
}

// What stands between quotes in the log's line.
std::string escaped(std::string_view text) {
    std::string clean;
    for (const char c : text) clean += c == '"' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
    return clean;
}

}  // namespace

void report_security(Server& server, const Session& session, const SecurityReport& report) {
    std::vector<std::pair<std::string_view, std::string>> values{
        {"EventTV", time_text(wall_now())},
        {"Severity", report.error ? "Error" : "Informational"},
        {"Service", "AMI"},
        {"EventVersion", "1"},
        {"AccountID", report.account},
        {"SessionID", fmt::format("0x{:x}", session.id)},
        {"LocalAddress", address_text(session.local)},
        {"RemoteAddress", address_text(session.remote)},
    };
    values.insert(values.end(), report.details.begin(), report.details.end());
    std::string line = fmt::format("SecurityEvent=\"{}\"", report.name);
    ManagerFields fields;
    for (const auto& [key, value] : values) {
        line += fmt::format(",{}=\"{}\"", key, escaped(value));
        fields.add(key, value);
    }
    log_security("{}", line);
    server.publish(report.name, manager_class::security, fields);
}

}  // namespace jackfield::manager
