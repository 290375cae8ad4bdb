// manager.conf: who may connect, from where, and what for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/strings.hpp"
#include "core/config/options.hpp"
#include "core/runtime/access_list.hpp"
#include "core/runtime/tls_options.hpp"
#include "modules/res_manager/event_filter.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

struct User {
    std::string name, secret;
    AccessList access;                          // deny, permit
    std::vector<std::string> acl;               // lists of acl.conf
    bool admits(const SocketAddress& address) const { return access.allows(address) && AccessLists::instance().allow(acl, address); }
    ManagerClasses read = manager_class::none, write = manager_class::none;
    EventFilter filter;
    bool display_connects = true, multiple_login = true;
    ManagerRequest::Fields channel_variables;   // setvar
};

struct Settings {
    bool enabled = false;
    std::uint16_t port = 5038;
    SocketAddress address;                      // of the listening socket, without the port
    TlsServerSettings tls;
    bool display_connects = true, timestamps = false, multiple_login = true, debug = false, broken_events_action = false;
    bool web_enabled = false;
    std::chrono::seconds login_time{30}, http_time{60};
    std::size_t login_limit = 50, session_limit = 1000, output_limit = 1024 * 1024, line_limit = 8192, lines_limit = 128;
    std::vector<std::string> channel_variables; // channelvars
    std::vector<std::string> disabled_events;
    std::map<std::string, std::shared_ptr<const User>, CaseInsensitiveLess> users;

    bool disables(std::string_view event) const {
        for (const std::string& each : disabled_events)
            if (equals_ignoring_case(each, event)) return true;
        return false;
    }
};

const Options<Settings>& general_options();
const Options<User>& user_options();
// Pure but for the certificates, which it reads: blocks, so in the pool.
Settings read_settings(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield::manager
