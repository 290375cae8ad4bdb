// One connection by unixODBC.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "modules/res_odbc/odbc.hpp"

namespace jackfield::odbc {

struct SessionSettings {
    std::string dsn, user, password;
    std::chrono::seconds connect_timeout{10}, query_timeout{10};  // as far as the driver keeps them
    bool operator==(const SessionSettings&) const = default;
};
// Blocks. Errors: closed, with the driver's words.
Result<std::unique_ptr<OdbcSession>> connect(const SessionSettings& settings);
// Whether there is an isolation level of that name.
bool is_isolation(std::string_view name);

}  // namespace jackfield::odbc
