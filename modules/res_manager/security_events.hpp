// Security events: those of manager clients are reported, and those of every interface sent to clients with the class `security`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/event_bus.hpp"
#include "core/runtime/security_event.hpp"
#include "modules/res_manager/session.hpp"

namespace jackfield::manager {

class Server;

struct SecurityReport {
    std::string_view name;              // "InvalidPassword"
    std::string account;
    SecurityEvent::Fields details;
    bool error = false;
};
// Reports what a session did. Never waits.
void report_security(const Session& session, SecurityReport report);
// Makes manager events of all security events while the subscriptions live.
std::vector<Subscription> watch_security(Server& server);

}  // namespace jackfield::manager
