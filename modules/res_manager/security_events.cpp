// Security events of manager clients, and everybody's as manager events.
#include "modules/res_manager/security_events.hpp"

#include "modules/res_manager/server.hpp"

namespace jackfield::manager {

void report_security(const Session& session, SecurityReport report) {
    jackfield::report_security({.name = report.name, .error = report.error, .service = "AMI", .account = std::move(report.account),
                                .session = fmt::format("0x{:x}", session.id), .local = session.local, .remote = session.remote,
                                .details = std::move(report.details)});
}

std::vector<Subscription> watch_security(Server& server) {
    std::vector<Subscription> list;
    list.push_back(subscribe<SecurityEvent>([&server](const SecurityEvent& event) {
        ManagerFields fields;
        for (const auto& [key, value] : event.fields()) fields.add(key, value);
        server.publish(event.name, manager_class::security, fields);
    }));
    return list;
}

}  // namespace jackfield::manager
