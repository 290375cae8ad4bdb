// Security events: who tried to log in and how it ended, for the `security` log level and AMI's clients.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/res_manager/session.hpp"

namespace jackfield::manager {

class Server;

struct SecurityReport {
    std::string_view name;              // "InvalidPassword"
    std::string account;
    std::vector<std::pair<std::string_view, std::string>> details;
    bool error = false;
};
// Writes the line to the log and publishes the event. Never waits.
void report_security(Server& server, const Session& session, const SecurityReport& report);

}  // namespace jackfield::manager
